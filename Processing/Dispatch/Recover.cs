using EGovPay.Processing.Journal;
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
    NpgsqlDataSource database, Journal.Journal journal, PaymentBook book, Gates gates, Deliver deliver, Node node,
    ILogger<Recover> log)
{
    /// <summary>As in FindLost.sql.</summary>
    private const int FindLimit = 5_000;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly string FindLost = Sql.Load("Dispatch/FindLost.sql");
    private static readonly string CloseNode = Sql.Load("Dispatch/CloseNode.sql");

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

            await Task.Delay(Pause, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>One look. Returns how many payments were taken over.</summary>
    internal async Task<int> TakeOverAsync(CancellationToken stop)
    {
        var taken = 0;
        foreach (var (nodeId, isDead) in await NodesAsync(stop))
        {
            var left = 0;
            var outOfSight = node.Lost;
            var found = await LostAsync(nodeId, stop);
            if (nodeId == node.Id && found.Count < FindLimit)
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
                await CloseNodeAsync(nodeId, stop);
            }
        }

        if (taken > 0)
        {
            Log.TakenOver(log, taken);
        }

        return taken;
    }

    /// <summary>What this node lost sight of and the book does not show as unfinished is finished, or never was.</summary>
    private void ForgetFinished(IReadOnlyList<long> outOfSight, List<Lost> found)
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
    private async Task<bool> TryTakeOverAsync(Lost lost)
    {
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

    private async Task<bool> TakeOverAsync(Lost lost)
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
                    now, claimed.Before ? new SendDeadline(0) : SendDeadline.After(claimed.StartedTicks, seconds));
            }

            return claimed.Done;
        }
        finally
        {
            node.Done(payment.Number);
        }
    }

    private async Task<List<(int NodeId, bool Dead)>> NodesAsync(CancellationToken stop)
    {
        await using var command = database.CreateCommand(
            "select node_id, lease_until < now() and node_id <> $1 from node "
            + "where recovered_at is null and (lease_until < now() or node_id = $1) order by node_id");
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = node.Id });
        await using var reader = await command.ExecuteReaderAsync(stop);
        var nodes = new List<(int, bool)>();
        while (await reader.ReadAsync(stop))
        {
            nodes.Add((reader.GetInt32(0), reader.GetBoolean(1)));
        }

        return nodes;
    }

    private async Task<List<Lost>> LostAsync(int nodeId, CancellationToken stop)
    {
        await using var command = database.CreateCommand(FindLost);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = nodeId });
        await using var reader = await command.ExecuteReaderAsync(stop);
        var lost = new List<Lost>();
        while (await reader.ReadAsync(stop))
        {
            lost.Add(new Lost(
                reader.GetInt32(0), reader.GetInt64(1), reader.GetBoolean(2), reader.GetInt32(3), reader.GetBoolean(4)));
        }

        return lost;
    }

    private async Task CloseNodeAsync(int nodeId, CancellationToken stop)
    {
        await using var command = database.CreateCommand(CloseNode);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = nodeId });
        await command.ExecuteNonQueryAsync(stop);
    }

    /// <summary>A payment whose node may have ended.</summary>
    /// <param name="Owner">The node that claimed it last.</param>
    private readonly record struct Lost(int AgentId, long Number, bool ClaimEnded, int Owner, bool OwnerEnded);
}
