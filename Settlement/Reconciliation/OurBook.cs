using System.Runtime.CompilerServices;
using EGovPay.Processing.StateMachine;

namespace EGovPay.Settlement.Reconciliation;

/// <summary>
/// Our payments of a provider's day, by number, as little of each as a comparison needs: eighty bytes, so that a million are held beside
/// everything else. Lines come in no order, so what a line has to look at lies together: one word of the table, and one payment with its
/// account. Accounts are kept to the byte; none is taken for another because their hashes are equal.
/// </summary>
internal sealed class OurBook
{
    /// <summary>A page holds so many payments: a megabyte, of which none is copied when there are more.</summary>
    private const int PageBits = 14;

    /// <summary>What of a word is the place of its payment, from 1; 0: the slot is free.</summary>
    private const ulong Place = 0xFFFF_FFFF;

    private readonly List<byte[]> longAccounts = [];
    private Kept[][] pages = new Kept[16][];
    private ulong[] slots = new ulong[1 << 12];

    /// <summary>How many there are.</summary>
    public int Count { get; private set; }

    public ref Kept this[int index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref pages[index >> PageBits][index & ((1 << PageBits) - 1)];
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Add(long number, int agentId, long amountQepik, ReadOnlySpan<byte> account)
    {
        var page = Count >> PageBits;
        if (page == pages.Length)
        {
            Array.Resize(ref pages, checked(page * 2));
        }

        pages[page] ??= new Kept[1 << PageBits];
        if (Count * 2L >= slots.Length)
        {
            Widen();
        }

        ref var kept = ref this[Count];
        kept.Number = number;
        kept.AgentId = agentId;
        kept.AmountQepik = amountQepik;
        kept.AccountLength = checked((ushort)account.Length);
        if (account.Length <= ShortAccount.Length)
        {
            account.CopyTo(kept.Account);
        }
        else
        {
            kept.LongAccount = longAccounts.Count;
            longAccounts.Add(account.ToArray());
        }

        PlaceAt(Scattered(number), (uint)++Count);
    }

    /// <summary>Where a payment is, or -1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public int Find(long number)
    {
        var scattered = Scattered(number);
        for (var slot = SlotOf(scattered); ; slot = (slot + 1) & (slots.Length - 1))
        {
            var word = slots[slot];
            if (word == 0)
            {
                return -1;
            }

            // The rest of the word is part of the scattered number: what is not it is not looked at.
            if (((word ^ scattered) & ~Place) == 0 && this[(int)(word & Place) - 1].Number == number)
            {
                return (int)(word & Place) - 1;
            }
        }
    }

    /// <summary>A payment's event; the last of its events says how it stands.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Happened(long number, short step, short edge)
    {
        var index = Find(number);
        if (index >= 0 && this[index].Step < step)
        {
            this[index].Step = step;
            this[index].Edge = edge;
        }
    }

    public ReadOnlySpan<byte> AccountOf(int index)
    {
        ref var kept = ref this[index];
        return kept.AccountLength <= ShortAccount.Length ? kept.Account[..kept.AccountLength] : longAccounts[kept.LongAccount];
    }

    private void Widen()
    {
        slots = new ulong[checked(slots.Length * 2)];
        for (var index = 0; index < Count; index++)
        {
            PlaceAt(Scattered(this[index].Number), (uint)index + 1);
        }
    }

    private void PlaceAt(ulong scattered, uint place)
    {
        var slot = SlotOf(scattered);
        while (slots[slot] != 0)
        {
            slot = (slot + 1) & (slots.Length - 1);
        }

        slots[slot] = (scattered & ~Place) | place;
    }

    /// <summary>Numbers come one after another; this scatters them.</summary>
    private static ulong Scattered(long number) => unchecked((ulong)number * 11_400_714_819_323_198_485ul);

    private int SlotOf(ulong scattered) => (int)(scattered >> 33) & (slots.Length - 1);

    /// <summary>Most accounts: they lie where their payment does.</summary>
    [InlineArray(Length)]
    internal struct ShortAccount
    {
        public const int Length = 32;

        private byte first;
    }

    /// <summary>One payment: 64 bytes, a line of the processor's cache.</summary>
    internal struct Kept
    {
        public long Number;
        public long AmountQepik;
        public int AgentId;

        /// <summary>Of an account that is longer than the short ones: its place among the long.</summary>
        public int LongAccount;
        public ushort AccountLength;
        public short Step;
        public short Edge;

        /// <summary>A line of the register says just what we do.</summary>
        public bool Agreed;

        /// <summary>Lines were put aside that say something else, or the same again.</summary>
        public bool Suspect;
        public ShortAccount Account;

        /// <summary>As far as the events tell that were read; whatever hangs on it is looked up again.</summary>
        public readonly PaymentState State => Edge == 0 ? PaymentState.Dispatched : Transitions.Numbered(Edge).To;
    }
}
