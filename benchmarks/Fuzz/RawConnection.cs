using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace EGovPay.Benchmarks.Fuzz;

/// <summary>One HTTP answer.</summary>
internal sealed record FuzzedAnswer(int Status, string Head, byte[] Body, bool Closes)
{
    public string BodyText => Encoding.UTF8.GetString(Body);
}

/// <summary>What came back: the answers, whether time ran out, whether the last answer was cut off.</summary>
internal sealed record Exchanged(IReadOnlyList<FuzzedAnswer> Answers, bool Hung, bool Broken);

/// <summary>A socket that says whatever it is told to, from an address of its own, and reads HTTP answers by itself.</summary>
internal sealed class RawConnection : IDisposable
{
    private static readonly byte[] Goodbye =
        "GET /health/live HTTP/1.1\r\nHost: fuzz\r\nConnection: close\r\n\r\n"u8.ToArray();

    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(400);

    private readonly Socket socket;
    private byte[] buffer = new byte[16 * 1024];
    private int start;
    private int end;
    private bool gaveUp;

    private RawConnection(Socket socket) => this.socket = socket;

    public int Exchanges { get; private set; }

    public static async Task<RawConnection> OpenAsync(Uri server, Random random)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            // A stranger's address each time: what is counted by address is counted by many.
            socket.Bind(new IPEndPoint(
                new IPAddress([127, (byte)random.Next(1, 250), (byte)random.Next(256), (byte)random.Next(1, 255)]), 0));
            await socket.ConnectAsync(IPAddress.Parse(server.Host), server.Port);
            return new RawConnection(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public async Task<Exchanged> ExchangeAsync(FuzzedInput input, TimeSpan patience)
    {
        Exchanges++;
        using var limit = new CancellationTokenSource(patience);
        var answers = new List<FuzzedAnswer>();
        try
        {
            // Sending waits for nothing but a reader: an answer may come before all is sent.
            var sending = SendAsync(input, limit.Token);
            if (input.Sending == Sending.Framed)
            {
                var only = await ReadAsync(input.NoBody, limit.Token);
                if (only is not null)
                {
                    answers.Add(only);
                }

                await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                return new Exchanged(answers, Hung: false, Broken: only is null);
            }

            while (await NextAsync(input, limit.Token) is { } answer)
            {
                answers.Add(answer);
            }

            await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return new Exchanged(answers, Hung: false, Broken: start < end || gaveUp);
        }
        catch (OperationCanceledException)
        {
            return new Exchanged(answers, Hung: true, Broken: false);
        }
        catch (SocketException)
        {
            // Reset: the server closed while something was still to be read by it.
            return new Exchanged(answers, Hung: false, Broken: true);
        }
    }

    public void Dispose() => socket.Dispose();

    private async Task SendAsync(FuzzedInput input, CancellationToken limit)
    {
        for (var at = 0; at < input.Bytes.Length;)
        {
            at += await socket.SendAsync(input.Bytes.AsMemory(at), limit);
        }

        if (input.Sending == Sending.Raw)
        {
            await socket.SendAsync(Goodbye, limit);
        }
        else if (input.Sending == Sending.Cut)
        {
            socket.Shutdown(SocketShutdown.Send);
        }
    }

    /// <summary>The next answer; a server that waits for the rest of something is told that there is none.</summary>
    private async Task<FuzzedAnswer?> NextAsync(FuzzedInput input, CancellationToken limit)
    {
        if (input.Sending == Sending.Cut)
        {
            return await ReadAsync(noBody: false, limit);
        }

        var reading = ReadAsync(noBody: false, limit);
        if (await Task.WhenAny(reading, Task.Delay(Quiet, limit)) != reading)
        {
            // What it does with the requests before is not told any more: it takes this for a caller that has gone.
            gaveUp = true;
            socket.Shutdown(SocketShutdown.Send);
        }

        return await reading;
    }

    /// <summary>One whole answer; null where the server closed before it, or in the middle of it.</summary>
    private async Task<FuzzedAnswer?> ReadAsync(bool noBody, CancellationToken limit)
    {
        while (true)
        {
            var headEnd = buffer.AsSpan(start, end - start).IndexOf("\r\n\r\n"u8);
            if (headEnd < 0)
            {
                if (!await FillAsync(limit))
                {
                    return null;
                }

                continue;
            }

            var head = Encoding.Latin1.GetString(buffer, start, headEnd + 2);
            start += headEnd + 4;
            var status = head.Length > 12 && int.TryParse(head.AsSpan(9, 3), CultureInfo.InvariantCulture, out var code)
                ? code
                : throw new InvalidOperationException($"The server said what is no HTTP: {head}");
            if (status is 100)
            {
                continue;
            }

            var body = noBody || status is 204 or 304 ? [] : await BodyAsync(head, limit);
            return body is null ? null : new FuzzedAnswer(status, head, body, Has(head, "Connection", "close"));
        }
    }

    private async Task<byte[]?> BodyAsync(string head, CancellationToken limit)
    {
        if (Has(head, "Transfer-Encoding", "chunked"))
        {
            return await ChunksAsync(limit);
        }

        if (ValueOf(head, "Content-Length") is { } length)
        {
            return await TakeAsync(int.Parse(length, CultureInfo.InvariantCulture), limit);
        }

        var all = new ArrayBufferWriter<byte>();
        do
        {
            all.Write(buffer.AsSpan(start, end - start));
            start = end;
        }
        while (await FillAsync(limit));
        return all.WrittenSpan.ToArray();
    }

    private async Task<byte[]?> ChunksAsync(CancellationToken limit)
    {
        var all = new ArrayBufferWriter<byte>();
        while (true)
        {
            int line;
            while ((line = buffer.AsSpan(start, end - start).IndexOf("\r\n"u8)) < 0)
            {
                if (!await FillAsync(limit))
                {
                    return null;
                }
            }

            var size = int.Parse(
                Encoding.ASCII.GetString(buffer, start, line), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            start += line + 2;
            if (await TakeAsync(size, limit) is not { } chunk || await TakeAsync(2, limit) is null)
            {
                return null;
            }

            all.Write(chunk);
            if (size == 0)
            {
                return all.WrittenSpan.ToArray();
            }
        }
    }

    private async Task<byte[]?> TakeAsync(int count, CancellationToken limit)
    {
        while (end - start < count)
        {
            if (!await FillAsync(limit))
            {
                return null;
            }
        }

        var taken = buffer.AsSpan(start, count).ToArray();
        start += count;
        return taken;
    }

    private async Task<bool> FillAsync(CancellationToken limit)
    {
        if (start > 0)
        {
            buffer.AsSpan(start, end - start).CopyTo(buffer);
            (start, end) = (0, end - start);
        }

        if (end == buffer.Length)
        {
            Array.Resize(ref buffer, buffer.Length * 2);
        }

        var read = await socket.ReceiveAsync(buffer.AsMemory(end), limit);
        end += read;
        return read > 0;
    }

    private static bool Has(string head, string name, string value) =>
        ValueOf(head, name)?.Contains(value, StringComparison.OrdinalIgnoreCase) == true;

    private static string? ValueOf(string head, string name)
    {
        var at = head.IndexOf("\r\n" + name + ":", StringComparison.OrdinalIgnoreCase);
        if (at < 0)
        {
            return null;
        }

        var from = at + name.Length + 3;
        return head[from..head.IndexOf("\r\n", from, StringComparison.Ordinal)].Trim();
    }
}
