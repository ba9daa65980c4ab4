using System.Text;
using EGovPay.Providers.Simulator;
using EGovPay.Settlement.Payouts;
using EGovPay.Settlement.Statements;
using EGovPay.Tests.Payouts;
using FluentAssertions;
using NodaTime;
using Xunit;

namespace EGovPay.Tests.Providers.Simulator;

/// <summary>The bank that the demo is settled with: it books what our own files tell it, and its statements are read by our own readers.</summary>
public sealed class SimulatedBankTests
{
    private const string Account = "AZ36ACAB00000031000000000001";
    private static readonly LocalDate Day = new(2026, 11, 23);

    [Fact]
    public void An_order_is_executed_once_and_a_deposit_is_of_its_account()
    {
        var bank = new SimulatedBank(1);
        bank.Take(Pain001(5)).Should().Be(5);
        bank.Take(Pain001(5)).Should().Be(0, "the same file again");
        bank.Deposit("AZ1", 100, "demo 1", Day).Should().BeTrue();
        bank.Deposit("AZ2", 100, "demo 1", Day).Should().BeTrue();
        bank.Deposit("AZ1", 100, "demo 1", Day).Should().BeFalse();
        bank.Invoking(one => one.Take(new MemoryStream("no file"u8.ToArray()))).Should().Throw<System.Xml.XmlException>();
    }

    [Fact]
    public async Task Both_forms_say_the_same_bookings_under_the_same_references_and_what_is_planted_is_told()
    {
        var bank = new SimulatedBank(1);
        bank.Take(Pain001(5));
        bank.Deposit("AZ1", 700, "demo 1", Day);
        var plain = await ReadAsync(bank.Statement(Account, Day, Day.PlusDays(4), RegisterLies.None, mt940: false).Text);
        plain.Should().HaveCount(6);
        (await ReadAsync(bank.Statement(Account, Day, Day.PlusDays(4), RegisterLies.None, mt940: true).Text)).Should().Equal(plain);

        const RegisterLies all = RegisterLies.Missing | RegisterLies.Extra | RegisterLies.Changed;
        var (text, planted) = bank.Statement(Account, Day, Day.PlusDays(4), all, mt940: false);
        planted.Select(one => one.Kind).Should().Equal("MissingThere", "OverAmount", "Unidentified");
        var lying = await ReadAsync(text);
        lying.Should().HaveCount(6);
        plain.Except(lying).Should().HaveCount(2, "one is gone and one has another amount");
        lying.Except(plain).Should().HaveCount(2, "one has another amount and one is nobody's");
        (await ReadAsync(bank.Statement(Account, Day, Day.PlusDays(4), all, mt940: true).Text)).Should().Equal(lying);
    }

    private static MemoryStream Pain001(int orders)
    {
        var file = new MemoryStream();
        WritePain001.To(
            file, new Pain001Message("M1", Instant.FromUtc(2026, 11, 23, 8, 0), Pain001Edition.V9, PayoutLetters.Real, PayoutRemittance.Unstructured),
            [.. Enumerable.Range(1, orders).Select(i => Orders.Plain with { EndToEndId = $"E{i}", AmountQepik = 1_000 + i, ExecutionDay = Day })])
            .Should().BeEmpty();
        file.Position = 0;
        return file;
    }

    private static async Task<List<(string? Reference, long Minor)>> ReadAsync(string text)
    {
        var entries = new Entries();
        using var content = new MemoryStream(Encoding.UTF8.GetBytes(text));
        var reading = await ReadStatements.From(content, entries, TestContext.Current.CancellationToken);
        reading.Refusal.Should().BeNull();
        entries.Notes.Should().BeEmpty("its balances add up");
        return entries.All;
    }

    private sealed class Entries : IStatementSink
    {
        public List<(string? Reference, long Minor)> All { get; } = [];

        public List<StatementNote> Notes { get; } = [];

        public ValueTask Opened(StatementHead head) => ValueTask.CompletedTask;

        public ValueTask Entered(StatementEntry entry)
        {
            All.Add((entry.References.AccountServicer, entry.SignedMinor));
            return ValueTask.CompletedTask;
        }

        public ValueTask Closed(StatementFoot foot) => ValueTask.CompletedTask;

        public ValueTask Noted(StatementNote note)
        {
            Notes.Add(note);
            return ValueTask.CompletedTask;
        }
    }
}
