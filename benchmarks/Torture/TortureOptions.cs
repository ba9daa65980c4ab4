using System.Globalization;

namespace EGovPay.Benchmarks.Torture;

/// <summary>What a run of the torture was told.</summary>
internal sealed record TortureOptions
{
    /// <summary>Kinds of faults by their names on the command line.</summary>
    public static readonly string[] AllFaults =
        ["kill-node", "kill-simulator", "stop-postgres", "freeze", "links", "lies", "cancels", "reversals"];

    /// <summary>Rounds, at least 1. Default 30.</summary>
    public int Rounds { get; init; } = 30;

    /// <summary>Decides the payments, the faults and their order. Default 1.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Payers a round; on a crowded machine some never get to begin. Default 4 000.</summary>
    public int Payments { get; init; } = 4_000;

    /// <summary>Over how many seconds of a round the payers come, and the faults with them. Default 22.</summary>
    public int Seconds { get; init; } = 22;

    /// <summary>Seconds that a round may take to settle, faults and lies over. Default 120.</summary>
    public int SettleSeconds { get; init; } = 120;

    /// <summary>The kinds of faults that happen. Default all.</summary>
    public IReadOnlySet<string> Faults { get; init; } = AllFaults.ToHashSet(StringComparer.Ordinal);

    /// <summary>The egovpay.dll that is tortured; default: the one beside this program.</summary>
    public string Program { get; init; } = Path.Combine(AppContext.BaseDirectory, "egovpay.dll");

    /// <summary>A defect that was planted in that program, or null: the truth.</summary>
    public string? Defect { get; init; }

    /// <summary>Only services of this protocol (osmp, json); null: both.</summary>
    public string? Protocol { get; init; }

    /// <summary>The lies themselves, as the simulator's control takes them; null: drawn.</summary>
    public string? Lies { get; init; }

    /// <summary>The least seconds that a node stays frozen. Default 6 and up to 14 more; another, and up to 2 more.</summary>
    public int FreezeSeconds { get; init; } = 6;

    /// <summary>How late the answers of PostgreSQL reach the nodes all the time, milliseconds. Default 0.</summary>
    public int PostgresDelay { get; init; }

    /// <summary>Keeps the folder with all books and logs, also of a good run.</summary>
    public bool Keep { get; init; }

    public bool Has(string fault) => Faults.Contains(fault);

    /// <summary>Reads the arguments after the command's name; null and a word to the user where one is wrong.</summary>
    public static TortureOptions? Read(ReadOnlySpan<string> arguments, TextWriter errors)
    {
        var options = new TortureOptions();
        for (var at = 0; at < arguments.Length; at++)
        {
            var name = arguments[at];
            if (name == "--keep")
            {
                options = options with { Keep = true };
                continue;
            }

            if (at + 1 == arguments.Length || With(options, name, arguments[++at]) is not { } read)
            {
                errors.WriteLine(
                    $"{name}: torture [--rounds 30] [--seed 1] [--payments 4000] [--seconds 22] [--settle 120] "
                    + $"[--faults {string.Join(',', AllFaults)}|none] [--program egovpay.dll] [--defect NAME] [--keep] "
                    + "[--protocol osmp|json] [--lies JSON] [--freeze 6] [--postgres-delay 0]");
                return null;
            }

            options = read;
        }

        return options;
    }

    private static TortureOptions? With(TortureOptions options, string name, string value)
    {
        int? Whole(int least, int most) =>
            int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                && number >= least && number <= most ? number : null;
        return name switch
        {
            "--rounds" when Whole(1, 10_000) is { } rounds => options with { Rounds = rounds },
            "--seed" when Whole(0, int.MaxValue) is { } seed => options with { Seed = seed },
            "--payments" when Whole(1, 100_000) is { } payments => options with { Payments = payments },
            "--seconds" when Whole(2, 600) is { } seconds => options with { Seconds = seconds },
            "--settle" when Whole(5, 600) is { } seconds => options with { SettleSeconds = seconds },
            "--program" when File.Exists(value) => options with { Program = Path.GetFullPath(value) },
            "--freeze" when Whole(1, 60) is { } seconds => options with { FreezeSeconds = seconds },
            "--postgres-delay" when Whole(0, 2_000) is { } delay => options with { PostgresDelay = delay },
            "--protocol" when value is "osmp" or "json" => options with { Protocol = value },
            "--lies" => options with { Lies = value },
            "--defect" => options with { Defect = value },
            "--faults" when ReadFaults(value) is { } faults => options with { Faults = faults },
            _ => null,
        };
    }

    private static HashSet<string>? ReadFaults(string value)
    {
        var named = value is "none" ? [] : value is "all" ? AllFaults : value.Split(',');
        return named.All(AllFaults.Contains) ? named.ToHashSet(StringComparer.Ordinal) : null;
    }
}
