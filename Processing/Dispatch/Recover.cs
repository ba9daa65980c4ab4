using System.Collections.Concurrent;
using EGovPay.Processing.Journal;
using EGovPay.Processing.Observing;
using EGovPay.Processing.Payments;
using EGovPay.Processing.StateMachine;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace EGovPay.Processing.Dispatch;

/// <summary>
/// Takes over what a dead node had begun (and what this node itself lost sight of): what was never sent is claimed and sent, with a
/// permit of its provider; what was perhaps sent becomes Unknown once its claim has ended, many in one commit, and is asked about with
/// the same number. Sending goes on beside the next look, each node is looked at beside the others, and what fails waits longer each
/// time: neither a slow provider, nor a slow look, nor a payment that cannot be taken over keeps the others waiting.
/// </summary>
public sealed class Recover(
    IClusterTables cluster, Journal.Journal journal, IFindPayments book, Gates gates, Deliver deliver, Node node,
    TimeProvider time, ILogger<Recover> log)
{
    /// <summary>Payments taken over at once: a commit or two of the journal.</summary>
    private const int AtOnce = 500;
    private const int LongestWaitSeconds = 60;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Remembered = TimeSpan.FromMinutes(10);

    private readonly ConcurrentDictionary<long, Failure> failures = new();
    private readonly ConcurrentDictionary<long, Task> sending = new();

    private enum Outcome
    {
        /// <summary>It stays: its claim goes on, its provider has no room, or it failed.</summary>
        Left,

        /// <summary>It was taken over, or it was finished meanwhile.</summary>
        Taken,

        /// <summary>It is being sent; until that ends it counts as left.</summary>
        Begun,
    }

    /// <summary>Looks for dead nodes until stopped.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        // Looks under way, by the node looked at; this node's own number stands for what it lost sight of.
        var looking = new Dictionary<int, Task<int>>();
        while (!stop.IsCancellationRequested)
        {
            foreach (var (nodeId, look) in looking.Where(one => one.Value.IsCompleted).ToList())
            {
                looking.Remove(nodeId);
                await look;
            }

            await BeginLooksAsync(looking, stop);
            await time.PauseAsync(Pause, stop);
        }

        await Task.WhenAll(looking.Values);
    }

    /// <summary>One look, and the end of all that it began to send. Returns how many payments were taken over.</summary>
    internal async Task<int> TakeOverAsync(CancellationToken stop)
    {
        var looking = new Dictionary<int, Task<int>>();
        await BeginLooksAsync(looking, stop);
        var taken = await Task.WhenAll(looking.Values);
        await Task.WhenAll(sending.Values);
        return taken.Sum();
    }

    /// <summary>Where the look before has not ended, there is no second one.</summary>
    private async Task BeginLooksAsync(Dictionary<int, Task<int>> looking, CancellationToken stop)
    {
        try
        {
            Begin(looking, node.Id, () => LookForOwnAsync(stop));
            foreach (var seen in await cluster.NodesAsync(node.Id, stop))
            {
                if (seen.LeaseEnded)
                {
                    Begin(looking, seen.NodeId, () => LookForAsync(seen.NodeId, stop));
                }
            }
        }
        catch (Exception failure) when (failure is NpgsqlException or TimeoutException)
        {
            Log.BackgroundFailed(log, failure, "taking over from dead nodes");
        }

        ForgetFailures();
    }

    private void Begin(Dictionary<int, Task<int>> looking, int nodeId, Func<Task<int>> look)
    {
        if (!looking.ContainsKey(nodeId))
        {
            looking[nodeId] = LookAsync(look);
        }
    }

    private async Task<int> LookAsync(Func<Task<int>> look)
    {
        try
        {
            var taken = await look();
            if (taken > 0)
            {
                Log.TakenOver(log, taken);
            }

            return taken;
        }
        catch (Exception failure) when (failure is NpgsqlException or TimeoutException)
        {
            Log.BackgroundFailed(log, failure, "taking over from a dead node");
            return 0;
        }
    }

    /// <summary>
    /// What this node lost sight of, by its number: it need not have begun it, and then no look at a dead node would show it.
    /// </summary>
    private async Task<int> LookForOwnAsync(CancellationToken stop)
    {
        var outOfSight = node.Lost;
        if (outOfSight.Count == 0)
        {
            return 0;
        }

        var found = await cluster.UnfinishedAsync(
            [.. outOfSight.Select(one => one.AgentId)], [.. outOfSight.Select(one => one.Number)], stop);
        var unfinished = found.Select(one => one.Number).ToHashSet();
        foreach (var (_, number) in outOfSight)
        {
            // What the book does not show as unfinished is finished, or never was.
            if (!unfinished.Contains(number))
            {
                node.Done(number);
            }
        }

        return (await TakeOverAsync(found, stop)).Taken;
    }

    private async Task<int> LookForAsync(int nodeId, CancellationToken stop)
    {
        var (taken, left, after) = (0, 0, 0L);
        while (true)
        {
            var found = await cluster.LostAsync(nodeId, after, stop);
            var (now, stay) = await TakeOverAsync(found, stop);
            taken += now;
            left += stay;
            if (found.Count < ClusterTables.FindLimit)
            {
                break;
            }

            after = found[^1].Number;
        }

        if (left == 0)
        {
            await cluster.CloseAsync(nodeId, stop);
        }

        return taken;
    }

    private async Task<(int Taken, int Left)> TakeOverAsync(IReadOnlyList<LostPayment> found, CancellationToken stop)
    {
        // What another living node has claimed is its own; what this node is busy with, too.
        var mine = found
            .Where(lost => lost.Owner == node.Id ? !node.IsUnderWay(lost.Number) : lost.OwnerEnded)
            .Where(lost => !failures.TryGetValue(lost.Number, out var failure) || time.GetTimestamp() >= failure.NotBefore)
            .ToList();
        // What the database says of ends is so only while its clock goes evenly, and whether it does is asked after it has said it:
        // between its step and the next heartbeat every claim of a living node looks as if it had ended.
        var even = mine.Exists(lost => lost.ClaimEnded) && await node.BeatNowAsync() && node.TimeIsEven;
        var (taken, left) = (0, found.Count - mine.Count);
        foreach (var some in mine.Chunk(AtOnce))
        {
            var claimEnded = some.ToDictionary(lost => (lost.AgentId, lost.Number), lost => lost.ClaimEnded && even);
            var payments = await book.FindAsync([.. some.Select(l => l.AgentId)], [.. some.Select(l => l.Number)], stop);
            var outcomes = await Task.WhenAll(payments.Select(
                payment => TryTakeOverAsync(payment, claimEnded[(payment.AgentId, payment.Number)])));
            taken += outcomes.Count(outcome => outcome != Outcome.Left);
            left += outcomes.Count(outcome => outcome != Outcome.Taken);
        }

        return (taken, left);
    }

    /// <summary>Takes over one; what goes wrong with it must not stop the others.</summary>
    private async Task<Outcome> TryTakeOverAsync(Payment payment, bool claimEnded)
    {
        using var span = Spans.Own("take over", payment.Number);
        try
        {
            var outcome = payment.State switch
            {
                PaymentState.Accepted => BeginToSend(payment),
                PaymentState.Dispatched => claimEnded ? await AskFromNowOnAsync(payment) : Outcome.Left,
                _ => Outcome.Taken,
            };
            if (outcome == Outcome.Taken)
            {
                failures.TryRemove(payment.Number, out _);
            }

            return outcome;
        }
        catch (Exception failure)
        {
            Remember(payment.Number, failure);
            return Outcome.Left;
        }
    }

    /// <summary>Whether or not this node's event is the one that stands, somebody's is.</summary>
    private async Task<Outcome> AskFromNowOnAsync(Payment payment)
    {
        var recorded = await journal.RecordAsync(new Happening
        {
            AgentId = payment.AgentId,
            Number = payment.Number,
            SeenStep = payment.Step,
            SeenEdge = payment.Edge,
            Edge = Transitions.Find(PaymentState.Dispatched, PaymentEvent.ProviderSilent)!,
            NodeId = node.Id,
            AskSeconds = 0,
            Note = "taken over: perhaps sent by a node that ended",
        });
        if (recorded.Done)
        {
            Measures.TakenOver();
        }

        return Outcome.Taken;
    }

    /// <summary>Where its provider is not connected here, or has no room or no connection now, it stays for a later look.</summary>
    private Outcome BeginToSend(Payment payment)
    {
        if (gates.Find(payment.ProviderId) is not { } gate || gate.TryEnterPayment() is not { } permit)
        {
            return Outcome.Left;
        }

        if (!node.TryBegin(payment.Number))
        {
            permit.Dispose();
            return Outcome.Left;
        }

        var way = ClaimAndSendAsync(payment, gate, permit);
        if (!way.IsCompleted)
        {
            sending[payment.Number] = way;
            _ = ForgetWayAsync(payment.Number, way);
        }

        return Outcome.Begun;
    }

    private async Task ClaimAndSendAsync(Payment payment, ProviderGate gate, Permit permit)
    {
        using (permit)
        {
            try
            {
                var seconds = Deliver.ClaimSeconds(gate);
                var edge = Transitions.Find(PaymentState.Accepted, PaymentEvent.Claimed)!;
                var claimed = await journal.RecordAsync(new Happening
                {
                    AgentId = payment.AgentId,
                    Number = payment.Number,
                    SeenStep = payment.Step,
                    SeenEdge = payment.Edge,
                    Edge = edge,
                    NodeId = node.Id,
                    SendSeconds = seconds,
                });
                if (claimed.Done)
                {
                    Measures.TakenOver();
                    // A claim found from an earlier execution is older than it looks here: nothing is sent under it.
                    var now = payment with { State = edge.To, Edge = edge.Id, Step = (short)(payment.Step + 1), At = claimed.At };
                    await deliver.PayAsync(
                        now, claimed.Before ? SendDeadline.Passed : SendDeadline.After(claimed.StartedTicks, seconds, time));
                }

                failures.TryRemove(payment.Number, out _);
                if (claimed.Done)
                {
                    node.Done(payment.Number);
                }
                else
                {
                    // Another node may have claimed it, and die: only the one that began a payment looks for it then, which may be this one.
                    node.LoseSight(payment.AgentId, payment.Number);
                }
            }
            catch (Exception failure)
            {
                // It may be claimed, and even sent, by this very node: nobody else will look for it.
                Remember(payment.Number, failure);
                node.LoseSight(payment.AgentId, payment.Number);
            }
        }
    }

    private async Task ForgetWayAsync(long number, Task way)
    {
        await way;
        sending.TryRemove(number, out _);
    }

    private void Remember(long number, Exception failure)
    {
        var times = failures.TryGetValue(number, out var before) ? before.Times + 1 : 1;
        var seconds = Math.Min(LongestWaitSeconds, 1 << Math.Min(times, 6));
        failures[number] = new Failure(times, time.GetTimestamp() + (seconds * time.TimestampFrequency));
        Log.TakeOverFailed(log, failure, number, times, seconds);
    }

    /// <summary>What somebody else has finished meanwhile is not remembered for ever.</summary>
    private void ForgetFailures()
    {
        foreach (var (number, failure) in failures)
        {
            if (failure.NotBefore + (Remembered.TotalSeconds * time.TimestampFrequency) < time.GetTimestamp())
            {
                failures.TryRemove(number, out _);
            }
        }
    }

    private sealed record Failure(int Times, long NotBefore);
}
