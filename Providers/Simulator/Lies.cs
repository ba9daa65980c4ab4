using System.Collections.Frozen;
using System.Globalization;

namespace EGovPay.Providers.Simulator;

/// <summary>What a simulated provider does instead of answering the plain truth at once.</summary>
public enum Lie
{
    None,

    /// <summary>Credits, and answers late.</summary>
    Late,

    /// <summary>Credits, and answers nothing.</summary>
    SilentAfterCredit,

    /// <summary>Answers nothing, and credits nothing.</summary>
    SilentBeforeCredit,

    /// <summary>Credits, and drops the connection.</summary>
    DropAfterCredit,

    /// <summary>Drops the connection, and credits nothing.</summary>
    DropBeforeCredit,

    /// <summary>Credits, and answers HTTP 500.</summary>
    ErrorAfterCredit,

    /// <summary>Answers HTTP 503, and credits nothing.</summary>
    ErrorBeforeCredit,

    /// <summary>Credits, and answers a body that is cut off.</summary>
    BrokenAfterCredit,

    /// <summary>Answers a body that is cut off, and credits nothing.</summary>
    BrokenBeforeCredit,

    /// <summary>Says "later" (1, pending) for a few times, and then credits.</summary>
    Temporary,

    /// <summary>Credits at once, but says "not finished" (90, pending) for a few times.</summary>
    NotFinished,

    /// <summary>A final no, for one of the reasons of the protocol.</summary>
    Decline,

    /// <summary>A final no: the number was ported to another operator.</summary>
    NotOurs,

    /// <summary>
    /// Handles the request twice, as a network that duplicates would: credits twice unless it de-duplicates.
    /// </summary>
    Twice,

    /// <summary>Credits, and gives another transaction's number in its OK.</summary>
    AnotherTransaction,

    /// <summary>Credits, and gives another sum in its OK.</summary>
    AnotherSum,

    /// <summary>
    /// Credits silently, and answers a final error to every repeat, where it does not de-duplicate first.
    /// </summary>
    FinalErrorAfterCredit,

    /// <summary>Credits, and never answers anything to anyone.</summary>
    SilentForEver,

    /// <summary>Never credits, and says "later" for ever.</summary>
    TemporaryForEver,
}

/// <summary>
/// How much it lies: a rate for each lie, in millionths of the transactions. Which transaction meets which lie is
/// decided by the seed, the provider and the transaction's number alone, so a run is the same run again.
/// </summary>
public sealed record Lies
{
    private const int Million = 1_000_000;

    /// <summary>No lies, magic accounts apart.</summary>
    public static readonly Lies None = new();

    /// <summary>A rate for each lie, millionths, in order of the enum; their sum ≤ 1 000 000.</summary>
    public IReadOnlyList<KeyValuePair<Lie, int>> Rates { get; init; } = [];

    /// <summary>The code of the only provider that lies by rate; null: all do.</summary>
    public string? Provider { get; init; }

    /// <summary>How late a late answer is, milliseconds. Default 3 000.</summary>
    public int LateMilliseconds { get; init; } = 3_000;

    /// <summary>
    /// How long a silent connection is held before it is dropped, milliseconds. Default 90 000: longer than anyone
    /// waits.
    /// </summary>
    public int SilenceMilliseconds { get; init; } = 90_000;

    /// <summary>How many times a transaction is asked about before "later" becomes the truth. Default 2.</summary>
    public int TemporaryAsks { get; init; } = 2;

    /// <summary>For how many attempts a transaction meets silence, drops, errors or broken bodies. Default 1.</summary>
    public int Attempts { get; init; } = 1;

    /// <summary>False: a repeated transaction is credited again. For tests of the audit only.</summary>
    public bool Deduplicates { get; init; } = true;

    /// <summary>False: accounts are just accounts.</summary>
    public bool MagicAccounts { get; init; } = true;

    /// <summary>Every lie by its name on the command line and the wire: kebab-case.</summary>
    public static readonly FrozenDictionary<string, Lie> Names = Enum.GetValues<Lie>()
        .ToFrozenDictionary(Name, StringComparer.Ordinal);

    /// <summary><c>SilentAfterCredit</c> is <c>silent-after-credit</c>.</summary>
    public static string Name(Lie lie)
    {
        var name = lie.ToString();
        return string.Concat(name.Select((letter, i) =>
            i > 0 && char.IsAsciiLetterUpper(letter) ? $"-{char.ToLowerInvariant(letter)}"
                : $"{char.ToLowerInvariant(letter)}"));
    }

    /// <summary>
    /// Takes one <c>name=rate</c> more, rate from 0 to 1 with at most six decimals (<c>silent-after-credit=0.01</c>),
    /// and says what is wrong with it where something is.
    /// </summary>
    public static bool TryAdd(Lies lies, string text, out Lies result, out string? fault)
    {
        result = lies;
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        if (equals < 0 || !Names.TryGetValue(text[..equals].Trim(), out var lie) || lie == Lie.None)
        {
            var names = Names.Keys.Where(name => name != "none").Order(StringComparer.Ordinal);
            fault = $"'{text}' is not name=rate; the names are {string.Join(", ", names)}";
            return false;
        }

        if (!decimal.TryParse(
            text.AsSpan(equals + 1), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var rate)
            || rate is < 0 or > 1)
        {
            fault = $"'{text}': a rate lies between 0 and 1";
            return false;
        }

        var rates = lies.Rates.Where(one => one.Key != lie)
            .Append(new(lie, (int)(rate * Million))).OrderBy(one => one.Key).ToArray();
        fault = rates.Sum(one => one.Value) > Million ? "the rates come to more than 1" : null;
        result = fault is null ? lies with { Rates = rates } : lies;
        return fault is null;
    }

    /// <summary>The lie that this transaction meets by rate.</summary>
    internal Lie Of(long seed, string provider, UInt128 transaction) => Drawn(seed, provider, provider, transaction);

    /// <summary>The lie that its reversal meets by rate: another draw at the same rates.</summary>
    internal Lie OfReversal(long seed, string provider, UInt128 transaction) =>
        Rates.Count == 0 ? Lie.None : Drawn(seed, provider, $"reversal {provider}", transaction);

    private Lie Drawn(long seed, string provider, string from, UInt128 transaction)
    {
        if (Rates.Count == 0 || (Provider is not null && !string.Equals(Provider, provider, StringComparison.Ordinal)))
        {
            return Lie.None;
        }

        var drawn = (int)(Draw.From(seed, from, (ulong)transaction ^ (ulong)(transaction >> 64)) % Million);
        foreach (var (lie, rate) in Rates)
        {
            drawn -= rate;
            if (drawn < 0)
            {
                return lie;
            }
        }

        return Lie.None;
    }
}

/// <summary>
/// Draws that depend on nothing but what they are drawn from: the same in every run and on every machine.
/// </summary>
internal static class Draw
{
    /// <summary>64 well-mixed bits from a seed, a text and a number.</summary>
    public static ulong From(long seed, ReadOnlySpan<char> text, ulong number = 0)
    {
        unchecked
        {
            var state = Mixed((ulong)seed + 0x9E3779B97F4A7C15UL);
            foreach (var letter in text)
            {
                state = (state ^ letter) * 0x100000001B3UL;
            }

            return Mixed(Mixed(state) ^ (number * 0xD6E8FEB86659FD93UL));
        }
    }

    private static ulong Mixed(ulong state)
    {
        unchecked
        {
            state = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9UL;
            state = (state ^ (state >> 27)) * 0x94D049BB133111EBUL;
            return state ^ (state >> 31);
        }
    }
}
