using System.Net;

namespace EGovPay.Terminals.Api;

/// <summary>
/// Where a request came from: the other end of its connection, or, where that is one of our own proxies, what the proxy
/// says. From anybody else <c>X-Forwarded-For</c> is what a caller likes to write, and is not read; <c>Forwarded</c> and the
/// other fields of its kind never are.
/// </summary>
internal static class CallerAddress
{
    private const int MostHops = 16;

    /// <summary>
    /// The last address that is not a trusted proxy's: each proxy adds at the end whom it heard, so everything before the
    /// first stranger from the end is that stranger's word. Null: the connection has no address.
    /// </summary>
    public static IPAddress? Of(HttpContext http, IReadOnlyList<IPNetwork> proxies)
    {
        var caller = Plain(http.Connection.RemoteIpAddress);
        if (proxies.Count == 0 || caller is null || !IsOurs(caller, proxies))
        {
            return caller;
        }

        var told = string.Join(',', http.Request.Headers["X-Forwarded-For"].ToArray());
        var hops = told.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        for (var hop = hops.Length - 1; hop >= 0 && hop >= hops.Length - MostHops; hop--)
        {
            // An address with a port, as some proxies write it, counts; anything else ends what is believed.
            if (!TryRead(hops[hop], out var next))
            {
                return caller;
            }

            caller = next;
            if (!IsOurs(caller, proxies))
            {
                return caller;
            }
        }

        return caller;
    }

    private static bool TryRead(string text, out IPAddress address)
    {
        var read = IPAddress.TryParse(text, out var bare) ? bare
            : IPEndPoint.TryParse(text, out var withPort) ? withPort.Address
            : null;
        address = Plain(read) ?? IPAddress.None;
        return read is not null;
    }

    private static bool IsOurs(IPAddress address, IReadOnlyList<IPNetwork> proxies)
    {
        foreach (var network in proxies)
        {
            if (network.Contains(address))
            {
                return true;
            }
        }

        return false;
    }

    private static IPAddress? Plain(IPAddress? address) =>
        address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address;
}
