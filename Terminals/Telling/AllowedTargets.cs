using System.Net;
using System.Net.Sockets;

namespace EGovPay.Terminals.Telling;

/// <summary>
/// Where webhooks may go. An address is looked at when the connection is made, after its name was resolved: a name that turns to
/// another address later is looked at again. Public addresses and the machine's own loopback are allowed; private ones only where
/// they are named; link-local (a cloud's metadata), multicast and unspecified ones never. Plain HTTP only to the loopback, unless it
/// is allowed.
/// </summary>
public sealed class AllowedTargets(bool plainHttp = false, IReadOnlyList<IPNetwork>? privateNetworks = null)
{
    private static readonly IPNetwork[] Private =
    [
        IPNetwork.Parse("10.0.0.0/8"), IPNetwork.Parse("172.16.0.0/12"), IPNetwork.Parse("192.168.0.0/16"),
        IPNetwork.Parse("100.64.0.0/10"), IPNetwork.Parse("192.0.0.0/24"), IPNetwork.Parse("198.18.0.0/15"),
        IPNetwork.Parse("fc00::/7"), IPNetwork.Parse("fec0::/10"),
        // They carry an address of the older protocol, which may be any.
        IPNetwork.Parse("64:ff9b::/96"), IPNetwork.Parse("64:ff9b:1::/48"), IPNetwork.Parse("2002::/16"), IPNetwork.Parse("2001::/32"),
    ];

    private static readonly IPNetwork[] Never =
    [
        IPNetwork.Parse("0.0.0.0/8"), IPNetwork.Parse("169.254.0.0/16"), IPNetwork.Parse("224.0.0.0/4"), IPNetwork.Parse("240.0.0.0/4"),
        IPNetwork.Parse("::/128"), IPNetwork.Parse("fe80::/10"), IPNetwork.Parse("ff00::/8"),
    ];

    private readonly IReadOnlyList<IPNetwork> named = privateNetworks ?? [];

    /// <summary>What is wrong with an address as an endpoint, in words; null: nothing that can be seen before connecting.</summary>
    public string? Fault(Uri url)
    {
        if (!url.IsAbsoluteUri || url.Scheme is not ("https" or "http"))
        {
            return "it is no https address";
        }

        if (url.UserInfo.Length > 0 || url.Fragment.Length > 0)
        {
            return "it carries a user name, a password or a fragment";
        }

        if (url.AbsoluteUri.Length > 500)
        {
            return "it is longer than 500 characters";
        }

        if (url.Scheme == "http" && !plainHttp && !IsLoopback(url))
        {
            return "plain http goes to the machine's own loopback only, unless the setting webhookHttp allows it";
        }

        return IPAddress.TryParse(url.DnsSafeHost, out var address) && !Allows(address)
            ? "its address is not public; name private networks in the setting webhookNetworks"
            : null;
    }

    /// <summary>May a connection be made to this address?</summary>
    public bool Allows(IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return IPAddress.IsLoopback(plain)
            || (!Never.Any(network => network.Contains(plain))
                && (!Private.Any(network => network.Contains(plain)) || named.Any(network => network.Contains(plain))));
    }

    /// <summary>Resolves, looks at every address, and connects to one that is allowed: what was looked at is what is connected to.</summary>
    /// <exception cref="TargetNotAllowedException">No address of the host is allowed.</exception>
    internal async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancel)
    {
        var host = context.DnsEndPoint.Host;
        var found = IPAddress.TryParse(host, out var literal) ? [literal] : await Dns.GetHostAddressesAsync(host, cancel);
        // Plain HTTP was allowed for the loopback only; a name that leads elsewhere is not it.
        var mustStay = !plainHttp && context.InitialRequestMessage.RequestUri?.Scheme == "http";
        var allowed = found.Where(address => mustStay ? IPAddress.IsLoopback(address) : Allows(address)).ToArray();
        if (allowed.Length == 0)
        {
            throw new TargetNotAllowedException();
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(allowed, context.DnsEndPoint.Port, cancel);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static bool IsLoopback(Uri url) =>
        url.DnsSafeHost == "localhost" || (IPAddress.TryParse(url.DnsSafeHost, out var address) && IPAddress.IsLoopback(address));
}

/// <summary>A host leads to no address that webhooks may go to.</summary>
internal sealed class TargetNotAllowedException() : IOException("The address is not one that webhooks may go to.");
