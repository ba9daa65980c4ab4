using EGovPay.Tests.Dispatch;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.Observing;

/// <summary>Each payment that is taken over is counted once, by the node that did it.</summary>
public sealed class CountingTakeOvers
{
    [Fact]
    public async Task What_two_nodes_take_over_at_the_same_moment_is_counted_once()
    {
        const int Payments = 30;
        using var heard = new Heard();
        await using var stage = await Stage.SetAsync();
        var dead = await stage.DeadNodeAsync();
        for (var i = 0; i < Payments; i++)
        {
            await stage.EnterAsync($"d{i}", claim: true, dead);
        }

        Task[] both;
        await using (await stage.HoldLaneAsync())
        {
            // Both have seen all of them, and their events wait for the lane.
            both = [stage.A.Engine.Recover.TakeOverAsync(CancellationToken.None), stage.B.Engine.Recover.TakeOverAsync(CancellationToken.None)];
            await UntilAsync(stage, Stage.WaitingForLanes, 2);
        }

        await Task.WhenAll(both);
        (await stage.Database.AskAsync<long>("select count(*) from event where edge = 12")).Should().Be(Payments);
        heard.Sum("egovpay.takeovers").Should().Be(Payments);
        heard.Spans.Count(span => span.OperationName == "take over").Should().Be(2 * Payments, "each node has tried each");
    }

    [Fact]
    public async Task What_was_never_sent_is_counted_when_it_is_claimed_and_what_finds_no_permit_is_not()
    {
        using var heard = new Heard();
        await using var stage = await Stage.SetAsync();
        var dead = await stage.DeadNodeAsync();
        for (var i = 0; i < 5; i++)
        {
            await stage.EnterAsync($"d{i}", claim: false, dead);
        }

        var gate = stage.A.Engine.Gates.Find("azerishiq")!;
        var permits = Enumerable.Range(0, gate.Settings.ConcurrencyLimit).Select(_ => gate.TryEnterPayment()!).ToList();
        (await stage.A.Engine.Recover.TakeOverAsync(CancellationToken.None)).Should().Be(0);
        heard.Sum("egovpay.takeovers").Should().Be(0);
        permits.ForEach(permit => permit.Dispose());
        (await stage.A.Engine.Recover.TakeOverAsync(CancellationToken.None)).Should().Be(5);
        await stage.A.Engine.Recover.TakeOverAsync(CancellationToken.None);
        heard.Sum("egovpay.takeovers").Should().Be(5, "the second look finds nothing more");
    }

    [Fact]
    public async Task What_was_taken_over_is_counted_though_the_look_fails_after_it()
    {
        using var heard = new Heard();
        await using var stage = await Stage.SetAsync();
        await stage.EnterAsync("d", claim: true, await stage.DeadNodeAsync());
        await stage.Database.ExecuteAsync(
            "create function say_no() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$; "
            + "create trigger say_no before update of recovered_at on node for each row "
            + "when (new.recovered_at is not null) execute function say_no()");
        await stage.A.Engine.Recover.TakeOverAsync(CancellationToken.None);
        heard.Sum("egovpay.takeovers").Should().Be(1);
    }

    private static async Task UntilAsync(Stage stage, string sql, long wanted)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (await stage.Database.AskAsync<long>(sql) != wanted)
        {
            TimeProvider.System.GetElapsedTime(began).TotalSeconds.Should().BeLessThan(30, sql);
            await Task.Delay(20);
        }
    }
}
