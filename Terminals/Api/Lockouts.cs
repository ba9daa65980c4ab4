using System.Net;
using System.Runtime.InteropServices;
using EGovPay.Terminals.Observing;

namespace EGovPay.Terminals.Api;

/// <summary>
/// Who failed to prove who they are, and how long they wait before they may try again: the first ten failures cost nothing,
/// each one after them doubles the wait, from a second to a quarter of an hour; a quarter of an hour without a failure
/// forgets them. Kept in a table of fixed size, so that no number of addresses fills the memory: two callers may share a
/// place and then a wait, which is why a key that is known is never kept out by an address's failures.
/// </summary>
internal sealed class Lockouts(TimeProvider time)
{
    /// <summary>A receipt's code is guessed at, and no key.</summary>
    public const int Codes = -1;

    /// <summary>Failures that cost nothing.</summary>
    public const int Free = 10;

    private const int Places = 1 << 14;
    private const int LongestSeconds = 15 * 60;

    private static readonly TimeSpan Forgotten = TimeSpan.FromMinutes(15);

    private readonly Lock gate = new();
    private readonly Place[] places = new Place[Places];

    /// <summary>The seconds that whoever asks from here about this must still wait, or null.</summary>
    /// <param name="about">What is guessed at: 0 any key, a terminal's number its signature, <see cref="Codes"/>.</param>
    public int? Locked(IPAddress? address, int about)
    {
        var now = time.GetTimestamp();
        lock (gate)
        {
            ref var place = ref PlaceOf(address, about);
            var left = place.Failures > Free ? place.Until - now : 0;
            return left > 0 ? (int)Math.Ceiling((double)left / time.TimestampFrequency) : null;
        }
    }

    /// <summary>They failed once more.</summary>
    public void Failed(IPAddress? address, int about)
    {
        var now = time.GetTimestamp();
        lock (gate)
        {
            ref var place = ref PlaceOf(address, about);
            if (place.Failures > 0 && time.GetElapsedTime(Math.Max(place.Last, place.Until), now) > Forgotten)
            {
                place = default;
            }

            place.Failures = Math.Min(place.Failures + 1, Free + 30);
            place.Last = now;
            place.About = KindOf(about);
            if (place.Failures > Free)
            {
                Measures.LockedOut(place.About);
                var seconds = Math.Min(1L << (place.Failures - Free - 1), LongestSeconds);
                place.Until = now + seconds * time.TimestampFrequency;
            }
        }
    }

    /// <summary>Of each kind of guess, how many callers are kept out now.</summary>
    public IReadOnlyList<(string Kind, int Callers)> Now()
    {
        var now = time.GetTimestamp();
        lock (gate)
        {
            var counts = Measures.LockoutKinds.ToDictionary(kind => kind, _ => 0, StringComparer.Ordinal);
            foreach (ref readonly var place in places.AsSpan())
            {
                if (place.Failures > Free && place.Until > now)
                {
                    counts[place.About!]++;
                }
            }

            return [.. counts.Select(one => (one.Key, one.Value))];
        }
    }

    private static string KindOf(int about) => about switch
    {
        0 => "key",
        Codes => "code",
        _ => "signature",
    };

    /// <summary>Hashes differ from process to process: nobody outside knows who shares a place with whom.</summary>
    private ref Place PlaceOf(IPAddress? address, int about)
    {
        var network = address is null ? IPAddress.None : Paces.NetworkOf(address);
        return ref places[unchecked((uint)HashCode.Combine(network, about)) % Places];
    }

    [StructLayout(LayoutKind.Auto)]
    private struct Place
    {
        public string? About;
        public int Failures;
        public long Last;
        public long Until;
    }
}
