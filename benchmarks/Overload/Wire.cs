using System.Buffers.Text;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace EGovPay.Benchmarks.Overload;

/// <summary>What came back: the status, the problem's code or 0, whether it says when to come again, and whether it is a confirmed payment.</summary>
internal readonly record struct WireAnswer(int Status, int Code, bool SaysWhen, bool Confirmed);

/// <summary>
/// A kept connection that speaks just enough HTTP/1.1: one request whose bytes are ready but for its number, one answer. Whoever
/// measures a server on its own two processors must not need more of them than the server does: nothing is allocated here, and no
/// timer runs for one request.
/// </summary>
internal sealed class Wire : IDisposable
{
    /// <summary>Digits of a request's number.</summary>
    public const int Digits = 9;

    private readonly Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] buffer = new byte[8 * 1024];
    private readonly byte[] sending = new byte[2 * 1024];
    private long askedAt = long.MaxValue;

    private Wire()
    {
    }

    /// <summary>When its question was asked, as a timestamp; the greatest number where it has none.</summary>
    public long AskedAt => Volatile.Read(ref askedAt);

    public static async Task<Wire> ConnectAsync(IPEndPoint server)
    {
        var wire = new Wire();
        try
        {
            await wire.socket.ConnectAsync(server);
            return wire;
        }
        catch
        {
            wire.Dispose();
            throw;
        }
    }

    /// <summary>Sends, and reads the whole answer.</summary>
    /// <param name="request">All of it; the number's place is written over.</param>
    /// <param name="place">Where the number's digits begin.</param>
    /// <exception cref="IOException">The connection ended, or the answer is none.</exception>
    /// <exception cref="SocketException">The connection broke, or whoever watches ended it.</exception>
    public async ValueTask<WireAnswer> AskAsync(ReadOnlyMemory<byte> request, int place, long number)
    {
        request.Span.CopyTo(sending);
        for (var at = place + Digits - 1; at >= place; at--)
        {
            sending[at] = (byte)('0' + (number % 10));
            number /= 10;
        }

        Volatile.Write(ref askedAt, Stopwatch.GetTimestamp());
        await socket.SendAsync(sending.AsMemory(0, request.Length), CancellationToken.None);
        var (held, head) = (0, -1);
        while (head < 0)
        {
            held += await ReceiveAsync(held);
            head = buffer.AsSpan(0, held).IndexOf("\r\n\r\n"u8);
        }

        head += 4;
        var length = ContentLength(buffer.AsSpan(0, head));
        while (length is { } whole ? held < head + whole : !buffer.AsSpan(0, held).EndsWith("\r\n0\r\n\r\n"u8))
        {
            held += await ReceiveAsync(held);
        }

        Volatile.Write(ref askedAt, long.MaxValue);
        return Read(buffer.AsSpan(0, head), buffer.AsSpan(head, held - head));
    }

    public void Dispose() => socket.Dispose();

    private async ValueTask<int> ReceiveAsync(int held)
    {
        if (held == buffer.Length)
        {
            throw new IOException("The answer is longer than any of this server's.");
        }

        var came = await socket.ReceiveAsync(buffer.AsMemory(held), CancellationToken.None);
        return came > 0 ? came : throw new IOException("The connection ended before the answer.");
    }

    /// <summary>Null: it comes in chunks.</summary>
    private static int? ContentLength(ReadOnlySpan<byte> head)
    {
        var at = head.IndexOf("\r\nContent-Length: "u8);
        return at >= 0 && Utf8Parser.TryParse(head[(at + 18)..], out int length, out _) ? length : null;
    }

    private static WireAnswer Read(ReadOnlySpan<byte> head, ReadOnlySpan<byte> body)
    {
        if (head.Length < 12 || !Utf8Parser.TryParse(head.Slice(9, 3), out int status, out _))
        {
            throw new IOException("That is no answer.");
        }

        var at = body.IndexOf("\"code\":"u8);
        var code = at >= 0 && Utf8Parser.TryParse(body[(at + 7)..], out int said, out _) ? said : 0;
        return new WireAnswer(status, code, head.IndexOf("\r\nRetry-After: "u8) >= 0, body.IndexOf("\"state\":\"Confirmed\""u8) >= 0);
    }
}
