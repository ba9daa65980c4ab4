using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Npgsql;

namespace EGovPay.Benchmarks;

/// <summary>What pgbench measured.</summary>
internal sealed record PgbenchRate(int Clients, double PerSecond);

/// <summary>The yardstick: PostgreSQL's own bank teller (TPC-B, scale 20, prepared), in a database of its own that is dropped afterwards.</summary>
internal static partial class Pgbench
{
    private static readonly int[] Clients = [1, 16, 64];

    /// <summary>Its rates with 1, 16 and 64 clients.</summary>
    /// <param name="seconds">Of each.</param>
    public static async Task<List<PgbenchRate>> MeasureAsync(string connectionString, int seconds)
    {
        await using var database = NpgsqlDataSource.Create(connectionString);
        await using (var create = database.CreateCommand("create database bench"))
        {
            await create.ExecuteNonQueryAsync();
        }

        var server = new NpgsqlConnectionStringBuilder(connectionString);
        await RunAsync(server, "-i -q -s 20");
        var rates = new List<PgbenchRate>();
        foreach (var clients in Clients)
        {
            var told = await RunAsync(
                server, FormattableString.Invariant($"-M prepared -n -c {clients} -j {Math.Min(clients, 2)} -T {seconds}"));
            rates.Add(new PgbenchRate(clients, double.Parse(Tps().Match(told).Groups[1].Value, CultureInfo.InvariantCulture)));
        }

        await using (var drop = database.CreateCommand("drop database bench"))
        {
            await drop.ExecuteNonQueryAsync();
        }

        return rates;
    }

    private static async Task<string> RunAsync(NpgsqlConnectionStringBuilder server, string arguments)
    {
        using var process = Process.Start(new ProcessStartInfo
        {
            FileName = "pgbench",
            Arguments = FormattableString.Invariant($"-h {server.Host} -p {server.Port} -U {server.Username} {arguments} bench"),
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        }) ?? throw new InvalidOperationException("pgbench did not start; it comes with the package postgresql-contrib or postgresql-15.");
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"pgbench {arguments}: {await errors}");
    }

    [GeneratedRegex(@"^tps = ([0-9.]+)", RegexOptions.Multiline, 1000)]
    private static partial Regex Tps();
}
