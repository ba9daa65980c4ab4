using System.Diagnostics;
using System.Globalization;
using EGovPay.Benchmarks.Torture;
using Npgsql;

namespace EGovPay.Benchmarks.Overload;

/// <summary>
/// What happens at more than the server can do? A real server, simulator and durable PostgreSQL, and terminals on the same machine:
/// its capacity, half of it, twice of it whoever waits (open loop), ten times the connections that saturate it, and how soon it is
/// itself again.
/// <code>dotnet run -c Release --project benchmarks -- overload [--seconds 10]</code>
/// </summary>
internal static class RunOverload
{
    private const double LongestP99 = 100;
    private const long MostMemoryMebibytes = 1_024;
    private const double LongestRecoverySeconds = 5;

    /// <summary>Of the capacity, whatever comes: who refuses all is not overloaded but down.</summary>
    private const double LeastServed = 0.25;

    public static async Task<int> RunAsync(string[] arguments)
    {
        if (Seconds(arguments) is not { } seconds)
        {
            await Console.Error.WriteLineAsync("overload [--seconds 10], from 3 to 600 for each of its five parts");
            return 2;
        }

        var folder = Directory.CreateTempSubdirectory("egovpay-overload-").FullName;
        // A private PostgreSQL may run as another user, who must come in.
        File.SetUnixFileMode(folder, (UnixFileMode)0b111_101_101);
        try
        {
            return await RunAsync(folder, seconds);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static int? Seconds(string[] arguments) => arguments switch
    {
        [_] => 10,
        [_, "--seconds", var value] when int.TryParse(value, CultureInfo.InvariantCulture, out var seconds)
            && seconds is >= 3 and <= 600 => seconds,
        _ => null,
    };

    private static async Task<int> RunAsync(string folder, int seconds)
    {
        await using var centre = await Centre.StartAsync(folder, CancellationToken.None);
        var program = Path.Combine(AppContext.BaseDirectory, "egovpay.dll");
        await using var simulator = await Child.StartedAsync(
            program, Path.Combine(folder, "simulator.log"), [],
            "simulate", "--port", "0", "--record", Path.Combine(folder, "providers.record"));
        await using var server = await Child.StartedAsync(
            program, Path.Combine(folder, "server.log"),
            new(StringComparer.Ordinal)
            {
                ["EGOVPAY_DATABASE"] = centre.ConnectionString,
                ["EGOVPAY_SECRET"] = "the secret of a measurement is worth nothing",
                ["EGOVPAY_DATA"] = Path.Combine(folder, "server"),
                ["EGOVPAY_PROVIDERS"] = simulator.Address.GetLeftPart(UriPartial.Authority),
                ["EGOVPAY_LOG"] = "warning",
            },
            "serve", "--listen", "http://127.0.0.1:0", "--terminal-requests", "0", "--address-requests", "0");
        using var crowd = new Crowd(server.Address, [.. centre.Desks.Select(desk => desk.Key)]);
        return await MeasureAsync(crowd, server, centre, seconds);
    }

    private static async Task<int> MeasureAsync(Crowd crowd, Child server, Centre centre, int seconds)
    {
        await crowd.ClosedAsync(16, 5);
        var (capacity, saturating) = await CapacityAsync(crowd, Math.Max(3, seconds / 3));
        var half = await crowd.OpenAsync(capacity / 2, seconds);
        Say($"half load: {half}");
        var twice = await crowd.OpenAsync(capacity * 2, seconds);
        Say($"twice the capacity: {twice}");
        var recovered = await RecoverAsync(crowd, capacity / 2);
        var many = await crowd.ClosedAsync(saturating * 10, seconds);
        Say($"{saturating * 10} connections: {many}");
        var again = await RecoverAsync(crowd, capacity / 2);
        var memory = PeakMebibytes(server.Id);
        var taken = await TakenAsync(centre, crowd.RefusedReferences);
        var bar = Math.Max(4 * half.P99, LongestP99);
        var strange = half.Strange + twice.Strange + many.Strange;
        var good = twice.P99 <= bar && many.P99 <= bar && memory <= MostMemoryMebibytes && taken == 0 && strange == 0
            && Math.Max(recovered, again) <= LongestRecoverySeconds && twice.Refused > 0 && twice.Unsent == 0
            && Math.Min(twice.Accepted / twice.Seconds, many.Accepted / many.Seconds) >= capacity * LeastServed;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $$"""{"capacityPerSecond":{{capacity:F0}},"saturatingConnections":{{saturating}},"halfP99Ms":{{half.P99:F1}}"""
            + $$""","twiceAccepted":{{twice.Accepted}},"twiceRefused":{{twice.Refused}},"twiceUnsent":{{twice.Unsent}}"""
            + $$""","twiceP99Ms":{{twice.P99:F1}}"""
            + $$""","manyConnections":{{saturating * 10}},"manyAccepted":{{many.Accepted}},"manyRefused":{{many.Refused}}"""
            + $$""","manyP99Ms":{{many.P99:F1}},"barP99Ms":{{bar:F1}},"memoryMebibytes":{{memory}},"takenThoughRefused":{{taken}}"""
            + $$""","strangeAnswers":{{strange}},"recoveredSeconds":{{Math.Max(recovered, again):F1}},"good":{{(good ? "true" : "false")}}}"""));
        return good ? 0 : 1;
    }

    /// <summary>The most that is accepted a second, and the fewest connections that come within a tenth of it.</summary>
    private static async Task<(double PerSecond, int Connections)> CapacityAsync(Crowd crowd, int seconds)
    {
        var met = new List<(double Rate, int Connections)>();
        foreach (var connections in new[] { 8, 16, 32, 64, 128, 256 })
        {
            var run = await crowd.ClosedAsync(connections, seconds);
            Say($"{connections} connections: {run}");
            met.Add((run.Accepted / run.Seconds, connections));
        }

        var most = met.Max(one => one.Rate);
        return (most, met.First(one => one.Rate >= 0.9 * most).Connections);
    }

    /// <summary>Seconds after the crowd until half a second at half load refuses nobody; at most 30.</summary>
    private static async Task<double> RecoverAsync(Crowd crowd, double perSecond)
    {
        var began = Stopwatch.GetTimestamp();
        while (true)
        {
            var elapsed = Stopwatch.GetElapsedTime(began).TotalSeconds;
            var run = await crowd.OpenAsync(perSecond, 0.5);
            if (elapsed > 30 || run is { Refused: 0, Strange: 0 })
            {
                return elapsed;
            }
        }
    }

    /// <summary>Payments in the book under references of which every attempt was refused.</summary>
    private static async Task<long> TakenAsync(Centre centre, IEnumerable<string> refused)
    {
        await using var command = centre.Database.CreateCommand("select count(*) from payment where reference = any($1)");
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. refused] });
        return (long)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>The most memory that the process ever held, as the kernel counts it.</summary>
    internal static long PeakMebibytes(int process) => Mebibytes(process, "VmHWM:");

    /// <summary>A field of what the kernel says of a process's memory.</summary>
    internal static long Mebibytes(int process, string field)
    {
        var line = File.ReadLines(FormattableString.Invariant($"/proc/{process}/status"))
            .First(one => one.StartsWith(field, StringComparison.Ordinal));
        return long.Parse(line[field.Length..].Replace("kB", "", StringComparison.Ordinal).Trim(), CultureInfo.InvariantCulture) / 1024;
    }

    private static void Say(string what) => Console.Error.WriteLine(what);
}
