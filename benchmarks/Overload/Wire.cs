using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;

namespace EGovPay.Benchmarks.Overload;

/// <summary>What came back: the status, the problem's code or 0, and whether it says when to come again.</summary>
internal readonly record struct WireAnswer(int Status, int Code, bool SaysWhen);

/// <summary>
/// A kept connection that speaks just enough HTTP/1.1: one request whose bytes are ready, one answer. Whoever measures a server on
/// its own two processors must not need more of them than the server does.
/// </summary>
internal sealed class Wire : IDisposable
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(40);

    private readonly Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] buffer = new byte[8 * 1024];

    private Wire()
    {
    }

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
    /// <exception cref="IOException">The connection ended, or the answer is none.</exception>
    /// <exception cref="SocketException">The connection broke.</exception>
    /// <exception cref="TimeoutException">No answer in 40 s.</exception>
    public async Task<WireAnswer> AskAsync(ReadOnlyMemory<byte> request)
    {
        using var limit = new CancellationTokenSource(Longest);
        try
        {
            await socket.SendAsync(request, limit.Token);
            var (held, head) = (0, -1);
            while (head < 0)
            {
                held += await ReceiveAsync(held, limit.Token);
                head = buffer.AsSpan(0, held).IndexOf("\r\n\r\n"u8);
            }

            head += 4;
            var length = ContentLength(buffer.AsSpan(0, head));
            while (length is { } whole ? held < head + whole : !buffer.AsSpan(0, held).EndsWith("\r\n0\r\n\r\n"u8))
            {
                held += await ReceiveAsync(held, limit.Token);
            }

            return Read(buffer.AsSpan(0, head), buffer.AsSpan(head, held - head));
        }
        catch (OperationCanceledException late) when (limit.IsCancellationRequested)
        {
            throw new TimeoutException("No answer came.", late);
        }
    }

    public void Dispose() => socket.Dispose();

    private async ValueTask<int> ReceiveAsync(int held, CancellationToken stop)
    {
        if (held == buffer.Length)
        {
            throw new IOException("The answer is longer than any of this server's.");
        }

        var came = await socket.ReceiveAsync(buffer.AsMemory(held), stop);
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
        return new WireAnswer(status, code, head.IndexOf("\r\nRetry-After: "u8) >= 0);
    }
}
