using System.Runtime.CompilerServices;
using EGovPay.Processing.StateMachine;

namespace EGovPay.Settlement.Reconciliation;

/// <summary>
/// Our payments of a provider's day, by number, as little of each as a comparison needs: some fifty bytes, so that a million are held
/// beside everything else. Accounts are kept to the byte; none is taken for another because their hashes are equal.
/// </summary>
internal sealed class OurBook
{
    private int[] slots = new int[1 << 10];
    private int mask = (1 << 10) - 1;
    private Kept[] kept = new Kept[1 << 9];
    private byte[] accounts = new byte[1 << 13];
    private int accountsEnd;

    /// <summary>How many there are.</summary>
    public int Count { get; private set; }

    public ref Kept this[int index] => ref kept[index];

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Add(long number, int agentId, long amountQepik, ReadOnlySpan<byte> account)
    {
        if (Count == kept.Length)
        {
            Array.Resize(ref kept, checked(Count * 2));
        }

        if (Count * 2 > mask)
        {
            Widen();
        }

        if (accounts.Length - accountsEnd < account.Length)
        {
            Array.Resize(ref accounts, checked(Math.Max(accounts.Length * 2, accountsEnd + account.Length)));
        }

        account.CopyTo(accounts.AsSpan(accountsEnd));
        kept[Count] = new Kept
        {
            Number = number, AgentId = agentId, AmountQepik = amountQepik, AccountAt = accountsEnd,
            AccountLength = checked((ushort)account.Length),
        };
        accountsEnd += account.Length;
        Place(number, ++Count);
    }

    /// <summary>Where a payment is, or -1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public int Find(long number)
    {
        for (var slot = SlotOf(number); ; slot = (slot + 1) & mask)
        {
            var index = slots[slot] - 1;
            if (index < 0 || kept[index].Number == number)
            {
                return index;
            }
        }
    }

    /// <summary>A payment's event; the last of its events says how it stands.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Happened(long number, short step, short edge)
    {
        var index = Find(number);
        if (index >= 0 && kept[index].Step < step)
        {
            kept[index].Step = step;
            kept[index].Edge = edge;
        }
    }

    public ReadOnlySpan<byte> AccountOf(int index) => accounts.AsSpan(kept[index].AccountAt, kept[index].AccountLength);

    private void Widen()
    {
        mask = checked((slots.Length * 2) - 1);
        slots = new int[mask + 1];
        for (var index = 0; index < Count; index++)
        {
            Place(kept[index].Number, index + 1);
        }
    }

    private void Place(long number, int entry)
    {
        var slot = SlotOf(number);
        while (slots[slot] != 0)
        {
            slot = (slot + 1) & mask;
        }

        slots[slot] = entry;
    }

    /// <summary>Numbers come one after another; this scatters them.</summary>
    private int SlotOf(long number) => (int)(unchecked((ulong)number * 11_400_714_819_323_198_485ul) >> 33) & mask;

    /// <summary>One payment.</summary>
    internal struct Kept
    {
        public long Number;
        public long AmountQepik;
        public int AgentId;
        public int AccountAt;
        public ushort AccountLength;
        public short Step;
        public short Edge;

        /// <summary>A line of the register says just what we do.</summary>
        public bool Agreed;

        /// <summary>Lines were put aside that say something else, or the same again.</summary>
        public bool Suspect;

        /// <summary>As far as the events tell that were read; whatever hangs on it is looked up again.</summary>
        public readonly PaymentState State => Edge == 0 ? PaymentState.Dispatched : Transitions.Numbered(Edge).To;
    }
}
