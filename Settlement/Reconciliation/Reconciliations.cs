using EGovPay.Processing;
using EGovPay.Processing.PostgreSql;
using NodaTime;
using Npgsql;

namespace EGovPay.Settlement.Reconciliation;

/// <summary>The record of the comparisons that were made.</summary>
internal static class Reconciliations
{
    private static readonly string EnterReconciliation = Sql.Load("Reconciliation/EnterReconciliation.sql");

    /// <summary>Enters one, in the transaction that writes what it found.</summary>
    public static async Task<long> EnterAsync(
        NpgsqlConnection connection, string kind, string subject, Instant began, Reconciled of, string by, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(EnterReconciliation, connection);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = kind });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = subject });
        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = began.ToTimestamp() });
        foreach (var figure in new[] { of.Lines, of.Matched, of.Settled, of.InFlight, of.Breaks, of.Closed })
        {
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = figure });
        }

        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = by });
        return (long)(await command.ExecuteScalarAsync(cancel))!;
    }
}
