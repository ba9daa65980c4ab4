using EGovPay.Processing;
using EGovPay.Processing.PostgreSql;
using NodaTime;
using Npgsql;
using NpgsqlTypes;

namespace EGovPay.Settlement.Reconciliation;

/// <summary>With whom our books were compared.</summary>
internal enum ReconciliationKind
{
    Register,
    Bank,
}

/// <summary>The record of the comparisons that were made.</summary>
internal static class Reconciliations
{
    private static readonly string EnterReconciliation = Sql.Load("Reconciliation/EnterReconciliation.sql");

    /// <summary>Enters one, in the transaction that writes what it found.</summary>
    /// <param name="seen">What it was made of: the number of the register's file, or how many statements there were.</param>
    public static async Task<long> EnterAsync(
        NpgsqlConnection connection, ReconciliationKind kind, string subject, Instant began, Reconciled of, long seen, string by,
        CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(EnterReconciliation, connection);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = kind == ReconciliationKind.Bank ? "bank" : "register" });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = subject });
        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = began.ToTimestamp() });
        foreach (var figure in new[] { of.Lines, of.Matched, of.Settled, of.InFlight, of.Breaks, of.Closed })
        {
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = figure });
        }

        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = by });
        command.Parameters.Add(Number(kind == ReconciliationKind.Register ? seen : null));
        command.Parameters.Add(Number(kind == ReconciliationKind.Bank ? seen : null));
        return (long)(await command.ExecuteScalarAsync(cancel))!;
    }

    private static NpgsqlParameter Number(long? value) =>
        new() { NpgsqlDbType = NpgsqlDbType.Bigint, Value = (object?)value ?? DBNull.Value };
}
