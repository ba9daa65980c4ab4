using System.Collections.Concurrent;
using System.Globalization;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Dispatch;

namespace EGovPay.Tests.Simulation;

/// <summary>What a provider does with a payment; it always remembers what it truly did.</summary>
internal enum Lie
{
    Honest,
    Declines,
    DeclinesForNow,

    /// <summary>Says nothing and has done nothing.</summary>
    SilentBefore,

    /// <summary>Credits the payer and says nothing.</summary>
    SilentAfter,

    /// <summary>Credits the payer, but only when the time limit has passed.</summary>
    TooLate,

    /// <summary>Answers after a while, when the caller may already have been told to look again.</summary>
    Slow,
    NotSent,

    /// <summary>The adapter fails by a defect, before or after crediting.</summary>
    FailsBefore,
    FailsAfter,

    /// <summary>Confirms with a text that the database cannot keep, until it is asked.</summary>
    Garbles,
}

/// <summary>The record that all providers of a simulation share: what was truly credited, by number.</summary>
internal sealed class ProvidersRecord(int seed)
{
    private readonly ConcurrentDictionary<long, Entry> entries = new();
    private readonly ConcurrentQueue<string> complaints = new();

    public IReadOnlyDictionary<long, Entry> Entries => entries;

    /// <summary>What no engine may do to a provider.</summary>
    public IReadOnlyCollection<string> Complaints => complaints;

    /// <summary>The payer's account decides, so that a seed gives the same lies whatever the threads do.</summary>
    public Lie LieFor(string account)
    {
        var roll = new Random(HashCode(account)).Next(100);
        return roll switch
        {
            < 60 => Lie.Honest,
            < 67 => Lie.Declines,
            < 70 => Lie.DeclinesForNow,
            < 75 => Lie.SilentBefore,
            < 82 => Lie.SilentAfter,
            < 85 => Lie.TooLate,
            < 90 => Lie.Slow,
            < 93 => Lie.NotSent,
            < 95 => Lie.FailsBefore,
            < 97 => Lie.FailsAfter,
            _ => Lie.Garbles,
        };
    }

    /// <summary>How many questions are met with silence before there is an answer, 0–2.</summary>
    public int SilencesFor(string account) => HashCode("asks" + account) % 3;

    /// <summary>Does a question about a payment that never arrived deliver it (as a repeat would), or decline it?</summary>
    public bool QuestionDelivers(string account) => HashCode("delivers" + account) % 2 == 0;

    /// <summary>What a reversal meets; drawn from the account as everything else is.</summary>
    public Lie ReversalLieFor(string account) => new Random(HashCode("reverse" + account)).Next(100) switch
    {
        < 50 => Lie.Honest,
        < 65 => Lie.Declines,
        < 78 => Lie.SilentBefore,
        < 92 => Lie.SilentAfter,
        _ => Lie.FailsAfter,
    };

    /// <summary>Takes a credited payment back, once. Another number for the same wish is something no engine may send.</summary>
    public bool Reverses(Entry entry, Reversal reversal)
    {
        if (entry.CancelNumber is { } known && known != reversal.CancelNumber)
        {
            complaints.Enqueue($"the reversal of {reversal.Delivery.Number} came under two numbers");
        }

        entry.CancelNumber = reversal.CancelNumber;
        return entry.Reverse();
    }

    public Entry Arrives(Delivery delivery, bool asked)
    {
        var entry = entries.GetOrAdd(delivery.Number, _ => new Entry(delivery.Account, delivery.AmountQepik));
        if (entry.Account != delivery.Account || entry.AmountQepik != delivery.AmountQepik)
        {
            complaints.Enqueue($"number {delivery.Number} was given to two payments");
        }

        if (!asked && Interlocked.Increment(ref entry.Pays) > 1)
        {
            complaints.Enqueue($"number {delivery.Number} was sent as new twice");
        }

        if (asked != delivery.PerhapsSentBefore)
        {
            complaints.Enqueue($"number {delivery.Number} was asked about as new, or sent as a repeat");
        }

        return entry;
    }

    /// <summary>FNV-1a: string.GetHashCode differs from run to run.</summary>
    private int HashCode(string text)
    {
        var hash = 2166136261u ^ (uint)seed;
        foreach (var letter in text)
        {
            hash = unchecked((hash ^ letter) * 16777619u);
        }

        return (int)(hash & int.MaxValue);
    }

    /// <summary>What a provider knows of one number.</summary>
    internal sealed class Entry(string account, long amountQepik)
    {
        public int Pays;

        public string Account { get; } = account;

        public long AmountQepik { get; } = amountQepik;

        public int Credits { get; private set; }

        public bool Declined { get; private set; }

        public int Asks { get; set; }

        public int ReversalAsks { get; set; }

        public long? CancelNumber { get; set; }

        public bool Reversed { get; private set; }

        /// <summary>False: there is nothing to take back.</summary>
        public bool Reverse()
        {
            lock (this)
            {
                Reversed |= Credits > 0;
                return Reversed;
            }
        }

        /// <summary>Credits the payer once; a payment that was declined stays declined.</summary>
        public bool Credit()
        {
            lock (this)
            {
                Credits += Credits == 0 && !Declined ? 1 : 0;
                return !Declined;
            }
        }

        public bool Decline()
        {
            lock (this)
            {
                Declined |= Credits == 0;
                return Declined;
            }
        }
    }
}

/// <summary>A provider in the process of the test, another implementation of the port than those of Providers/.</summary>
internal sealed class LyingProvider(ProviderSettings settings, ProvidersRecord record) : IProvider
{
    public ProviderSettings Settings { get; } = settings with { TimeoutSeconds = 1, ConcurrencyLimit = 64 };

    public Task<InquiryAnswer> InquireAsync(InquiryQuestion question, CancellationToken deadline) =>
        Task.FromResult(new InquiryAnswer(InquiryResult.Found, "ƏLİYEV ELÇİN", [], 0));

    public async Task<DeliveryAnswer> PayAsync(Delivery delivery, CancellationToken deadline)
    {
        await Task.Yield();
        var lie = record.LieFor(delivery.Account);
        if (lie == Lie.NotSent)
        {
            return new DeliveryAnswer(DeliveryResult.NotSent);
        }

        var entry = record.Arrives(delivery, asked: false);
        switch (lie)
        {
            case Lie.Declines or Lie.DeclinesForNow:
                entry.Decline();
                return Declined(lie == Lie.DeclinesForNow);
            case Lie.SilentBefore:
                return Silent();
            case Lie.SilentAfter:
                entry.Credit();
                return Silent();
            case Lie.TooLate:
                await Task.Delay(Timeout.Infinite, deadline).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                entry.Credit();
                return Silent();
            case Lie.Slow:
                await Task.Delay(400, deadline).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                return entry.Credit() ? Confirmed(delivery) : Declined(false);
            case Lie.FailsBefore:
                throw new InvalidOperationException("a defect before crediting");
            case Lie.FailsAfter:
                entry.Credit();
                throw new InvalidOperationException("a defect after crediting");
            case Lie.Garbles:
                entry.Credit();
                return Confirmed(delivery) with { ProviderTransaction = "nul\0byte" };
            default:
                return entry.Credit() ? Confirmed(delivery) : Declined(false);
        }
    }

    public async Task<DeliveryAnswer> AskAsync(Delivery delivery, CancellationToken deadline)
    {
        await Task.Yield();
        var entry = record.Arrives(delivery, asked: true);
        if (entry.Asks++ < record.SilencesFor(delivery.Account))
        {
            return Silent();
        }

        var delivered = entry.Credits > 0 || (record.QuestionDelivers(delivery.Account) ? entry.Credit() : !entry.Decline());
        return delivered ? Confirmed(delivery) : Declined(false);
    }

    /// <summary>Takes back, keeps, or is silent before or after it decided; what it decided once it says for ever.</summary>
    public async Task<ReversalAnswer> ReverseAsync(Reversal reversal, CancellationToken deadline)
    {
        await Task.Yield();
        var account = reversal.Delivery.Account;
        var entry = record.Arrives(reversal.Delivery, asked: true);
        var first = entry.ReversalAsks++ == 0;
        switch (record.ReversalLieFor(account))
        {
            case Lie.SilentBefore when first:
                return new ReversalAnswer(ReversalResult.Silent);
            case Lie.SilentAfter when first:
                record.Reverses(entry, reversal);
                return new ReversalAnswer(ReversalResult.Silent, Exchange: new RawExchange("asked", null, 1_000));
            case Lie.FailsAfter when first:
                record.Reverses(entry, reversal);
                throw new InvalidOperationException("a defect after reversing");
            case Lie.Declines:
                return new ReversalAnswer(ReversalResult.Kept, "7");
            default:
                return record.Reverses(entry, reversal)
                    ? new ReversalAnswer(ReversalResult.Reversed, "0")
                    : new ReversalAnswer(ReversalResult.Silent);
        }
    }

    private static DeliveryAnswer Confirmed(Delivery delivery) => new(
        DeliveryResult.Confirmed, ProviderTransaction: "p" + delivery.Number.ToString(CultureInfo.InvariantCulture));

    private static DeliveryAnswer Declined(bool transient) => new(
        DeliveryResult.Declined, DeclineName: "account-not-found", ProviderCode: "5", Transient: transient,
        Exchange: new RawExchange("asked", "answered", 3));

    private static DeliveryAnswer Silent() => new(DeliveryResult.Silent, Exchange: new RawExchange("asked", null, 1_000));
}
