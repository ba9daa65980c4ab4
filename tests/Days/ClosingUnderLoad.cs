using EGovPay.Processing.Audit;
using EGovPay.Processing.Days;
using EGovPay.Processing.Journal;
using EGovPay.Processing.Ledger;
using EGovPay.Processing.StateMachine;
using EGovPay.Tests.Journal;
using EGovPay.Tests.PostgreSql;
using FluentAssertions;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace EGovPay.Tests.Days;

/// <summary>The day is closed again and again while two nodes write as fast as they can.</summary>
public sealed class ClosingUnderLoad(ITestOutputHelper output)
{
    private const int Agents = 24;
    private const int CallersOfANode = 300;
    private const int Closes = 20;

    [Fact]
    public async Task No_posting_slips_into_a_closed_day_and_the_closer_waits_a_second_at_most()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var first = await OpenBook.OnAsync(database, connections: 2);
        await using var second = await OpenBook.OnAsync(database);
        var funds = new AgentFunds(database.DataSource, first.Journal, first.Node);
        for (var agent = 16; agent <= 16 * Agents; agent += 16)
        {
            await first.AddAgentAsync(agent, 0);
            await funds.TopUpAsync(agent, 1, "deposit", 1_000_000_000, "test");
        }

        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var callers = Task.WhenAll(new[] { first, second }.SelectMany((book, node) =>
            Enumerable.Range(0, CallersOfANode).Select(caller => WorkAsync(book, $"{node}-{caller}", caller, stop.Token))));
        var days = new BusinessDays(database.DataSource, NullLogger<BusinessDays>.Instance);
        var waits = new List<double>();
        for (var close = 0; close < Closes; close++)
        {
            waits.Add((await days.CloseAsync())!.Waited.TotalMilliseconds);
        }

        await stop.CancelAsync();
        var paid = (await callers).Sum();
        output.WriteLine($"{paid} payments; the closer waited {waits.Max():F0} ms at most, {waits.Order().ElementAt(Closes / 2):F0} ms as a rule");
        waits.Should().OnlyContain(wait => wait <= 1_000);
        paid.Should().BeGreaterThan(Closes * 10);
        var report = await AuditBooks.RunAsync(database.DataSource, null, TestContext.Current.CancellationToken);
        report.Invariants.Where(i => i.Violations > 0).SelectMany(i => i.Offenders.Select(o => $"{i.Name}: {o}")).Should().BeEmpty();
        report.Payments.Should().Be(paid);
        (await database.AskAsync<long>("select count(distinct business_day) from transfer where step > 0")).Should().BePositive();
    }

    /// <summary>One payment after another, accepted and confirmed, without looking into the book.</summary>
    private static async Task<int> WorkAsync(OpenBook book, string name, int caller, CancellationToken stop)
    {
        var paid = 0;
        while (!stop.IsCancellationRequested)
        {
            var acceptance = await book.AcceptanceAsync($"{name}-{paid}", 100, 16 * (1 + (caller % Agents)));
            (await book.Journal.AcceptAsync(acceptance)).Verdict.Should().Be(AcceptVerdict.Entered);
            (await book.Journal.RecordAsync(new Happening
            {
                AgentId = acceptance.AgentId,
                Number = acceptance.Number,
                SeenStep = 0,
                SeenEdge = 2,
                Edge = Transitions.Find(PaymentState.Dispatched, PaymentEvent.ProviderConfirmed)!,
                NodeId = book.Node.Id,
            })).Done.Should().BeTrue();
            book.Node.Done(acceptance.Number);
            paid++;
        }

        return paid;
    }
}
