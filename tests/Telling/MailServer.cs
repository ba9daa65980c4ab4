using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
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

    /// <summary>It offers STARTTLS and shows this; null: it does not.</summary>
    public X509Certificate2? Certificate { get; set; }

    /// <summary>The ways to prove who one is that it offers under encryption, and on each line where it has no certificate.</summary>
    public string Auth { get; set; } = "";

    /// <summary>User and password that it takes; null: it takes letters from anybody.</summary>
    public (string User, string Password)? Account { get; set; }

    /// <summary>What it says in clear after it has agreed to STARTTLS, as somebody on the way would.</summary>
    public string PutIn { get; set; } = "";

    /// <summary>All that was said to it without encryption, and all that was under it.</summary>
    public ConcurrentQueue<(bool Encrypted, string Line)> Said { get; } = new();

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
                if (Mute)
                {
                    await Task.Delay(Timeout.Infinite, stop.Token);
                }

                await SayAsync(client.GetStream(), "220 relay");
                if (await TalkAsync(client.GetStream(), encrypted: false))
                {
                    await using var secure = new SslStream(client.GetStream());
                    await secure.AuthenticateAsServerAsync(
                        new SslServerAuthenticationOptions
                        {
                            ServerCertificateContext = SslStreamCertificateContext.Create(Certificate!, null, offline: true),
                        }, stop.Token);
                    await TalkAsync(secure, encrypted: true);
                }
            }
            catch (Exception ended) when (ended is OperationCanceledException or IOException or SocketException or AuthenticationException)
            {
                // The caller went away, or the test is over.
                return;
            }
        }
    }

    /// <summary>Talks until the caller has done; true: TLS begins.</summary>
    private async Task<bool> TalkAsync(Stream stream, bool encrypted)
    {
        using var reader = new StreamReader(stream, Encoding.Latin1, leaveOpen: true);
        var (from, to, known) = ("", "", Account is null);
        while (await reader.ReadLineAsync(stop.Token) is { } line)
        {
            Said.Enqueue((encrypted, line));
            var other = Answer(line);
            if (other is "")
            {
                return false;
            }

            var verb = line.Split(' ')[0].ToUpperInvariant();
            (from, to) = verb == "MAIL" ? (line, to) : verb == "RCPT" ? (from, line) : (from, to);
            if (other is null && verb == "STARTTLS" && Certificate is not null && !encrypted)
            {
                await SayAsync(stream, "220 go on" + (PutIn.Length > 0 ? "\r\n" + PutIn : ""));
                return true;
            }

            if (other is null && verb == "AUTH")
            {
                known = await KnownAsync(reader, stream, line, encrypted);
                other = known ? "235 welcome" : "535 5.7.8 bad credentials";
            }

            if (other is null && verb == "MAIL" && !known)
            {
                other = "530 5.7.0 who are you";
            }

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

            await SayAsync(stream, other ?? (verb == "EHLO" ? Offers(encrypted) : verb == "QUIT" ? "221 bye" : "250 ok"));
        }

        return false;
    }

    private string Offers(bool encrypted)
    {
        var auth = Auth.Length > 0 && encrypted == Certificate is not null ? "250-AUTH " + Auth + "\r\n" : "";
        return "250-relay\r\n250-SIZE 1000000\r\n" + (Certificate is not null && !encrypted ? "250-STARTTLS\r\n" : "") + auth + "250 HELP";
    }

    private async Task<bool> KnownAsync(StreamReader reader, Stream stream, string line, bool encrypted)
    {
        string[] words;
        if (line.StartsWith("AUTH PLAIN ", StringComparison.Ordinal) && Auth.Contains("PLAIN", StringComparison.Ordinal))
        {
            words = Decoded(line["AUTH PLAIN ".Length..]).Split('\0')[1..];
        }
        else if (line == "AUTH LOGIN" && Auth.Contains("LOGIN", StringComparison.Ordinal))
        {
            words = new string[2];
            for (var i = 0; i < 2; i++)
            {
                await SayAsync(stream, i == 0 ? "334 VXNlcm5hbWU6" : "334 UGFzc3dvcmQ6");
                words[i] = await reader.ReadLineAsync(stop.Token) ?? "";
                Said.Enqueue((encrypted, words[i]));
                words[i] = Decoded(words[i]);
            }
        }
        else
        {
            return false;
        }

        return words is [var user, var password] && (user, password) == Account;
    }

    private static string Decoded(string text) => Encoding.UTF8.GetString(Convert.FromBase64String(text));

    private async Task<string> DataAsync(StreamReader reader)
    {
        var text = new StringBuilder();
        while (await reader.ReadLineAsync(stop.Token) is { } line && line != ".")
        {
            text.Append(line.StartsWith("..", StringComparison.Ordinal) ? line[1..] : line).Append("\r\n");
        }

        return text.ToString();
    }

    private async Task SayAsync(Stream stream, string line) =>
        await stream.WriteAsync(Encoding.ASCII.GetBytes(line + "\r\n"), stop.Token);
}
