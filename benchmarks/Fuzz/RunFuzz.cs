using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using EGovPay.Processing.Audit;

namespace EGovPay.Benchmarks.Fuzz;

/// <summary>
/// Hostile input over every endpoint, file and provider's answer, from a seed:
/// <code>dotnet run -c Release --project benchmarks -- fuzz --requests 1000000 --seed 1</code>
/// Nothing may answer 500, crash, hang or write what it refused, and memory stays flat. The last line is JSON; the exit
/// code is 0 only if all of that held. <c>--replay FILE</c> sends one kept input again and shows what comes.
/// </summary>
internal static class RunFuzz
{
    private const int Askers = 48;
    private const int Liars = 4;
    private const int Rounds = 5;

    public static async Task<int> MainAsync(string[] arguments)
    {
        var folder = Option(arguments, "--failures") ?? Path.Combine(Path.GetTempPath(), "egovpay-fuzz-failures");
        if (Option(arguments, "--replay") is { } file)
        {
            return await ReplayAsync(file, folder);
        }

        var requests = int.Parse(Option(arguments, "--requests") ?? "100000", CultureInfo.InvariantCulture);
        var seed = int.Parse(
            Option(arguments, "--seed") ?? Random.Shared.Next().ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
        await Console.Error.WriteLineAsync($"Seed {seed}. Failing inputs go to {folder}.");
        var tally = await RunAsync(requests, seed, Option(arguments, "--database"), folder);
        Console.WriteLine(tally.Line());
        return tally.Good ? 0 : 1;
    }

    /// <summary>A whole run; for tests too.</summary>
    /// <param name="database">A new migrated database; null: a private cluster.</param>
    public static async Task<FuzzTally> RunAsync(int requests, int seed, string? database, string folder)
    {
        await using var centre = await FuzzedCentre.StartAsync(database);
        var tally = new FuzzTally(folder, seed);
        var promises = new Promises();
        await promises.RememberAsync(centre.Database);
        var operations = await FuzzHttp.OperationsAsync(centre.Server.Address);
        var askers = Enumerable.Range(0, Askers)
            .Select(worker => new FuzzHttp(seed, worker, centre, operations, promises, tally)).ToList();
        var liars = Enumerable.Range(0, Liars).Select(worker => new FuzzAnswers(seed + worker, tally)).ToList();
        var files = new FuzzFiles(seed, tally);
        var began = Stopwatch.GetTimestamp();
        double? warm = null;
        for (var round = 0; round < Rounds; round++)
        {
            var share = requests / Rounds;
            await RoundAsync(share, askers, liars, files);
            var memory = centre.Server.ResidentMebibytes;
            warm ??= memory;
            tally.MemoryGrowthMebibytes = memory - warm.Value;
            await CompareAsync(centre, promises, tally);
            await Console.Error.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"{tally.Requests} requests, {Stopwatch.GetElapsedTime(began).TotalSeconds:F0} s, the server has {memory:F0} MiB"));
        }

        tally.Seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        askers.ForEach(asker => asker.Dispose());
        liars.ForEach(liar => liar.Dispose());
        return tally;
    }

    /// <summary>One in a hundred inputs is a file, one in forty a provider's answer, the rest are requests.</summary>
    private static async Task RoundAsync(
        int share, IReadOnlyList<FuzzHttp> askers, IReadOnlyList<FuzzAnswers> liars, FuzzFiles files)
    {
        var (toFiles, toLiars) = (share / 100, share / 40);
        var left = new StrongBox<int>(share - toFiles - toLiars);
        var toLie = new StrongBox<int>(toLiars);
        var working = askers.Select(asker => Task.Run(() => ManyAsync(left, asker.AskAsync))).ToList();
        working.AddRange(liars.Select(liar => Task.Run(() => ManyAsync(toLie, liar.AskAsync))));
        working.Add(Task.Run(() =>
        {
            for (; toFiles > 0; toFiles--)
            {
                files.Read();
            }
        }));
        await Task.WhenAll(working);
    }

    /// <summary>Asks until the common share is used up.</summary>
    private static async Task ManyAsync(StrongBox<int> left, Func<Task> ask)
    {
        while (Interlocked.Decrement(ref left.Value) >= 0)
        {
            await ask();
        }
    }

    private static async Task CompareAsync(FuzzedCentre centre, Promises promises, FuzzTally tally)
    {
        var faults = (await promises.CompareAsync(centre.Database)).ToList();
        var audit = await AuditBooks.RunAsync(centre.Database);
        faults.AddRange(audit.Invariants.Where(one => one.Violations > 0).Select(one => $"audit: {one}"));
        tally.Strays = [.. tally.Strays, .. faults];
        foreach (var fault in faults.Take(20))
        {
            await Console.Error.WriteLineAsync(fault);
        }
    }

    private static async Task<int> ReplayAsync(string file, string folder)
    {
        var bytes = await File.ReadAllBytesAsync(file);
        var end = Array.IndexOf(bytes, (byte)'\n');
        var kind = JsonDocument.Parse(bytes.AsMemory(0, end)).RootElement.GetProperty("kind").GetString()!;
        var input = bytes[(end + 1)..];
        var tally = new FuzzTally(folder, 0);
        if (kind.StartsWith("file ", StringComparison.Ordinal))
        {
            new FuzzFiles(0, tally).Replay(kind, input);
        }
        else if (kind == "answer")
        {
            using var liar = new FuzzAnswers(0, tally);
            await liar.ReplayAsync(input);
        }
        else
        {
            await using var centre = await FuzzedCentre.StartAsync(database: null);
            await SendAgainAsync(centre, kind, input, tally);
        }

        Console.WriteLine(tally.Line());
        return tally.Good ? 0 : 1;
    }

    private static async Task SendAgainAsync(FuzzedCentre centre, string kind, byte[] input, FuzzTally tally)
    {
        var text = Encoding.Latin1.GetString(input);
        var line = text.IndexOf('\n', StringComparison.Ordinal);
        var sending = Enum.Parse<Sending>(text[..line]);
        foreach (var terminal in centre.Terminals)
        {
            text = text.Replace($"{{{{KEY:{terminal.Code}}}}}", terminal.Key, StringComparison.Ordinal).Replace(
                $"{{{{BASIC:{terminal.Code}}}}}",
                Convert.ToBase64String(Encoding.UTF8.GetBytes($"{terminal.Code}:{terminal.Key}")), StringComparison.Ordinal);
        }

        using var connection = await RawConnection.OpenAsync(centre.Server.Address, new Random(1));
        var exchanged = await connection.ExchangeAsync(
            new FuzzedInput(kind, Encoding.Latin1.GetBytes(text[(line + 1)..]), sending, Promise.Nothing), TimeSpan.FromSeconds(5));
        tally.Asked();
        foreach (var answer in exchanged.Answers)
        {
            tally.Status(answer.Status);
            await Console.Error.WriteLineAsync($"{answer.Head}\n{answer.BodyText}");
            if (answer.Status >= 500 && answer.Status is not (503 or 505))
            {
                tally.ServerError(kind, input, answer.Head);
            }
        }

        if (exchanged.Hung)
        {
            tally.Hang(kind, input);
        }

        await Console.Error.WriteLineAsync($"{exchanged.Answers.Count} answers, hung {exchanged.Hung}, broken {exchanged.Broken}");
        await Console.Error.WriteLineAsync(centre.Server.Log);
    }

    private static string? Option(string[] arguments, string name)
    {
        var at = Array.IndexOf(arguments, name);
        return at >= 0 && at + 1 < arguments.Length ? arguments[at + 1] : null;
    }
}
