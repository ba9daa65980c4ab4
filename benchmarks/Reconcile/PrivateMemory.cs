using System.Diagnostics;
using System.Globalization;
using Npgsql;

namespace EGovPay.Benchmarks.Reconcile;

/// <summary>
/// The most memory that the engine had at one time, looked at every 25 ms: the whole resident set of its process, and of each session it
/// had with the server (with workers of its queries) what is private to it: RssAnon + VmSwap of its status. The server's shared buffers
/// are no session's. The kernel keeps these figures anyway; smaps_rollup walks through every page at each look, gigabytes of shared
/// buffers among them, and took a quarter of two processors from what was measured.
/// </summary>
internal sealed class PrivateMemory : IAsyncDisposable
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(25);

    private readonly NpgsqlConnection connection;
    private readonly Process engine;
    private readonly CancellationTokenSource stop = new();
    private readonly Task looking;

    private PrivateMemory(NpgsqlConnection connection, Process engine)
    {
        this.connection = connection;
        this.engine = engine;
        looking = Task.Run(LookAsync);
    }

    public long PeakKibibytes { get; private set; }

    public long PeakOfSessionsKibibytes { get; private set; }

    public static async Task<PrivateMemory> WatchAsync(string connectionString, Process engine)
    {
        var connection = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false, ApplicationName = "watch" }.ConnectionString);
        await connection.OpenAsync();
        return new PrivateMemory(connection, engine);
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await looking;
        await connection.DisposeAsync();
        stop.Dispose();
    }

    private async Task LookAsync()
    {
        while (!stop.IsCancellationRequested && !engine.HasExited)
        {
            var sessions = 0L;
            await using (var command = new NpgsqlCommand(
                "select pid from pg_stat_activity where application_name = 'reconciling' limit 1000", connection))
            await using (var reader = await command.ExecuteReaderAsync())
            {
                while (await reader.ReadAsync())
                {
                    sessions += Sum(reader.GetInt32(0), "RssAnon:", "VmSwap:");
                }
            }

            PeakOfSessionsKibibytes = Math.Max(PeakOfSessionsKibibytes, sessions);
            PeakKibibytes = Math.Max(PeakKibibytes, sessions + Sum(engine.Id, "VmRSS:", "VmSwap:"));
            await Task.Delay(Every);
        }
    }

    private static long Sum(int process, params string[] names)
    {
        try
        {
            return File.ReadLines($"/proc/{process}/status")
                .Where(line => names.Any(name => line.StartsWith(name, StringComparison.Ordinal)))
                .Sum(line => long.Parse(
                    line.AsSpan(line.IndexOf(':', StringComparison.Ordinal) + 1).Trim().TrimEnd("kB").Trim(), CultureInfo.InvariantCulture));
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }
}
