using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using EGovPay.Processing.Agents;
using EGovPay.Processing.Audit;
using EGovPay.Processing.Payments;
using EGovPay.Processing.Shifts;
using EGovPay.Processing.StateMachine;
using EGovPay.Tests.PostgreSql;
using EGovPay.Tests.Simulation;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.Days;

/// <summary>
/// A payment is taken back at one node while its shift, its day or both are closed at another, again and again: it stands in the
/// Z-report as reversed, with its cash to be returned, or it is to be returned after it. Never both, never neither.
/// <c>EGOVPAY_SEED=…</c> repeats a run's choices; what comes first is the machine's.
/// </summary>
public sealed class ReversingBesideCloses(ITestOutputHelper output)
{
    private const int Rounds = 60;
    private const long Deposit = 10_000_000;

    public static TheoryData<int> Seeds { get; } =
        new(1, int.TryParse(Environment.GetEnvironmentVariable("EGOVPAY_SEED"), CultureInfo.InvariantCulture, out var seed)
            ? seed
            : Random.Shared.Next());

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task A_reversal_is_in_the_z_report_or_to_be_returned_after_it(int seed)
    {
        await using var database = await TestDatabase.CreateAsync();
        var record = new ProvidersRecord(seed);
        await using var centre = new SimulatedCentre(database, record);
        await centre.AddNodeAsync();
        await centre.AddNodeAsync();
        var agent = await centre.AddAgentAsync("bank", Deposit);
        var races = new RacingCloses(database, centre, record, await centre.Nodes[0].TerminalAsync(agent), new Random(seed));

        for (var round = 0; round < Rounds; round++)
        {
            await races.RunAsync(round);
        }

        output.WriteLine($"seed {seed}: {races.InTheReport} in the Z-report, {races.WhileItWasAsked} asked before it and answered after it, "
            + $"{races.Later} asked after it, {races.Kept} kept, {races.ClosedDays} days closed");
        races.InTheReport.Should().BePositive();
        (races.WhileItWasAsked + races.Later).Should().BePositive();
        (await database.AskAsync<long>("select (credits_posted - debits_posted - debits_pending)::bigint from funds"))
            .Should().Be(Deposit - (Rounds * RacingCloses.Stays) - (races.Kept * RacingCloses.Back));
        await races.DaysStayAsync();
        var report = await AuditBooks.RunAsync(database.DataSource, null, TestContext.Current.CancellationToken);
        report.Invariants.Where(i => i.Violations > 0).SelectMany(i => i.Offenders.Select(o => $"{i.Name}: {o}")).Should().BeEmpty();
        record.Complaints.Should().BeEmpty();
    }
}

/// <summary>The rounds: what each one does, and what must be right after it.</summary>
internal sealed class RacingCloses(
    TestDatabase database, SimulatedCentre centre, ProvidersRecord record, Terminal terminal, Random random)
{
    public const long Back = 500;
    public const long Stays = 300;
    private const long Float = 1_000;

    /// <summary>What was posted into each closed day, as it was when the close returned.</summary>
    private readonly Dictionary<string, string> closedDays = [];

    /// <summary>How long the close waits, so that it meets the reversal: longer when it came too early, shorter when too late.</summary>
    private TimeSpan aim = TimeSpan.FromMilliseconds(5);

    public int InTheReport { get; private set; }

    public int WhileItWasAsked { get; private set; }

    public int Later { get; private set; }

    public int Kept { get; private set; }

    public int ClosedDays => closedDays.Count;

    /// <summary>One shift with two cash payments, of which one is wanted back while shift, day or both are closed.</summary>
    public async Task RunAsync(int round)
    {
        var (one, other) = (centre.Nodes[round % 2].Engine, centre.Nodes[(round + 1) % 2].Engine);
        (await one.Shifts.OpenAsync(terminal, "Aygün", Float)).Should().NotBeNull();
        var wanted = await PayAsync(one, round, "back", Back, random.Next(6) == 0 ? Lie.Declines : Lie.Honest);
        await PayAsync(one, round, "stays", Stays, Lie.Honest);
        var closesDay = round % 4 >= 2;

        var began = Stopwatch.GetTimestamp();
        var reversing = Task.Run(() => one.Reverse.ReverseAsync(terminal, wanted, "səhv hesab"));
        var closing = Task.Run(async () =>
        {
            await Task.Delay(aim);
            return round % 4 == 2 ? null : await other.Shifts.CloseAsync(terminal, Float);
        });
        var day = Task.Run(async () =>
        {
            await Task.Delay(aim);
            return closesDay ? await other.Days.CloseAsync() : null;
        });
        (await reversing).Payment!.State.Should().BeOneOf(PaymentState.Reversing, PaymentState.Reversed, PaymentState.Confirmed);
        var closed = await closing ?? await other.Shifts.CloseAsync(terminal, Float);
        if (await day is { } rolled)
        {
            var name = rolled.Closed.ToString("uuuu-MM-dd", CultureInfo.InvariantCulture);
            closedDays.Add(name, await PostedAsync(name));
        }

        var final = await other.Waiting.FinalAsync((await other.Book.FindAsync(wanted.AgentId, wanted.Reference))!, TimeSpan.FromSeconds(30));
        Aim(await JudgeAsync(closed!, final), Stopwatch.GetElapsedTime(began));
        await ReturnAsync(other, closed!, final);
    }

    /// <summary>No posting slipped into a day after its close, and its totals are what was posted.</summary>
    public async Task DaysStayAsync()
    {
        foreach (var (day, posted) in closedDays)
        {
            (await PostedAsync(day)).Should().Be(posted, "{0} is closed", day);
        }
    }

    private async Task<string> PostedAsync(string day) => (await database.AskAsync<string>(
        $"select count(*) || ' ' || coalesce(sum(amount_qepik), 0) from transfer where business_day::text = '{day}'"))!;

    /// <summary>Are the shift's figures right for what came first? Says whether the reversal ended before the close.</summary>
    private async Task<bool> JudgeAsync(Shift closed, Payment final)
    {
        var kept = final.State == PaymentState.Confirmed;
        final.State.Should().BeOneOf(PaymentState.Reversed, PaymentState.Confirmed);
        record.Entries[final.Number].Reversed.Should().Be(!kept);
        var ended = final.ReversalOutcomeAt < closed.ClosedAt;
        var asked = final.ReversalAskedAt < closed.ClosedAt;
        var figures = closed.Figures;
        figures.ExpectedCashQepik.Should().Be(Float + Back + Stays, "the payer's cash is in the drawer until it is given back");
        figures.NotFinal.Should().Equal(asked && !ended ? [final.Reference] : []);
        figures.Reversed.Should().Be(ended && !kept ? new ShiftReversed(1, Back) : new ShiftReversed(0, 0));
        figures.ToReturn.Should().Equal(ended && !kept ? [final.Reference] : []);
        figures.Totals.Sum(t => t.AmountQepik).Should().Be(ended && !kept ? Stays : Back + Stays);
        figures.Totals.Sum(t => t.Count).Should().Be(ended && !kept ? 1 : 2);
        (await database.AskAsync<long>($"select count(*) from cash_to_return where number = {final.Number}")).Should().Be(kept ? 0 : 1);
        Kept += kept ? 1 : 0;
        InTheReport += ended && !kept ? 1 : 0;
        WhileItWasAsked += asked && !ended ? 1 : 0;
        Later += asked ? 0 : 1;
        return ended;
    }

    /// <summary>The next shift gives the cash back, once, and the closed one stays as it was.</summary>
    private async Task ReturnAsync(Processing.Engine engine, Shift closed, Payment final)
    {
        var next = await engine.Shifts.OpenAsync(terminal, "Rəşad", Float);
        var owed = final.State == PaymentState.Reversed;
        next!.Figures.ToReturn.Should().Equal(owed ? [final.Reference] : []);
        var given = await Task.WhenAll(
            engine.Shifts.ReturnCashAsync(terminal, final, "Rəşad"), engine.Shifts.ReturnCashAsync(terminal, final, "Rəşad"));
        given.Should().OnlyContain(said => said == (owed ? CashReturn.Done : CashReturn.NotOwed));
        var figures = (await engine.Shifts.CloseAsync(terminal, Float))!.Figures;
        figures.ToReturn.Should().BeEmpty();
        figures.ExpectedCashQepik.Should().Be(owed ? Float - Back : Float);
        JsonSerializer.Serialize(await engine.Shifts.FindAsync(terminal, closed.Number))
            .Should().Be(JsonSerializer.Serialize(closed), "a closed shift never changes");
    }

    private void Aim(bool endedBefore, TimeSpan took)
    {
        var step = TimeSpan.FromMilliseconds(random.Next(1, 5));
        aim = endedBefore ? aim - step : aim + step;
        aim = aim < TimeSpan.Zero ? TimeSpan.Zero : aim > took ? took : aim;
    }

    private async Task<Payment> PayAsync(Processing.Engine engine, int round, string what, long amountQepik, Lie reversal)
    {
        var account = Enumerable.Range(round * 1_000, 100_000).Select(i => $"{i:D15}")
            .First(one => record.LieFor(one) == Lie.Honest && record.ReversalLieFor(one) == reversal);
        var paid = (await engine.Pay.PayAsync(
            terminal,
            new PaymentRequest
            {
                Reference = $"{what}-{round}",
                Service = "10101",
                Account = account,
                AmountQepik = amountQepik,
                TotalQepik = amountQepik,
                Tender = Tender.Cash,
            },
            TimeSpan.FromSeconds(15))).Payment!;
        paid.State.Should().Be(PaymentState.Confirmed);
        return paid;
    }
}
