using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace EGovPay.Benchmarks.Torture;

/// <summary>How a link is at the moment.</summary>
/// <param name="DelayMilliseconds">What each piece of a stream waits.</param>
/// <param name="BytesPerSecond">The most that one direction of a connection carries; 0: no limit.</param>
/// <param name="Blocked">Nothing passes, and nobody is told.</param>
/// <param name="AnswersOnly">The delay meets what comes back alone.</param>
internal sealed record LinkWeather(int DelayMilliseconds, int BytesPerSecond, bool Blocked, bool AnswersOnly = false)
{
    public static readonly LinkWeather Fair = new(0, 0, false);
}

/// <summary>
/// A wire between two processes: everything that goes over it goes through here, and can be slowed, held, cut in half or cut.
/// What was held is delivered when the hold ends, also when its sender has long gone away: as a network does.
/// </summary>
internal sealed class TcpLink : IAsyncDisposable
{
    private const int PieceBytes = 16 * 1024;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);

    private readonly ConcurrentDictionary<Wire, byte> wires = new();
    private readonly IPEndPoint end;
    private readonly CancellationTokenSource stop = new();
    private Socket listener;
    private bool deaf;
    private volatile EndPoint? target;
    private volatile LinkWeather weather = LinkWeather.Fair;

    public TcpLink(string name)
    {
        Name = name;
        listener = Listen(new IPEndPoint(IPAddress.Loopback, 0));
        end = (IPEndPoint)listener.LocalEndPoint!;
        _ = AcceptAsync(listener);
    }

    public string Name { get; }

    public int Port => end.Port;

    public Uri Address => new($"http://127.0.0.1:{Port}");

    /// <summary>Where the link leads; null: what connects is reset.</summary>
    public EndPoint? Target
    {
        get => target;
        set => target = value;
    }

    /// <summary>How it is when nothing is wrong with it.</summary>
    public LinkWeather Usual { get; set; } = LinkWeather.Fair;

    public LinkWeather Weather
    {
        get => weather;
        set => weather = value;
    }

    /// <summary>Nobody listens here any more: who connects is refused by the machine, and no byte leaves them.</summary>
    public void Deafen()
    {
        lock (wires)
        {
            deaf = true;
            listener.Dispose();
        }
    }

    /// <summary>Listens again, where it does not.</summary>
    public void Hear()
    {
        lock (wires)
        {
            if (deaf)
            {
                deaf = false;
                listener = Listen(end);
                _ = AcceptAsync(listener);
            }
        }
    }

    /// <summary>Resets the connections that there are, each with this likelihood.</summary>
    public void Reset(Random random, double share) => Each(random, share, wire => wire.Reset());

    /// <summary>Ends one direction of connections, as a peer does that says no more; each with this likelihood.</summary>
    public void HalfClose(Random random, double share) => Each(random, share, wire => wire.HalfClose());

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        listener.Dispose();
        Each(null, 1, wire => wire.Reset());
    }

    private void Each(Random? random, double share, Action<Wire> act)
    {
        foreach (var wire in wires.Keys)
        {
            if (random is null || random.NextDouble() < share)
            {
                act(wire);
            }
        }
    }

    private static Socket Listen(IPEndPoint at)
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        listener.Bind(at);
        listener.Listen(512);
        return listener;
    }

    private async Task AcceptAsync(Socket on)
    {
        while (true)
        {
            Socket near;
            try
            {
                near = await on.AcceptAsync(stop.Token);
            }
            catch (Exception ended) when (ended is SocketException or ObjectDisposedException or OperationCanceledException)
            {
                // Deaf, or the run is over.
                return;
            }

            _ = CarryAsync(near);
        }
    }

    private async Task CarryAsync(Socket near)
    {
        var wire = new Wire(near);
        wires[wire] = 0;
        try
        {
            if (target is not { } there)
            {
                return;
            }

            var far = there is UnixDomainSocketEndPoint
                ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
                : new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            wire.Far = far;
            await far.ConnectAsync(there, stop.Token);
            if (far.ProtocolType == ProtocolType.Tcp)
            {
                far.NoDelay = true;
            }

            near.NoDelay = true;
            await Task.WhenAll(PumpAsync(near, far, answers: false), PumpAsync(far, near, answers: true));
        }
        catch (Exception cut) when (cut is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // One end has gone: the other hears of it below.
        }
        finally
        {
            wires.TryRemove(wire, out _);
            wire.Reset();
        }
    }

    private async Task PumpAsync(Socket from, Socket to, bool answers)
    {
        var piece = new byte[PieceBytes];
        try
        {
            int count;
            while ((count = await from.ReceiveAsync(piece, stop.Token)) > 0)
            {
                await HoldAsync(count, answers);
                for (var sent = 0; sent < count;)
                {
                    sent += await to.SendAsync(piece.AsMemory(sent, count - sent), stop.Token);
                }
            }

            await HoldAsync(0, answers);
            to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception cut) when (cut is SocketException or ObjectDisposedException)
        {
            to.Dispose();
            from.Dispose();
        }
    }

    private async Task HoldAsync(int count, bool answers)
    {
        var now = weather;
        if (now.DelayMilliseconds > 0 && (answers || !now.AnswersOnly))
        {
            await Task.Delay(now.DelayMilliseconds, stop.Token);
        }

        if (now.BytesPerSecond > 0)
        {
            await Task.Delay(TimeSpan.FromSeconds((double)count / now.BytesPerSecond), stop.Token);
        }

        while (weather.Blocked)
        {
            await Task.Delay(Look, stop.Token);
        }
    }

    private sealed class Wire(Socket near)
    {
        public Socket? Far { get; set; }

        /// <summary>Both ends get a reset, and what was on its way is gone.</summary>
        public void Reset()
        {
            foreach (var socket in new[] { near, Far })
            {
                try
                {
                    if (socket is not null)
                    {
                        socket.LingerState = new LingerOption(true, 0);
                        socket.Dispose();
                    }
                }
                catch (Exception gone) when (gone is SocketException or ObjectDisposedException)
                {
                    // It was closed already.
                }
            }
        }

        public void HalfClose()
        {
            try
            {
                Far?.Shutdown(SocketShutdown.Send);
            }
            catch (Exception gone) when (gone is SocketException or ObjectDisposedException)
            {
                // It was closed already.
            }
        }
    }
}
