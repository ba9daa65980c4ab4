using EGovPay.Processing.PostgreSql;
using NodaTime;
using Npgsql;
using NpgsqlTypes;

namespace EGovPay.Processing.Agents;

/// <summary>
/// What a terminal's heartbeat is answered: when it was heard, and what an operator wants done, or null.
/// </summary>
public sealed record StatusHeard(Instant At, string? Command);

/// <summary>Cash that was taken out of a terminal.</summary>
/// <param name="Fresh">It was not known before.</param>
public sealed record Collected(int Number, Instant At, string? Notes, bool Fresh);

/// <summary>What terminals tell of themselves: how they are, and when their cash was collected.</summary>
public sealed class TerminalReports(NpgsqlDataSource database)
{
    private const int Attempts = 20;

    private static readonly string ReportStatus = Sql.Load("Agents/ReportStatus.sql");
    private static readonly string RecordCollection = Sql.Load("Agents/RecordCollection.sql");

    /// <summary>Records a heartbeat; only the last one is kept.</summary>
    /// <param name="status">As the terminal told it.</param>
    /// <param name="done">Commands that the terminal has carried out.</param>
    public async Task<StatusHeard> HearAsync(Terminal terminal, string status, string[] done)
    {
        await using var report = database.CreateCommand(ReportStatus);
        report.Parameters.Add(new NpgsqlParameter<int> { TypedValue = terminal.AgentId });
        report.Parameters.Add(new NpgsqlParameter<int> { TypedValue = terminal.TerminalId });
        report.Parameters.Add(new NpgsqlParameter<string> { TypedValue = status });
        report.Parameters.Add(new NpgsqlParameter<string[]>
        {
            TypedValue = done,
            NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text,
        });
        await using var row = await report.ExecuteReaderAsync();
        await row.ReadAsync();
        return new StatusHeard(row.GetInstant(0), row.IsDBNull(1) ? null : row.GetString(1));
    }

    /// <summary>Leaves a command for a terminal, to be told with its next heartbeat. Null takes it back.</summary>
    public async Task CommandAsync(Terminal terminal, string? command)
    {
        await using var leave = database.CreateCommand(
            "insert into terminal_status (agent_id, terminal_id, at, status, command) values ($1, $2, now(), '', $3) "
            + "on conflict (agent_id, terminal_id) do update set command = excluded.command");
        leave.Parameters.Add(new NpgsqlParameter<int> { TypedValue = terminal.AgentId });
        leave.Parameters.Add(new NpgsqlParameter<int> { TypedValue = terminal.TerminalId });
        leave.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = command });
        await leave.ExecuteNonQueryAsync();
    }

    /// <summary>Records a collection. The same bag again is the same collection.</summary>
    public async Task<Collected> CollectAsync(Terminal terminal, string bagNumber, string? notes)
    {
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            await using var record = database.CreateCommand(RecordCollection);
            record.Parameters.Add(new NpgsqlParameter<int> { TypedValue = terminal.AgentId });
            record.Parameters.Add(new NpgsqlParameter<int> { TypedValue = terminal.TerminalId });
            record.Parameters.Add(new NpgsqlParameter<string> { TypedValue = bagNumber });
            record.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = notes });
            await using var row = await record.ExecuteReaderAsync();
            if (await row.ReadAsync())
            {
                return new Collected(
                    row.GetInt32(0), row.GetInstant(1), row.IsDBNull(2) ? null : row.GetString(2), row.GetBoolean(3));
            }
        }

        throw new InvalidOperationException("A collection met others of its terminal too often.");
    }
}
