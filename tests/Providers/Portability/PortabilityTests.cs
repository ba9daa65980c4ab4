using EGovPay.Providers.Portability;
using FluentAssertions;
using NodaTime;
using Xunit;

namespace EGovPay.Tests.Providers.Portability;

/// <summary>Which operator serves a mobile number.</summary>
public sealed class PortabilityTests
{
    private static readonly string[] Operators = ["azercell", "bakcell", "nar", "naxtel"];
    private static readonly LocalDate Today = new(2026, 11, 22);

    [Theory]
    [InlineData("502345678", "azercell")]
    [InlineData("512345678", "azercell")]
    [InlineData("102345678", "azercell")]
    [InlineData("552345678", "bakcell")]
    [InlineData("992345678", "bakcell")]
    [InlineData("702345678", "nar")]
    [InlineData("772345678", "nar")]
    [InlineData("602345678", "naxtel")]
    [InlineData("365541234", "naxtel")]
    [InlineData("365501234", null)]
    [InlineData("124123456", null)]
    [InlineData("50234567", null)]
    [InlineData("5023456789", null)]
    [InlineData("50234567a", null)]
    [InlineData("+50234567", null)]
    [InlineData("", null)]
    public void A_number_that_was_never_ported_goes_where_its_prefix_says(string number, string? expected) =>
        PortabilityTable.Empty.Route(number, Today).Should().Be(expected);

    [Fact]
    public void An_exact_number_beats_its_prefix_from_its_day_on_and_the_last_porting_counts()
    {
        var table = Read(
            "number,operator,from\n502345678,bakcell,2014-02-01\n+994502345678,nar,2020-05-01\n0502345678,azercell,2024-01-01\n502345679,nar,2014-02-01\n");

        table.Count.Should().Be(4);
        table.Route("502345678", new LocalDate(2014, 1, 31)).Should().Be("azercell", "not ported yet");
        table.Route("502345678", new LocalDate(2014, 2, 1)).Should().Be("bakcell");
        table.Route("502345678", new LocalDate(2020, 4, 30)).Should().Be("bakcell");
        table.Route("502345678", new LocalDate(2020, 5, 1)).Should().Be("nar");
        table.Route("502345678", Today).Should().Be("azercell", "it came home");
        table.Route("502345677", Today).Should().Be("azercell", "a neighbour is another number");
        table.Route("502345679", Today).Should().Be("nar");
        table.Route("502345680", Today).Should().Be("azercell");
        table.Route("502345678", new LocalDate(1999, 1, 1)).Should().Be("azercell");
    }

    [Fact]
    public void Each_fault_is_named_by_its_line_and_one_refuses_the_file_whole()
    {
        var import = Import(
            "502345678,bakcell,2014-02-01\n\n502345678,bakcell\n124123456,nar,2014-02-01\n5023,nar,2014-02-01\n"
            + "552345678,telefon,2014-02-01\n552345678,nar,01.02.2014\n552345678,nar,1999-12-31\n502345678,nar,2014-02-01\n");

        import.Table.Should().BeNull();
        import.Faults.Select(fault => fault.Line).Should().Equal(3, 4, 5, 6, 7, 8, 9);
        import.Faults[^1].What.Should().Contain("two operators").And.Contain("line 1");
    }

    [Fact]
    public void The_same_row_twice_says_nothing_new() =>
        Read("502345678,bakcell,2014-02-01\n502345678,bakcell,2014-02-01\n").Count.Should().Be(1);

    [Fact]
    public void A_hundred_thousand_ported_numbers_are_found_among_those_that_are_not()
    {
        var text = string.Concat(
            Enumerable.Range(0, 100_000)
                .Select(i => $"50{2_000_000 + (i * 7):0000000},{Operators[i % 4]},2015-01-01\n"));
        var table = Read(text);
        table.Count.Should().Be(100_000);
        for (var i = 0; i < 100_000; i += 999)
        {
            table.Route($"50{2_000_000 + (i * 7):0000000}", Today).Should().Be(Operators[i % 4]);
            table.Route($"50{2_000_001 + (i * 7):0000000}", Today).Should().Be("azercell");
        }
    }

    [Fact]
    public void A_file_is_put_in_force_while_payments_run_and_a_broken_one_changes_nothing()
    {
        var file = Path.GetTempFileName();
        var inForce = new PortabilityInForce();
        inForce.Route("502345678", Today).Should().Be("azercell");
        File.WriteAllText(file, "502345678,bakcell,2014-02-01\n");
        inForce.Load(file, Operators).Faults.Should().BeEmpty();
        inForce.Route("502345678", Today).Should().Be("bakcell");
        File.WriteAllText(file, "502345678,nar\n");
        inForce.Load(file, Operators).Faults.Should().ContainSingle();
        inForce.Route("502345678", Today).Should().Be("bakcell");
        File.Delete(file);
    }

    private static PortabilityTable Read(string text)
    {
        var import = Import(text);
        import.Faults.Should().BeEmpty();
        return import.Table!;
    }

    private static PortabilityImport Import(string text) => ImportPortability.Read(new StringReader(text), Operators);
}
