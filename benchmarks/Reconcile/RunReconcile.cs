using System.Diagnostics;
using System.Globalization;
using EGovPay.Benchmarks.Journal;
using EGovPay.Processing.Catalogue;
using NodaTime;
using NodaTime.Text;
using Npgsql;

namespace EGovPay.Benchmarks.Reconcile;

/// <summary>
/// A day's payments against a provider's register of it, unsorted, with planted differences of every kind; beside it, on the same rows,
/// one SQL full join.
/// <code>dotnet run -c Release --project benchmarks -- reconcile [--lines 1000000] [--seed 1]</code>
/// </summary>
internal static class RunReconcile
{
    public const string Provider = "azercell";

    /// <summary>Whose smaller day the engine compares before it is measured.</summary>
    public const string WarmProvider = "azerishiq";

    private const int WarmPayments = 250_000;
    private const long First = 731_000_000_000;
    private const long WarmFirst = 730_000_000_000;

    private const double MostRatio = 4;
    private const double MostMebibytes = 512;

    public static async Task<int> RunAsync(string[] arguments)
    {
        var payments = Option(arguments, "--lines", 1_000_000);
        var day = SystemClock.Instance.GetCurrentInstant().InUtc().Date.PlusDays(-2);
        var provider = Named(Provider);
        await using var book = await BookToFill.StartAsync();
        await FillAsync(book, WarmFirst, WarmPayments, Named(WarmProvider), day);
        await FillAsync(book, First, payments, provider, day);
        var planted = new PlantedDay(First, payments, Option(arguments, "--seed", 1), day.ToDateOnly());
        var folder = Directory.CreateTempSubdirectory("egovpay-registers-").FullName;
        var (warm, file) = (Path.Combine(folder, "warm.tsv"), Path.Combine(folder, "register.tsv"));
        try
        {
            await new PlantedDay(WarmFirst, WarmPayments, 2, day.ToDateOnly()).WriteAsync(warm);
            await planted.WriteAsync(file);
            await Console.Error.WriteLineAsync($"{payments} payments, {planted.Lines} lines, {planted.Planted.Count} differences");
            var (took, peak, sessions) = await EngineAsync(book, warm, file, day);
            var found = await FoundAsync(book.Database);
            var join = await JoinAsync(book, provider, day);
            var falseBreaks = found.Except(planted.Planted).ToList();
            var missed = planted.Planted.Except(found).ToList();
            foreach (var (txn, kind) in falseBreaks.Take(5).Concat(missed.Take(5)))
            {
                await Console.Error.WriteLineAsync($"{(found.Contains((txn, kind)) ? "false" : "missed")}: {txn} {kind}");
            }

            await Console.Error.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture, $"of the peak, sessions of the server at most {sessions:F0} MiB"));
            var ratio = took / join;
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $$"""{"lines":{{planted.Lines}},"planted":{{planted.Planted.Count}},"found":{{found.Count}},"falseBreaks":{{falseBreaks.Count}}"""
                + $$""","seconds":{{took:F2}},"peakMiB":{{peak:F0}},"sqlJoinSeconds":{{join:F2}},"ratio":{{ratio:F2}}}"""));
            return falseBreaks.Count == 0 && missed.Count == 0 && ratio <= MostRatio && peak <= MostMebibytes ? 0 : 1;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static ProviderSettings Named(string code) => EmbeddedCatalogue.Load().Providers.Single(one => one.Code == code);

    private static async Task FillAsync(BookToFill book, long first, int payments, ProviderSettings provider, LocalDate day)
    {
        var from = DateTimeZoneProviders.Tzdb[provider.Zone].AtStartOfDay(day).ToInstant();
        var sql = Processing.Sql.Load("Reconcile/FillDay.sql")
            .Replace("{first}", first.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
            .Replace("{payments}", payments.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
            .Replace("{provider}", provider.Id.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
            .Replace("{from}", InstantPattern.ExtendedIso.Format(from), StringComparison.Ordinal)
            .Replace("{microseconds}", (86_000_000_000L / payments).ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
        foreach (var statement in new[] { sql, "vacuum analyze", "checkpoint" })
        {
            await using var command = book.Database.CreateCommand(statement);
            command.CommandTimeout = 0;
            await command.ExecuteNonQueryAsync();
        }
    }

    private static async Task<(double Took, double PeakMebibytes, double Sessions)> EngineAsync(
        BookToFill book, string warm, string file, LocalDate day)
    {
        var connection = new NpgsqlConnectionStringBuilder(book.ConnectionString) { ApplicationName = "reconciling" };
        var start = new ProcessStartInfo(Environment.ProcessPath!)
        {
            UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true,
        };
        string[] words = ["reconcile-engine", connection.ConnectionString, warm, file, LocalDatePattern.Iso.Format(day)];
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
        {
            start.ArgumentList.Add(typeof(RunReconcile).Assembly.Location);
        }

        foreach (var word in words)
        {
            start.ArgumentList.Add(word);
        }

        using var engine = Process.Start(start)!;
        await engine.StandardOutput.ReadLineAsync();
        PrivateMemory memory;
        string? told;
        await using (memory = await PrivateMemory.WatchAsync(book.ConnectionString, engine))
        {
            await engine.StandardInput.WriteLineAsync();
            await engine.StandardInput.FlushAsync();
            told = await engine.StandardOutput.ReadLineAsync();
            await engine.WaitForExitAsync();
        }

        return told is null ? throw new InvalidOperationException("The engine's process failed.") : (
            double.Parse(told, CultureInfo.InvariantCulture),
            memory.PeakKibibytes / 1024.0, memory.PeakOfSessionsKibibytes / 1024.0);
    }

    private static async Task<HashSet<(string Txn, string Kind)>> FoundAsync(NpgsqlDataSource database)
    {
        await using var command = database.CreateCommand($"select split_part(subject, '/', 2), kind from break_now "
            + $"where state = 'open' and subject like '{Provider}/%'");
        var found = new HashSet<(string, string)>();
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            found.Add((reader.GetString(0), reader.GetString(1)));
        }

        return found;
    }

    /// <summary>The same rows, flat, loaded and analysed; seconds of the second run.</summary>
    private static async Task<double> JoinAsync(BookToFill book, ProviderSettings provider, LocalDate day)
    {
        await using var connection = await book.Database.OpenConnectionAsync();
        async Task<double> RunAsync(string sql)
        {
            var began = Stopwatch.GetTimestamp();
            await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
            await using var reader = await command.ExecuteReaderAsync();
            while (await reader.ReadAsync())
            {
            }

            return Stopwatch.GetElapsedTime(began).TotalSeconds;
        }

        await RunAsync(string.Create(CultureInfo.InvariantCulture, $"""
            create table flat_ours as
            select p.number, p.amount_qepik, 'AZN' as currency, p.account, (p.accepted_at at time zone '{provider.Zone}')::date as day
            from payment p where p.provider_id = {provider.Id}
            """));
        await RunAsync(string.Create(CultureInfo.InvariantCulture, $"""
            create table flat_theirs as
            select l.number, l.amount_qepik, coalesce(l.currency, 'AZN') as currency, l.account, l.day
            from register_in_line l
            join register_in r on r.file_id = l.file_id
            where r.provider_id = {provider.Id}
            """));
        await RunAsync("vacuum analyze flat_ours");
        await RunAsync("vacuum analyze flat_theirs");
        await RunAsync("set work_mem = '256MB'");
        const string Join = """
            select o.number, t.number, o.amount_qepik, t.amount_qepik, o.currency, t.currency, o.account, t.account, o.day, t.day
            from flat_ours o
            full join flat_theirs t on t.number = o.number
            where o.number is null or t.number is null or o.amount_qepik is distinct from t.amount_qepik
                or o.currency is distinct from t.currency or o.account is distinct from t.account or o.day is distinct from t.day
            """;
        await RunAsync(Join);
        return await RunAsync(Join);
    }

    private static int Option(string[] arguments, string name, int otherwise)
    {
        var at = Array.IndexOf(arguments, name);
        return at >= 0 && at + 1 < arguments.Length ? int.Parse(arguments[at + 1], CultureInfo.InvariantCulture) : otherwise;
    }
}
