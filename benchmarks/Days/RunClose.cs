using System.Diagnostics;
using System.Globalization;
using EGovPay.Benchmarks.Overload;
using EGovPay.Benchmarks.Torture;
using EGovPay.Processing.People;

namespace EGovPay.Benchmarks.Days;

/// <summary>
/// A business day closed under full load: two real servers, simulator and durable PostgreSQL, terminals that pay without a pause, and
/// `egovpay day close --early` as a process of its own in the middle; then `egovpay audit`.
/// <code>dotnet run -c Release --project benchmarks -- close [--seconds 30]</code>
/// </summary>
internal static class RunClose
{
    private const int Connections = 32;
    private const double LongestMilliseconds = 2_000;

    public static async Task<int> RunAsync(string[] arguments)
    {
        if (Seconds(arguments) is not { } seconds)
        {
            await Console.Error.WriteLineAsync("close [--seconds 30], from 6 to 600 for its three parts together");
            return 2;
        }

        var folder = Directory.CreateTempSubdirectory("egovpay-close-").FullName;
        // A private PostgreSQL may run as another user, who must come in.
        File.SetUnixFileMode(folder, (UnixFileMode)0b111_101_101);
        try
        {
            return await RunAsync(folder, seconds / 3.0);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static int? Seconds(string[] arguments) => arguments switch
    {
        [_] => 30,
        [_, "--seconds", var value] when int.TryParse(value, CultureInfo.InvariantCulture, out var seconds)
            && seconds is >= 6 and <= 600 => seconds,
        _ => null,
    };

    private static async Task<int> RunAsync(string folder, double part)
    {
        await using var centre = await Centre.StartAsync(folder, CancellationToken.None);
        var program = Path.Combine(AppContext.BaseDirectory, "egovpay.dll");
        var variables = await PersonAsync(centre, folder);
        await using var simulator = await Child.StartedAsync(
            program, Path.Combine(folder, "simulator.log"), [], "simulate", "--port", "0", "--record", Path.Combine(folder, "providers.record"));
        variables["EGOVPAY_PROVIDERS"] = simulator.Address.GetLeftPart(UriPartial.Authority);
        string[] serve = ["serve", "--listen", "http://127.0.0.1:0", "--terminal-requests", "0", "--address-requests", "0"];
        await using var first = await Child.StartedAsync(program, Path.Combine(folder, "first.log"), variables, serve);
        await using var second = await Child.StartedAsync(program, Path.Combine(folder, "second.log"), variables, serve);
        string[] keys = [.. centre.Desks.Select(desk => desk.Key)];
        using var one = new Crowd(first.Address, keys);
        using var other = new Crowd(second.Address, keys);

        async Task<Met> PayAsync(double seconds)
        {
            var met = await Task.WhenAll(one.ClosedAsync(Connections / 2, seconds), other.ClosedAsync(Connections / 2, seconds));
            var all = new Met(
                met.Sum(each => each.Accepted / each.Seconds), met.Max(each => each.Longest), met.Max(each => each.P99),
                met.Sum(each => each.Refused + each.Strange));
            await Console.Error.WriteLineAsync(all.ToString());
            return all;
        }

        await PayAsync(4);
        var before = await PayAsync(part);
        var paying = PayAsync(part);
        await Task.Delay(TimeSpan.FromSeconds(part / 4));
        var began = Stopwatch.GetTimestamp();
        var (closeCode, closed) = await Child.RunAsync(
            program, Path.Combine(folder, "close.log"), variables, CancellationToken.None, "day", "close", "--early", "--json");
        var took = Stopwatch.GetElapsedTime(began).TotalSeconds;
        var during = await paying;
        var after = await PayAsync(part);
        var (auditCode, _) = await Child.RunAsync(
            program, Path.Combine(folder, "audit.log"), variables, CancellationToken.None, "audit");
        await Console.Error.WriteLineAsync(closeCode == 0 ? closed : await File.ReadAllTextAsync(Path.Combine(folder, "close.log")));
        return await TellAsync(centre, before, during, after, took, closeCode, auditCode);
    }

    private static async Task<int> TellAsync(
        Centre centre, Met before, Met during, Met after, double took, int closeCode, int auditCode)
    {
        await using var look = centre.Database.CreateCommand(
            "select (select count(distinct t.business_day) from transfer t where t.step > 0), (select count(*) from day_seal)");
        await using var row = await look.ExecuteReaderAsync();
        await row.ReadAsync();
        var (days, seals) = (row.GetInt64(0), row.GetInt64(1));
        var refused = before.Refused + during.Refused + after.Refused;
        var good = closeCode == 0 && auditCode == 0 && days == 2 && seals == 1 && refused == 0 && during.Longest <= LongestMilliseconds;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $$"""{"beforePerSecond":{{before.Rate:F0}},"duringPerSecond":{{during.Rate:F0}},"afterPerSecond":{{after.Rate:F0}}"""
            + $$""","longestMsBefore":{{before.Longest:F0}},"longestMsDuring":{{during.Longest:F0}},"longestMsAfter":{{after.Longest:F0}}"""
            + $$""","p99MsBefore":{{before.P99:F0}},"p99MsDuring":{{during.P99:F0}},"closeSeconds":{{took:F2}},"refused":{{refused}}"""
            + $$""","daysWithPayments":{{days}},"seals":{{seals}},"auditClean":{{(auditCode == 0 ? "true" : "false")}}}"""));
        return good ? 0 : 1;
    }

    /// <summary>Somebody who may close a day, and what programs are told.</summary>
    private static async Task<Dictionary<string, string>> PersonAsync(Centre centre, string folder)
    {
        var key = PersonKey.New("closer");
        await new Users(centre.Database).BootstrapAsync(key, "closer", "Günel Əliyeva", [Role.Administrator, Role.Operator, Role.Finance]);
        return new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["EGOVPAY_DATABASE"] = centre.ConnectionString,
            ["EGOVPAY_SECRET"] = "the secret of a measurement is worth nothing",
            ["EGOVPAY_DATA"] = Path.Combine(folder, "server"),
            ["EGOVPAY_LOG"] = "warning",
            ["EGOVPAY_USER_KEY"] = key.Text,
        };
    }

    /// <summary>What both crowds met together; times in milliseconds.</summary>
    private sealed record Met(double Rate, double Longest, double P99, int Refused)
    {
        public override string ToString() => string.Create(
            CultureInfo.InvariantCulture, $"{Rate:F0}/s, longest {Longest:F0} ms, p99 {P99:F0} ms, {Refused} refused");
    }
}
