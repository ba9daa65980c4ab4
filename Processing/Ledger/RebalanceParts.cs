using System.Globalization;
using EGovPay.Processing.Dispatch;
using EGovPay.Processing.Journal;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace EGovPay.Processing.Ledger;

/// <summary>
/// Keeps the funds of a divided agent spread over its parts, by journalled transfers: from the richest part to the poorest when
/// that has less than half of an even share. Money leaves one part in one commit and arrives in the other in a second, under the
/// same reference; what a dying node left in between arrives the next time anybody looks.
/// </summary>
public sealed class RebalanceParts(NpgsqlDataSource database, Journal.Journal journal, Node node, ILogger<RebalanceParts> log)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly string UnevenParts = Sql.Load("Ledger/UnevenParts.sql");

    /// <summary>Rebalances until stopped.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await RebalanceAsync(stop);
            }
            catch (Exception failure) when (failure is NpgsqlException or TimeoutException)
            {
                Log.BackgroundFailed(log, failure, "rebalancing parts of an agent");
            }

            await Task.Delay(Pause, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>One look. Returns how many moves were made or finished.</summary>
    internal async Task<int> RebalanceAsync(CancellationToken cancel)
    {
        var moves = new List<(int From, int To, long AmountQepik, string? Reference)>();
        await using (var command = database.CreateCommand(UnevenParts))
        await using (var reader = await command.ExecuteReaderAsync(cancel))
        {
            while (await reader.ReadAsync(cancel))
            {
                moves.Add((
                    reader.GetInt32(0), reader.GetInt32(1), reader.GetInt64(2), reader.IsDBNull(3) ? null : reader.GetString(3)));
            }
        }

        foreach (var (from, to, amountQepik, begun) in moves)
        {
            var number = await node.NextNumberAsync();
            try
            {
                var reference = begun ?? string.Create(CultureInfo.InvariantCulture, $"parts.{number}.{to}");
                if (begun is not null || await journal.ExecuteAsync(new MoveOut(from, number, reference, amountQepik)))
                {
                    await ArriveAsync(to, reference, amountQepik);
                }
            }
            finally
            {
                node.Done(number);
            }
        }

        return moves.Count;
    }

    private async Task ArriveAsync(int part, string reference, long amountQepik)
    {
        var number = await node.NextNumberAsync();
        try
        {
            await journal.ExecuteAsync(new MoneyIn(
                part, number, reference, amountQepik, "engine", null, "rebalance-in", Accounts.BetweenParts));
        }
        finally
        {
            node.Done(number);
        }
    }

    private sealed class MoveOut(int agentId, long number, string reference, long amountQepik) : SingleCommand<bool>(agentId)
    {
        private static readonly string Statement = Sql.Load("Ledger/MoveOut.sql");

        public override object OneInABatch => (AgentId, "move-out", reference);

        public override NpgsqlBatchCommand Build()
        {
            var command = new NpgsqlBatchCommand(Statement);
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = AgentId });
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = number });
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = reference });
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = amountQepik });
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = "engine" });
            return command;
        }

        protected override async ValueTask<bool> ReadAsync(NpgsqlDataReader reader) => await reader.ReadAsync();
    }
}
