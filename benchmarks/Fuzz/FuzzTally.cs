using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace EGovPay.Benchmarks.Fuzz;

/// <summary>What a fuzz run found; failing inputs are kept as files that `--replay` takes.</summary>
internal sealed class FuzzTally(string folder, int seed)
{
    private const int MostKept = 50;

    private readonly ConcurrentDictionary<int, long> statuses = [];
    private readonly ConcurrentQueue<string> kept = [];
    private long requests;
    private int crashes;
    private int hangs;
    private int serverErrors;
    private int unanswered;

    /// <summary>What the database holds and no good answer told of, or the other way round.</summary>
    public IReadOnlyList<string> Strays { get; set; } = [];

    public double MemoryGrowthMebibytes { get; set; }

    /// <summary>The most that the server's resident memory may grow after the warm-up.</summary>
    public double MemoryBoundMebibytes { get; init; } = 160;

    public double Seconds { get; set; }

    public long Requests => Interlocked.Read(ref requests);

    public IReadOnlyCollection<string> Kept => kept;

    public bool Good => crashes == 0 && hangs == 0 && serverErrors == 0 && Strays.Count == 0
        && MemoryGrowthMebibytes <= MemoryBoundMebibytes;

    public void Asked() => Interlocked.Increment(ref requests);

    public void Unanswered() => Interlocked.Increment(ref unanswered);

    public void Status(int status) => statuses.AddOrUpdate(status, 1, static (_, count) => count + 1);

    public void Crash(string kind, byte[] input, string what)
    {
        Interlocked.Increment(ref crashes);
        Keep("crash", kind, input, what);
    }

    public void Hang(string kind, byte[] input)
    {
        Interlocked.Increment(ref hangs);
        Keep("hang", kind, input, "no answer in time");
    }

    public void ServerError(string kind, byte[] input, string what)
    {
        Interlocked.Increment(ref serverErrors);
        Keep("error", kind, input, what);
    }

    /// <summary>The last line of a run.</summary>
    public string Line()
    {
        var text = new StringBuilder();
        foreach (var (status, count) in statuses.OrderBy(one => one.Key))
        {
            text.Append(text.Length == 0 ? "" : ",").Append(CultureInfo.InvariantCulture, $"\"{status}\":{count}");
        }

        return string.Create(
            CultureInfo.InvariantCulture,
            $$"""{"requests":{{Requests}},"seed":{{seed}},"statuses":{{{text}}},"crashes":{{crashes}},"hangs":{{hangs}}"""
            + $$""","serverErrors":{{serverErrors}},"strayWrites":{{Strays.Count}},"unanswered":{{unanswered}}"""
            + $$""","memoryGrowthMiB":{{MemoryGrowthMebibytes:F1}},"memoryBoundMiB":{{MemoryBoundMebibytes:F0}},"seconds":{{Seconds:F1}}}""");
    }

    /// <summary>A file: a line of JSON that says what it is, then the bytes.</summary>
    private void Keep(string fault, string kind, byte[] input, string what)
    {
        if (kept.Count >= MostKept)
        {
            return;
        }

        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, FormattableString.Invariant($"{fault}-{seed}-{Guid.NewGuid():N}.fuzz"));
        var head = JsonSerializer.Serialize(new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["kind"] = kind, ["fault"] = fault, ["what"] = what.Length > 2_000 ? what[..2_000] : what,
        });
        File.WriteAllBytes(path, [.. Encoding.UTF8.GetBytes(head + "\n"), .. input]);
        kept.Enqueue(path);
        Console.Error.WriteLine($"{fault}, {kind}: {(what.Length > 300 ? what[..300] : what)}\n  kept as {path}");
    }
}
