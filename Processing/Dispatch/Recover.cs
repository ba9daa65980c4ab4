using EGovPay.Processing.Journal;
using EGovPay.Processing.Observing;
using EGovPay.Processing.Payments;
using EGovPay.Processing.StateMachine;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace EGovPay.Processing.Dispatch;

/// <summary>
/// Takes over what a dead node had begun (and what this node itself lost sight of): what was never sent is claimed and sent,
/// what was perhaps sent becomes Unknown once its claim has ended, and is asked about with the same number.
/// </summary>
public sealed class Recover(
    IClusterTables cluster, Journal.Journal journal, IFindPayments book, Gates gates, Deliver deliver, Node node,
    TimeProvider time, ILogger<Recover> log)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Looks for dead nodes until stopped.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await TakeOverAsync(stop);
            }
            catch (Exception failure) when (failure is NpgsqlException or TimeoutException)
            {
                Log.BackgroundFailed(log, failure, "taking over from dead nodes");
            }

            await time.PauseAsync(Pause, stop);
        }
    }

    /// <summary>One look. Returns how many payments were taken over.</summary>
    internal async Task<int> TakeOverAsync(CancellationToken stop)
    {
        var taken = 0;
        foreach (var (nodeId, isDead) in await cluster.NodesAsync(node.Id, stop))
        {
            var left = 0;
            var outOfSight = node.Lost;
            var found = await cluster.LostAsync(nodeId, stop);
            if (nodeId == node.Id && found.Count < ClusterTables.FindLimit)
            {
                ForgetFinished(outOfSight, found);
            }

            foreach (var lost in found)
            {
                // What another living node has claimed is its own; what this node is busy with, too.
                var nobodys = lost.Owner == node.Id ? !node.IsUnderWay(lost.Number) : lost.OwnerEnded;
                if (nobodys && await TryTakeOverAsync(lost))
                {
                    taken++;
                }
                else
                {
                    left++;
                }
            }

            if (isDead && left == 0)
            {
                await cluster.CloseAsync(nodeId, stop);
            }
        }

        if (taken > 0)
        {
            Measures.TakenOver(taken);
            Log.TakenOver(log, taken);
        }

        return taken;
    }

    /// <summary>What this node lost sight of and the book does not show as unfinished is finished, or never was.</summary>
    private void ForgetFinished(IReadOnlyList<long> outOfSight, IReadOnlyList<LostPayment> found)
    {
        if (outOfSight.Count > 0)
        {
            var unfinished = found.Select(one => one.Number).ToHashSet();
            foreach (var number in outOfSight.Where(number => !unfinished.Contains(number)))
            {
                node.Done(number);
            }
        }
    }

    /// <summary>Takes over one; what goes wrong with it must not stop the others.</summary>
    private async Task<bool> TryTakeOverAsync(LostPayment lost)
    {
        using var span = Spans.Own("take over", lost.Number);
        try
        {
            return await TakeOverAsync(lost);
        }
        catch (Exception failure)
        {
            Log.BackgroundFailed(log, failure, "taking over one payment");
            return false;
        }
    }

    private async Task<bool> TakeOverAsync(LostPayment lost)
    {
        var payment = await book.FindAsync(lost.AgentId, lost.Number);
        if (payment is null || payment.State is not (PaymentState.Accepted or PaymentState.Dispatched))
        {
            return true;
        }

        if (payment.State == PaymentState.Accepted)
        {
            return await ClaimAndSendAsync(payment);
        }

        if (!lost.ClaimEnded)
        {
            return false;
        }

        await journal.RecordAsync(new Happening
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
        return true;
    }

    private async Task<bool> ClaimAndSendAsync(Payment payment)
    {
        if (gates.Find(payment.ProviderId) is not { } gate)
        {
            // Its provider is not connected on this node: it stays, and so does its node, until one is that can send it.
            return false;
        }

        var seconds = Deliver.ClaimSeconds(gate);
        node.Begin(payment.Number);
        try
        {
            var claimed = await journal.RecordAsync(new Happening
            {
                AgentId = payment.AgentId,
                Number = payment.Number,
                SeenStep = payment.Step,
                SeenEdge = payment.Edge,
                Edge = Transitions.Find(PaymentState.Accepted, PaymentEvent.Claimed)!,
                NodeId = node.Id,
                SendSeconds = seconds,
            });
            if (claimed.Done && await book.FindAsync(payment.AgentId, payment.Number) is { } now)
            {
                // A claim found from an earlier execution is older than it looks here: nothing is sent under it.
                await deliver.PayAsync(
                    now, claimed.Before ? SendDeadline.Passed : SendDeadline.After(claimed.StartedTicks, seconds, time));
            }

            return claimed.Done;
        }
        finally
        {
            node.Done(payment.Number);
        }
    }
}
