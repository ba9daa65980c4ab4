using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace EGovPay.Tests.Telling;

/// <summary>A letter that the relay took.</summary>
internal sealed record Letter(string From, string To, string Text)
{
    public string? Header(string name)
    {
        var unfolded = Text[..Text.IndexOf("\r\n\r\n", StringComparison.Ordinal)].Replace("\r\n ", " ", StringComparison.Ordinal)
            .Replace("\r\n\t", " ", StringComparison.Ordinal);
        return unfolded.Split("\r\n").FirstOrDefault(line => line.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase))
            ?[(name.Length + 1)..].Trim();
    }

    /// <summary>The body, decoded.</summary>
    public string Body
    {
        get
        {
            var body = Text[(Text.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..];
            return Header("Content-Transfer-Encoding") switch
            {
                "base64" => Encoding.UTF8.GetString(Convert.FromBase64String(body.Replace("\r\n", "", StringComparison.Ordinal))),
                "quoted-printable" => Quoted(body),
                _ => body,
            };
        }
    }

    /// <summary>The subject, its encoded words decoded.</summary>
    public string Subject
    {
        get
        {
            var text = new StringBuilder();
            if (!Header("Subject")!.Contains("=?", StringComparison.Ordinal))
            {
                return Header("Subject")!;
            }

            foreach (var word in Header("Subject")!.Split(' '))
            {
                var parts = word.Split('?');
                text.Append(parts is ["=", _, "B" or "b", var base64, "="]
                    ? Encoding.UTF8.GetString(Convert.FromBase64String(base64))
                    : parts is ["=", _, "Q" or "q", var quoted, "="] ? Quoted(quoted.Replace('_', ' ')) : word);
            }

            return text.ToString();
        }
    }

    private static string Quoted(string text)
    {
        var bytes = new List<byte>();
        var plain = text.Replace("=\r\n", "", StringComparison.Ordinal);
        for (var i = 0; i < plain.Length; i++)
        {
            if (plain[i] == '=')
            {
                bytes.Add(Convert.ToByte(plain.Substring(i + 1, 2), 16));
                i += 2;
            }
            else
            {
                bytes.Add((byte)plain[i]);
            }
        }

        return Encoding.UTF8.GetString([.. bytes]);
    }
}

/// <summary>A small SMTP relay: takes letters, refuses, hangs, breaks off, as told.</summary>
internal sealed class MailServer : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();
    private readonly ConcurrentQueue<Letter> letters = new();
    private readonly SemaphoreSlim came = new(0);
    private readonly Task accepting;
    private int connections;

    public MailServer()
    {
        listener.Start();
        accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    public int Connections => connections;

    public IReadOnlyList<Letter> Letters => [.. letters];

    /// <summary>The answer to a command, instead of the usual one; null: the usual; empty: break off.</summary>
    public Func<string, string?> Answer { get; set; } = _ => null;

    /// <summary>True: it says nothing at all.</summary>
    public bool Mute { get; set; }

    public async Task<Letter> NextAsync(int seconds = 30)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        await came.WaitAsync(limit.Token);
        return letters.ToArray()[^1];
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        listener.Stop();
        await accepting;
        stop.Dispose();
        came.Dispose();
    }

    private async Task AcceptAsync()
    {
        var open = new List<Task>();
        try
        {
            while (true)
            {
                var client = await listener.AcceptTcpClientAsync(stop.Token);
                Interlocked.Increment(ref connections);
                open.Add(ServeAsync(client));
            }
        }
        catch (Exception ended) when (ended is OperationCanceledException or SocketException)
        {
            await Task.WhenAll(open);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                var stream = client.GetStream();
                if (Mute)
                {
                    await Task.Delay(Timeout.Infinite, stop.Token);
                }

                using var reader = new StreamReader(stream, Encoding.Latin1);
                await SayAsync(stream, "220 relay");
                var (from, to) = ("", "");
                while (await reader.ReadLineAsync(stop.Token) is { } line)
                {
                    var other = Answer(line);
                    if (other is "")
                    {
                        return;
                    }

                    var verb = line.Split(' ')[0].ToUpperInvariant();
                    (from, to) = verb == "MAIL" ? (line, to) : verb == "RCPT" ? (from, line) : (from, to);
                    if (other is null && verb == "DATA")
                    {
                        await SayAsync(stream, "354 go on");
                        var text = await DataAsync(reader);
                        if (Answer("\r\n.") is { } atTheEnd)
                        {
                            await SayAsync(stream, atTheEnd);
                            continue;
                        }

                        letters.Enqueue(new Letter(from, to, text));
                        came.Release();
                    }

                    await SayAsync(stream, other ?? (verb == "QUIT" ? "221 bye" : "250 ok"));
                }
            }
            catch (Exception ended) when (ended is OperationCanceledException or IOException or SocketException)
            {
                // The caller went away, or the test is over.
                return;
            }
        }
    }

    private async Task<string> DataAsync(StreamReader reader)
    {
        var text = new StringBuilder();
        while (await reader.ReadLineAsync(stop.Token) is { } line && line != ".")
        {
            text.Append(line.StartsWith("..", StringComparison.Ordinal) ? line[1..] : line).Append("\r\n");
        }

        return text.ToString();
    }

    private async Task SayAsync(NetworkStream stream, string line) =>
        await stream.WriteAsync(Encoding.ASCII.GetBytes(line + "\r\n"), stop.Token);
}
