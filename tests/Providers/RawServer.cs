using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace EGovPay.Tests.Providers;

/// <summary>
/// A server that sends exactly the bytes a test says, and remembers exactly what it was sent. One script serves every
/// connection.
/// </summary>
public sealed class RawServer : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();
    private readonly ConcurrentQueue<string> requests = new();
    private readonly ConcurrentBag<Task> serving = [];
    private readonly Task accepting;
    private int connections;

    private RawServer(Func<RawConnection, Task> script)
    {
        listener.Start();
        accepting = AcceptAsync(script);
    }

    public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}");

    /// <summary>Every request that was read to its end, in order: head and body as text.</summary>
    public IReadOnlyList<string> Requests => [.. requests];

    public int Connections => connections;

    public static RawServer Scripted(Func<RawConnection, Task> script) => new(script);

    /// <summary>Reads one request, sends these bytes, and closes.</summary>
    public static RawServer Answering(byte[] answer) => new(async connection =>
    {
        await connection.ReadRequestAsync();
        await connection.SendAsync(answer);
    });

    /// <summary>Answers 200 with this body and the right length.</summary>
    public static RawServer AnsweringXml(string body, string contentType = "text/xml; charset=utf-8") =>
        Answering(Http(200, Encoding.UTF8.GetBytes(body), contentType));

    public static byte[] Http(
        int status, byte[] body, string contentType = "text/xml; charset=utf-8", string? more = null) =>
    [
        .. Encoding.ASCII.GetBytes(
            $"HTTP/1.1 {status} X\r\nContent-Type: {contentType}\r\nContent-Length: {body.Length}\r\n{more}\r\n"),
        .. body,
    ];

    public async ValueTask DisposeAsync()
    {
        // Accepting ends first: a listener that is stopped under it says that it was never started.
        await stop.CancelAsync();
        await accepting;
        listener.Stop();
        await Task.WhenAll(serving);
        listener.Dispose();
    }

    private async Task AcceptAsync(Func<RawConnection, Task> script)
    {
        try
        {
            while (true)
            {
                var socket = await listener.AcceptSocketAsync(stop.Token);
                Interlocked.Increment(ref connections);
                serving.Add(ServeAsync(socket, script));
            }
        }
        catch (Exception ended) when (ended is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(Socket socket, Func<RawConnection, Task> script)
    {
        try
        {
            using (socket)
            {
                await script(new RawConnection(socket, requests, stop.Token));
            }
        }
        catch (Exception gone) when (gone is OperationCanceledException or SocketException or IOException)
        {
            // The other side has gone, or the test is over.
        }
    }
}

/// <summary>One connection of a <see cref="RawServer"/>.</summary>
public sealed class RawConnection(Socket socket, ConcurrentQueue<string> requests, CancellationToken stop)
{
    public CancellationToken Stop => stop;

    public Socket Socket => socket;

    /// <summary>Reads one request to the end of its body; null where the other side closed first.</summary>
    public async Task<string?> ReadRequestAsync()
    {
        var read = new List<byte>();
        var buffer = new byte[4_096];
        while (true)
        {
            var text = Encoding.UTF8.GetString([.. read]);
            var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (end >= 0 && Encoding.UTF8.GetByteCount(text) - end - 4 >= LengthOf(text[..end]))
            {
                requests.Enqueue(text);
                return text;
            }

            var count = await socket.ReceiveAsync(buffer, stop);
            if (count == 0)
            {
                return null;
            }

            read.AddRange(buffer.AsSpan(0, count));
        }
    }

    public async Task SendAsync(byte[] bytes) => await socket.SendAsync(bytes, stop);

    public Task SendAsync(string text) => SendAsync(Encoding.UTF8.GetBytes(text));

    /// <summary>Ends the connection with a reset instead of a close.</summary>
    public void Reset()
    {
        socket.LingerState = new LingerOption(true, 0);
        socket.Close();
    }

    private static int LengthOf(string head) => head.Split("\r\n")
        .Where(line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase))
        .Select(line => int
            .Parse(line["Content-Length:".Length..].Trim(), System.Globalization.CultureInfo.InvariantCulture))
        .FirstOrDefault();
}
