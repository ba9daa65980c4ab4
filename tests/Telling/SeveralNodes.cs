using System.Globalization;
using EGovPay.Processing.Payments;
using EGovPay.Processing.Telling;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.Telling;

/// <summary>Several nodes tell at once, some of them die, and much is to be told.</summary>
public sealed class SeveralNodes
{
    [Fact]
    public async Task Two_nodes_share_what_is_due_and_nothing_is_told_twice_while_both_live()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var centre = await TellingCentre.StartAsync();
        await centre.SubscribeAsync(receiver.Address);
        centre.Tell();
        centre.Tell();
        var payments = new List<Payment>();
        foreach (var some in Enumerable.Range(0, 80).Chunk(16))
        {
            payments.AddRange(await Task.WhenAll(some.Select(n => centre.PayAsync($"N-{n}"))));
        }

        await centre.UntilAsync("select count(*) from told where receiver > 0", 80);
        receiver.All.Select(one => one.Id).Should().OnlyHaveUniqueItems()
            .And.BeEquivalentTo(payments.Select(payment => $"evt_{payment.Number}_1"));
    }

    [Fact]
    public async Task What_a_dead_node_had_leased_is_told_by_another_after_the_lease_and_the_dead_ones_failure_no_longer_counts()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var centre = await TellingCentre.StartAsync();
        var id = await centre.SubscribeAsync(receiver.Address);
        await centre.PayAsync("N-1");
        await using var dead = new Deliveries(centre.Database.ConnectionString, default);
        (await dead.FanOutAsync(CancellationToken.None)).Should().Be(1);
        var leased = await dead.LeaseAsync([(id, 10)], CancellationToken.None);
        leased.Should().ContainSingle().Which.Attempts.Should().Be(1);
        (await centre.Engine.Deliveries.LeaseAsync([(id, 10)], CancellationToken.None)).Should().BeEmpty("it is leased");
        var left = await centre.Database.AskAsync<double>("select extract(epoch from next_at - now())::float8 from delivery");
        left.Should().BeInRange(10, Deliveries.LeaseSeconds);

        // The lease ends.
        await centre.Database.ExecuteAsync("update delivery set next_at = now()");
        var second = await centre.Engine.Deliveries.LeaseAsync([(id, 10)], CancellationToken.None);
        second.Should().ContainSingle().Which.Attempts.Should().Be(2);
        await dead.SettleAsync([new Attempted(leased[0], TellingOutcome.Dead, TimeSpan.Zero, "late")], CancellationToken.None);
        (await centre.Database.AskAsync<long>("select count(*) from delivery where dead_at is null and note is null")).Should().Be(1);
        await centre.Engine.Deliveries.SettleAsync(
            [new Attempted(second[0], TellingOutcome.Untried, TimeSpan.Zero, null)], CancellationToken.None);
        centre.Tell();
        await receiver.UntilAsync(heard => heard.Count == 1);
        await centre.UntilAsync("select attempts::bigint from told where receiver > 0", 2);
    }

    [Fact]
    public async Task A_node_that_is_stopped_gives_back_what_it_did_not_tell()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var centre = await TellingCentre.StartAsync();
        await centre.SubscribeAsync(receiver.Address);
        receiver.Answer = (context, _) => Task.Delay(Timeout.Infinite, context.RequestAborted);
        centre.Tell();
        await centre.PayAsync("N-1");
        await receiver.UntilAsync(heard => heard.Count == 1);
        await centre.StopTellingAsync();
        (await centre.Database.AskAsync<long>("select count(*) from delivery where attempts = 0 and next_at <= now()")).Should().Be(1);
    }

    [Fact]
    public async Task Under_load_and_beside_receivers_that_hang_everything_is_heard_within_thirty_seconds_of_its_event()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var hanging = await Receiver.StartAsync();
        await using var centre = await TellingCentre.StartAsync();
        hanging.Answer = (context, _) => Task.Delay(Timeout.Infinite, context.RequestAborted);
        receiver.Answer = (context, _) => Task.Delay(20, context.RequestAborted);
        await centre.SubscribeAsync(hanging.Address);
        await centre.SubscribeAsync(new Uri("http://127.0.0.1:1/"));
        var id = await centre.SubscribeAsync(receiver.Address);
        centre.Tell();
        centre.Tell();
        const int Payments = 600;
        using var slots = new SemaphoreSlim(48);
        await Task.WhenAll(Enumerable.Range(0, Payments).Select(async n =>
        {
            await slots.WaitAsync();
            await centre.PayAsync($"N-{n}");
            slots.Release();
        }));
        await receiver.UntilAsync(heard => heard.Count >= Payments, 60);
        await centre.UntilAsync($"select count(*) from told where receiver = {id}", Payments, 60);
        var worst = await centre.Database.AskAsync<double>(
            "select max(extract(epoch from t.at - e.at))::float8 from told t "
            + $"join event e on e.agent_id = t.agent_id and e.number = t.number and e.step = t.step where t.receiver = {id}");
        var median = await centre.Database.AskAsync<double>(
            "select percentile_cont(0.5) within group (order by extract(epoch from t.at - e.at))::float8 from told t "
            + $"join event e on e.agent_id = t.agent_id and e.number = t.number and e.step = t.step where t.receiver = {id}");
        TestContext.Current.SendDiagnosticMessage(
            string.Create(CultureInfo.InvariantCulture, $"{Payments} events: heard after {median:0.00} s at the median, {worst:0.00} s at most"));
        worst.Should().BeLessThan(30);
    }
}
