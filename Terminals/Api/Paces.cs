using System.Net;
using System.Net.Sockets;
using System.Threading.RateLimiting;
using EGovPay.Processing.Agents;

namespace EGovPay.Terminals.Api;

/// <summary>
/// How often a terminal, an agent and an address may ask. Each has a bucket of its own, which goes when it has been full for
/// a while.
/// </summary>
internal sealed class Paces : IDisposable
{
    private readonly PartitionedRateLimiter<int>? terminals;
    private readonly PartitionedRateLimiter<int>? agents;
    private readonly PartitionedRateLimiter<IPAddress>? addresses;

    public Paces(ServerSettings settings)
    {
        terminals = Limiter<int>(settings.TerminalRequestsPerSecond, settings.TerminalBurst);
        agents = Limiter<int>(settings.AgentRequestsPerSecond, settings.AgentBurst);
        addresses = Limiter<IPAddress>(settings.AddressRequestsPerSecond, settings.AddressBurst);
    }

    /// <summary>Null: go on; else the seconds to wait: for its own pace first, then for its agent's.</summary>
    public int? Terminal(Terminal terminal) => Ask(terminals, terminal.TerminalId) ?? Ask(agents, terminal.AgentId);

    /// <summary>
    /// Null: go on; else the seconds to wait. Of IPv6 the network of 64 bits counts: a caller has all of it.
    /// </summary>
    public int? Address(IPAddress? address) => address is null ? null : Ask(addresses, NetworkOf(address));

    public void Dispose()
    {
        terminals?.Dispose();
        agents?.Dispose();
        addresses?.Dispose();
    }

    private static int? Ask<T>(PartitionedRateLimiter<T>? limiter, T who)
    {
        if (limiter is null)
        {
            return null;
        }

        using var lease = limiter.AttemptAcquire(who);
        if (lease.IsAcquired)
        {
            return null;
        }

        return lease.TryGetMetadata(MetadataName.RetryAfter, out var wait)
            ? Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds))
            : 1;
    }

    private static PartitionedRateLimiter<T>? Limiter<T>(int perSecond, int burst)
        where T : notnull
    {
        if (perSecond <= 0)
        {
            return null;
        }

        var tenth = Math.Max(1, perSecond / 10);
        var options = new TokenBucketRateLimiterOptions
        {
            TokenLimit = Math.Max(burst, 1),
            TokensPerPeriod = tenth,
            ReplenishmentPeriod = TimeSpan.FromSeconds((double)tenth / perSecond),
            QueueLimit = 0,
        };
        return PartitionedRateLimiter.Create<T, T>(who => RateLimitPartition.GetTokenBucketLimiter(who, _ => options));
    }

    /// <summary>What counts as one caller: an address of IPv4, a network of 64 bits of IPv6.</summary>
    public static IPAddress NetworkOf(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
        {
            return address.MapToIPv4();
        }

        if (address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return address;
        }

        var bytes = address.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return new IPAddress(bytes);
    }
}
