using EGovPay.Processing;
using EGovPay.Processing.PostgreSql;
using Npgsql;

namespace EGovPay.Settlement.Jobs;

/// <summary>The record of what jobs did.</summary>
public sealed class JobRuns(NpgsqlDataSource database)
{
    /// <summary>Runs of one list at most.</summary>
    public const int ListLimit = 1_000;

    private static readonly string StartRun = Sql.Load("Jobs/StartRun.sql");
    private static readonly string EndRun = Sql.Load("Jobs/EndRun.sql");
    private static readonly string ListRuns = Sql.Load("Jobs/ListRuns.sql");
    private static readonly string ForgetRuns = Sql.Load("Jobs/ForgetRuns.sql");
    private static readonly string LatestRuns = Sql.Load("Jobs/LatestRuns.sql");

    /// <summary>The latest runs, newest first.</summary>
    /// <param name="job">Null: of all jobs.</param>
    /// <param name="before">Only those with a lower number.</param>
    /// <param name="after">Only those with a higher number.</param>
    public async Task<IReadOnlyList<JobRun>> ListAsync(
        string? job, int limit, long before = long.MaxValue, long after = 0, CancellationToken cancel = default)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, ListLimit);
        await using var command = database.CreateCommand(ListRuns);
        command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = job });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = before });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = after });
        return await ReadAsync(command, cancel);
    }

    /// <summary>The run with this number, or null.</summary>
    public async Task<JobRun?> FindAsync(long run, CancellationToken cancel = default)
    {
        var found = run is < 1 or long.MaxValue ? [] : await ListAsync(null, 1, run + 1, run - 1, cancel);
        return found.Count == 0 ? null : found[0];
    }

    /// <summary>The latest run of each of these jobs that ever ran.</summary>
    public async Task<IReadOnlyList<JobRun>> LatestAsync(IReadOnlyList<string> jobs, CancellationToken cancel = default)
    {
        await using var command = database.CreateCommand(LatestRuns);
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. jobs] });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = ListLimit });
        return await ReadAsync(command, cancel);
    }

    /// <summary>Forgets runs that ended so many days ago, but of each job the last; in batches, until none is left. Returns how many.</summary>
    public async Task<long> ForgetAsync(int days, CancellationToken cancel = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(days, 1);
        var all = 0L;
        int gone;
        do
        {
            await using var forget = database.CreateCommand(ForgetRuns);
            forget.Parameters.Add(new NpgsqlParameter<int> { TypedValue = ListLimit });
            forget.Parameters.Add(new NpgsqlParameter<int> { TypedValue = days });
            gone = await forget.ExecuteNonQueryAsync(cancel);
            all += gone;
        }
        while (gone >= ListLimit);
        return all;
    }

    internal async Task<long> StartAsync(string job, string node, string? askedBy, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(StartRun);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = job });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = node });
        command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = askedBy });
        return (long)(await command.ExecuteScalarAsync(cancel))!;
    }

    internal async Task EndAsync(long run, string result, string outcome)
    {
        await using var command = database.CreateCommand(EndRun);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = run });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = result });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = outcome });
        await command.ExecuteNonQueryAsync(CancellationToken.None);
    }

    internal async Task TellAsync(long run, int percent, string what)
    {
        await using var command = database.CreateCommand(
            "update job_run set percent = $2, progress = left($3, 200) where run_id = $1 and ended_at is null");
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = run });
        command.Parameters.Add(new NpgsqlParameter<short> { TypedValue = (short)percent });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = what });
        await command.ExecuteNonQueryAsync(CancellationToken.None);
    }

    private static async Task<IReadOnlyList<JobRun>> ReadAsync(NpgsqlCommand command, CancellationToken cancel)
    {
        var runs = new List<JobRun>();
        await using var row = await command.ExecuteReaderAsync(cancel);
        while (await row.ReadAsync(cancel))
        {
            var result = row.IsDBNull(6) ? null : row.GetString(6);
            // What was told last, a while before the end, is not how far a run is that came to its end.
            var done = result == "done";
            runs.Add(new JobRun(
                row.GetInt64(0), row.GetString(1), row.GetString(2), row.IsDBNull(3) ? null : row.GetString(3), row.GetInstant(4),
                row.GetInstantOrNull(5), result, row.IsDBNull(7) ? null : row.GetString(7),
                done ? 100 : row.IsDBNull(8) ? null : row.GetInt16(8), done || row.IsDBNull(9) ? null : row.GetString(9)));
        }

        return runs;
    }
}
