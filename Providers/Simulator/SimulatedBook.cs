using System.Collections.Concurrent;
using EGovPay.Processing.Catalogue;
using EGovPay.Providers.Osmp;

namespace EGovPay.Providers.Simulator;

/// <summary>What a simulated provider was asked to pay.</summary>
/// <param name="Date">yyyyMMddHHmmss, the caller's accounting date in the provider's zone.</param>
internal readonly record struct PayOrder(
    ProviderSettings Provider, UInt128 Number, string Account, long AmountQepik, long Date, int Service);

/// <summary>What it says, before the wire is lied on.</summary>
internal enum Said { Accepted, Declined, Later, NotFinished, UsedDifferently, NotSeen, Reversed, Kept }

/// <summary>The words, and what is done to the wire that carries them.</summary>
/// <param name="Code">With Declined: the OSMP code.</param>
internal readonly record struct Saying(Said Said, Lie OnTheWire, int Code, long Transaction, bool NotOurs);

/// <summary>One transaction as the provider knows it. Guarded by a lock on itself.</summary>
internal sealed class Transaction
{
    public required ProviderSettings Provider { get; init; }
    public required UInt128 Number { get; init; }
    public required string Account { get; init; }
    public required long AmountQepik { get; init; }
    public required long Date { get; init; }
    public required int Service { get; init; }
    public long Own { get; set; }
    public int Asked { get; set; }
    public int Credited { get; set; }
    public int DeclineCode { get; set; }
    public bool Recorded { get; set; }

    /// <summary>How often it was taken back; more than once only where nothing is de-duplicated.</summary>
    public int Reversed { get; set; }

    /// <summary>A final no to a reversal: the code; 0 there was none.</summary>
    public int KeptCode { get; set; }
    public int ReversalAsks { get; set; }

    /// <summary>A request to take it back left a trace: a question about it has an answer.</summary>
    public bool ReversalHeard { get; set; }

    /// <summary>The number under which it was first asked back; 0: it never was, or by a protocol without such numbers.</summary>
    public UInt128 CancelNumber { get; set; }
}

/// <summary>
/// Everything that all simulated providers know: by provider and transaction number. Each decision is made under the
/// transaction's own lock, written to the record, and only then said.
/// </summary>
internal sealed partial class SimulatedBook : IAsyncDisposable
{
    private static readonly int[] DeclineCodes = [5, 79, 4, 7, 8, 241, 242, 243, 300];

    private readonly ConcurrentDictionary<(int Provider, UInt128 Number), Transaction> transactions = new();
    private readonly RecordFile record;
    private readonly long seed;
    private long lastOwn;

    public SimulatedBook(SimulatorSettings settings)
    {
        seed = settings.Seed;
        Lies = settings.Lies;
        var byCode = settings.Providers.ToDictionary(one => one.Code, StringComparer.Ordinal);
        record = RecordFile.Open(settings.RecordFile, settings.Fsync, line => Restore(byCode, line));
    }

    /// <summary>The lies in force; replaced whole.</summary>
    public Lies Lies { get; set; }

    /// <summary>All transactions, in no order.</summary>
    public IEnumerable<Transaction> All => transactions.Values;

    public int Count => transactions.Count;

    public Transaction? Find(ProviderSettings provider, UInt128 number) =>
        transactions.GetValueOrDefault((provider.Id, number));

    /// <param name="byFile">A line of a register: it meets no lies but the refusals of magic accounts.</param>
    public async ValueTask<Saying> PayAsync(PayOrder order, bool byFile = false)
    {
        var known = transactions.GetOrAdd((order.Provider.Id, order.Number), static (_, order) => new Transaction
        {
            Provider = order.Provider,
            Number = order.Number,
            Account = order.Account,
            AmountQepik = order.AmountQepik,
            Date = order.Date,
            Service = order.Service,
        }, order);
        Saying saying;
        Task recorded;
        lock (known)
        {
            var lie = byFile ? InAFile(known) : LieOf(known);
            saying = Decide(known, order, lie);
            if (lie == Lie.Twice && known.Asked == 1)
            {
                saying = Decide(known, order, lie);
            }

            recorded = known.Recorded ? record.WrittenAsync() : Record(known, 'A', 0);
        }

        await recorded;
        return saying;
    }

    /// <summary>
    /// What became of it: the question of the JSON protocol. Nothing is credited by a question, except what was put
    /// off.
    /// </summary>
    public async ValueTask<Saying> AskAsync(ProviderSettings provider, UInt128 number)
    {
        if (Find(provider, number) is not { } known)
        {
            return new(Said.NotSeen, Lie.None, 0, 0, false);
        }

        Saying saying;
        Task recorded;
        lock (known)
        {
            var lie = LieOf(known);

            // A transaction that came, was not credited and was not put off either, left no trace with the provider.
            saying = ReversalOf(known) is { } reversal ? reversal
                : known is { Credited: 0, DeclineCode: 0 } && lie is not (Lie.Temporary or Lie.TemporaryForEver)
                ? new(Said.NotSeen, OnTheWire(lie, known.Asked++), 0, 0, false)
                : Decide(known, null, lie);
            recorded = record.WrittenAsync();
        }

        await recorded;
        return saying;
    }

    /// <summary>Credits a line of a register once. False: refused, with the code.</summary>
    public async ValueTask<int> TakeRegisterLineAsync(PayOrder order)
    {
        var saying = await PayAsync(order, byFile: true);
        return saying.Said switch
        {
            Said.Accepted => 0,
            Said.Declined => saying.Code,
            Said.UsedDifferently => OsmpResult.Other,
            _ => OsmpResult.AccountNotCheckable,
        };
    }

    public ValueTask DisposeAsync() => record.DisposeAsync();

    private Lie LieOf(Transaction known)
    {
        var magic = Lies.MagicAccounts ? MagicAccounts.LieOf(MagicAccounts.Of(known.Account)) : Lie.None;
        return magic != Lie.None ? magic : Lies.Of(seed, known.Provider.Code, known.Number);
    }

    private Lie InAFile(Transaction known) =>
        Lies.MagicAccounts && MagicAccounts.LieOf(MagicAccounts.Of(known.Account)) is Lie.Decline and var lie ? lie
            : Lie.None;

    private Saying Decide(Transaction known, PayOrder? order, Lie lie)
    {
        var attempt = ++known.Asked;
        var wire = OnTheWire(lie, attempt - 1);
        if (order is { } again && (again.AmountQepik != known.AmountQepik || again.Service != known.Service
            || !string.Equals(again.Account, known.Account, StringComparison.Ordinal)))
        {
            return new(Said.UsedDifferently, Lie.None, OsmpResult.Other, 0, false);
        }

        if (known.DeclineCode != 0)
        {
            return new(Said.Declined, wire, known.DeclineCode, 0, lie == Lie.NotOurs);
        }

        if (known.Credited > 0)
        {
            if (!Lies.Deduplicates && order is not null)
            {
                Credit(known);
            }

            return Repeated(known, lie, attempt, wire);
        }

        switch (lie)
        {
            case Lie.Decline or Lie.NotOurs:
                return Decline(known, lie, wire);
            case Lie.SilentBeforeCredit or Lie.DropBeforeCredit or Lie.ErrorBeforeCredit or Lie.BrokenBeforeCredit
                when wire != Lie.None:
                return new(Said.Later, wire, 0, 0, false);
            case Lie.TemporaryForEver:
            case Lie.Temporary when attempt <= Lies.TemporaryAsks:
                return new(Said.Later, Lie.None, 0, 0, false);
            default:
                Credit(known);
                return Repeated(known, lie, attempt, wire);
        }
    }

    private Saying Repeated(Transaction known, Lie lie, int attempt, Lie wire) => lie switch
    {
        Lie.NotFinished when attempt <= Lies.TemporaryAsks => new(Said.NotFinished, Lie.None, 0, known.Own, false),
        Lie.FinalErrorAfterCredit when attempt > 1
            && known.Provider is { DeduplicatesFirst: false, Protocol: "osmp" } =>
            new(Said.Declined, Lie.None, OsmpResult.AccountInactive, 0, false),
        _ => new(Said.Accepted, wire, 0, known.Own, false),
    };

    /// <summary>What is done to the wire for an attempt, counted from 0.</summary>
    private Lie OnTheWire(Lie lie, int attempt) => lie switch
    {
        Lie.SilentForEver => Lie.SilentAfterCredit,
        Lie.Late when attempt == 0 => Lie.Late,
        Lie.FinalErrorAfterCredit when attempt == 0 => Lie.SilentAfterCredit,
        Lie.SilentAfterCredit or Lie.SilentBeforeCredit or Lie.DropAfterCredit or Lie.DropBeforeCredit
            or Lie.ErrorAfterCredit or Lie.ErrorBeforeCredit or Lie.BrokenAfterCredit or Lie.BrokenBeforeCredit
            or Lie.AnotherTransaction or Lie.AnotherSum when attempt < Lies.Attempts => lie,
        _ => Lie.None,
    };

    private Saying Decline(Transaction known, Lie lie, Lie wire)
    {
        var magic = MagicAccounts.DeclineOf(MagicAccounts.Of(known.Account));
        known.DeclineCode = lie == Lie.NotOurs ? OsmpResult.Other
            : magic != 0 && Lies.MagicAccounts ? magic
            : DeclineCodes[(int)(Draw.From(seed, "decline", (ulong)known.Number) % (ulong)DeclineCodes.Length)];
        _ = Record(known, 'D', known.DeclineCode);
        return new(Said.Declined, wire, known.DeclineCode, 0, lie == Lie.NotOurs);
    }

    private void Credit(Transaction known)
    {
        known.Own = known.Own == 0 ? Interlocked.Increment(ref lastOwn) : known.Own;
        known.Credited++;
        _ = Record(known, 'C', 0);
    }

    /// <summary>Whoever speaks waits for the group once, at the end: see PayAsync.</summary>
    private Task Record(Transaction known, char kind, int code)
    {
        known.Recorded = true;
        return record.Append(new RecordLine(
            kind, known.Provider.Code, known.Number, known.Own, known.AmountQepik, known.Date, known.Service, code,
                known.Account, known.CancelNumber));
    }

    private void Restore(Dictionary<string, ProviderSettings> byCode, RecordLine line)
    {
        if (!byCode.TryGetValue(line.Provider, out var provider))
        {
            throw new InvalidDataException(
                $"The record speaks of a provider that the catalogue has not: {line.Provider}.");
        }

        var known = transactions.GetOrAdd((provider.Id, line.Number), _ => new Transaction
        {
            Provider = provider,
            Number = line.Number,
            Account = line.Account,
            AmountQepik = line.AmountQepik,
            Date = line.Date,
            Service = line.Service,
            Recorded = true,
        });
        known.Asked = Math.Max(known.Asked, 1);
        known.DeclineCode = line.Kind == 'D' ? line.Code : known.DeclineCode;
        if (line.Kind == 'C')
        {
            known.Credited++;
            known.Own = line.Transaction;
            lastOwn = Math.Max(lastOwn, line.Transaction);
        }
        else if (line.Kind is 'R' or 'K')
        {
            known.Reversed += line.Kind == 'R' ? 1 : 0;
            known.KeptCode = line.Kind == 'K' ? line.Code : known.KeptCode;
            known.ReversalAsks = Math.Max(known.ReversalAsks, 1);
            known.ReversalHeard = true;
            known.CancelNumber = line.Cancel;
        }
    }
}
