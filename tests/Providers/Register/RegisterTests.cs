using EGovPay.Processing.Dispatch;
using EGovPay.Processing.Payments;
using EGovPay.Providers.Register;
using FluentAssertions;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;
using Xunit;
using static EGovPay.Tests.Providers.SimulatedProviders;

namespace EGovPay.Tests.Providers.Register;

/// <summary>Files to receivers that have no online service, and what they send back.</summary>
public sealed class RegisterTests : IDisposable
{
    private static readonly Instant At = Instant.FromUtc(2026, 11, 22, 20, 30, 15);
    private readonly DirectoryInfo root = Directory.CreateTempSubdirectory("egovpay-registers-");

    private RegisterFolder Folder => new(root.FullName);

    public void Dispose() => root.Delete(recursive: true);

    [Fact]
    public async Task A_payment_to_a_receiver_of_files_is_confirmed_at_once_and_an_inquiry_makes_nothing_up()
    {
        await using var world = await StartAsync();
        var adapter = world.Adapters["istilik"];
        (await adapter.PayAsync(Delivery(1, "10023456"), CancellationToken.None)).Result.Should()
            .Be(DeliveryResult.Confirmed);
        (await adapter.AskAsync(Delivery(1, "10023456"), CancellationToken.None)).Result.Should()
            .Be(DeliveryResult.Confirmed);
        (await adapter.InquireAsync(Question(1, "10023456"), CancellationToken.None)).Should()
            .Be(new InquiryAnswer(InquiryResult.Found));
    }

    [Fact]
    public async Task The_tab_form_has_a_line_for_each_payment_in_the_providers_zone_and_a_total()
    {
        var written = await WriteAsync(RegisterForm.Tab, Line(1, "0012", 1_045), Line(2, "0013", 5));

        written.Path.Should().EndWith(Path.Combine("istilik", "out", "istilik-2026-11-23-C4.tsv"));
        (written.Count, written.AmountQepik, written.WasThere).Should().Be((2, 1_050L, false));
        (await File.ReadAllTextAsync(written.Path)).Should().Be(
            "1\t2026-11-23\t00:30:15\t0012\t10.45\n2\t2026-11-23\t00:30:15\t0013\t0.05\nTotal: 2 10.50\n");
        Directory.GetFiles(Path.GetDirectoryName(written.Path)!).Should().ContainSingle("no part is left");
    }

    [Fact]
    public async Task The_csv_form_has_control_totals_by_budget_level_and_code()
    {
        var written = await WriteAsync(RegisterForm.Csv,
            Line(1, "14,00", 100) with { BudgetLevel = "1", BudgetCode = "142330",
                Fields = [new FieldValue("voen", "1400057421")] },
            Line(2, "a\"b", 250) with { BudgetLevel = "1", BudgetCode = "111100" },
            Line(3, "12", 50) with { BudgetLevel = "1", BudgetCode = "142330" });

        (await File.ReadAllTextAsync(written.Path)).Should().Be(
            "H,istilik,2026-11-23,C4,Asia/Baku\n"
            + "L,1,2026-11-23,00:30:15,10401,\"14,00\",1.00,1,142330,voen=1400057421\n"
            + "L,2,2026-11-23,00:30:15,10401,\"a\"\"b\",2.50,1,111100,\n"
            + "L,3,2026-11-23,00:30:15,10401,12,0.50,1,142330,\n"
            + "T,1,111100,1,2.50\nT,1,142330,2,1.50\nZ,3,4.00\n");
    }

    [Fact]
    public async Task Written_again_it_is_the_same_file_and_one_that_differs_is_never_overwritten()
    {
        var first = await WriteAsync(RegisterForm.Tab, Line(1, "0012", 1_045));
        var again = await WriteAsync(RegisterForm.Tab, Line(1, "0012", 1_045));
        again.Should().Be(first with { WasThere = true });

        await FluentActions.Awaiting(() => WriteAsync(RegisterForm.Tab, Line(1, "0012", 1_046)))
            .Should().ThrowAsync<InvalidDataException>().WithMessage("*never changes*");
        (await File.ReadAllTextAsync(first.Path)).Should().Contain("10.45");
    }

    [Fact]
    public async Task A_number_that_is_there_twice_is_seen_and_no_file_is_left()
    {
        await FluentActions.Awaiting(() => WriteAsync(RegisterForm.Tab, Line(2, "0012", 5), Line(2, "0012", 5)))
            .Should().ThrowAsync<InvalidDataException>();
        await FluentActions.Awaiting(() => WriteAsync(RegisterForm.Tab, Line(2, "00\t12", 5)))
            .Should().ThrowAsync<InvalidDataException>();
        File.Exists(Folder.OutPath("istilik", "istilik-2026-11-23-C4.tsv")).Should().BeFalse();
        Folder.NotAcknowledged("istilik").Should().BeEmpty();
    }

    [Theory]
    [InlineData(RegisterForm.Tab)]
    [InlineData(RegisterForm.Csv)]
    public async Task A_register_is_handed_over_and_its_acknowledgement_rejects_what_the_receiver_does_not_know(
        RegisterForm form)
    {
        await using var world = await StartAsync();
        await WriteAsync(form, Line(1, "10023456", 1_045), Line(2, "10066601", 300), Line(3, "10023457", 20));
        using var handOver = new HandOverRegister(world.Simulator.Address, Folder, NullLogger.Instance);

        (await handOver.RunAsync(Heating, CancellationToken.None)).Should().Be(1);
        (await handOver.RunAsync(Heating, CancellationToken.None)).Should().Be(0, "it is acknowledged");

        var name = $"istilik-2026-11-23-C4.{(form == RegisterForm.Tab ? "tsv" : "csv")}";
        using var file = new StreamReader(Folder.AckPath("istilik", name));
        var acknowledgement = ReadAcknowledgement.Read(file);
        acknowledgement.Should().BeEquivalentTo(new Acknowledgement(
            [new(1, true, null), new(2, false, "account-not-found"), new(3, true, null)], 2, 1_065, 1, 300, null));
        (await world.CreditedAsync(1), await world.CreditedAsync(2), await world.CreditedAsync(3)).Should()
            .Be((1, 0, 1));
    }

    [Fact]
    public async Task A_register_that_is_handed_over_twice_is_credited_once()
    {
        await using var world = await StartAsync();
        var written = await WriteAsync(RegisterForm.Tab, Line(1, "10023456", 1_045));
        using var handOver = new HandOverRegister(world.Simulator.Address, Folder, NullLogger.Instance);
        await handOver.RunAsync(Heating, CancellationToken.None);
        File.Delete(Folder.AckPath("istilik", Path.GetFileName(written.Path)));
        (await handOver.RunAsync(Heating, CancellationToken.None)).Should().Be(1);
        (await world.CreditedAsync(1)).Should().Be(1);
    }

    [Fact]
    public async Task A_receiver_that_is_away_is_tried_again_and_a_file_whose_totals_do_not_fit_is_refused_whole()
    {
        var written = await WriteAsync(RegisterForm.Tab, Line(1, "10023456", 1_045));
        using (var away = new HandOverRegister(new Uri("http://127.0.0.1:1"), Folder, NullLogger.Instance))
        {
            (await away.RunAsync(Heating, CancellationToken.None)).Should().Be(0);
        }

        await File.WriteAllTextAsync(
            written.Path, (await File.ReadAllTextAsync(written.Path))
                .Replace("Total: 1 10.45", "Total: 1 10.46", StringComparison.Ordinal));
        await using var world = await StartAsync();
        using var handOver = new HandOverRegister(world.Simulator.Address, Folder, NullLogger.Instance);
        (await handOver.RunAsync(Heating, CancellationToken.None)).Should().Be(0);
        (await world.CreditedAsync(1)).Should().Be(0);
        Folder.NotAcknowledged("istilik").Should().Equal("istilik-2026-11-23-C4.tsv");
    }

    [Theory]
    [InlineData("", "total is missing")]
    [InlineData("1\taccepted\n", "total is missing")]
    [InlineData("1\taccepted\nTotal: 1 10.45\n", "total cannot be read")]
    [InlineData("1\taccepted\nTotal: 2 10.45 0 0\n", "does not count")]
    [InlineData("1\trejected\tno\nTotal: 0 0 0 0\n", "does not count")]
    [InlineData("1\taccepted\n1\taccepted\nTotal: 2 10.45 0 0\n", "line 2")]
    [InlineData("x\taccepted\nTotal: 1 10.45 0 0\n", "line 1")]
    [InlineData("1\trejected\nTotal: 0 0 1 10.45\n", "rejected with a reason")]
    [InlineData("1\tmaybe\nTotal: 1 10.45 0 0\n", "line 1")]
    [InlineData("Total: 0 0 0 0\n2\taccepted\n", "line 2")]
    public void An_acknowledgement_with_a_fault_says_nothing(string text, string fault)
    {
        var read = ReadAcknowledgement.Read(new StringReader(text));
        read.Good.Should().BeFalse();
        read.Fault.Should().Contain(fault);
        read.Lines.Should().BeEmpty();
    }

    [Fact]
    public void Accepted_lines_may_be_left_out() =>
        ReadAcknowledgement.Read(new StringReader("7\trejected\tclosed\nTotal: 3 10.45 1 2\n")).Should().BeEquivalentTo(
            new Acknowledgement([new(7, false, "closed")], 3, 1_045, 1, 200, null));

    [Theory]
    [InlineData("..", "a")]
    [InlineData("a", "../b")]
    [InlineData("a/b", "c")]
    [InlineData("a", "")]
    public void A_path_never_leaves_the_folder(string provider, string name) =>
        FluentActions.Invoking(() => Folder.OutPath(provider, name)).Should().Throw<ArgumentException>();

    private static RegisterLine Line(long number, string account, long amountQepik) =>
        new(number, 10401, account, [], amountQepik, At);

    private Task<WrittenRegister> WriteAsync(RegisterForm form, params RegisterLine[] lines) => WriteRegister.RunAsync(
        Folder, new RegisterOf("istilik", "C4", new LocalDate(2026, 11, 23), "Asia/Baku", form),
            lines.ToAsyncEnumerable(), CancellationToken.None);
}
