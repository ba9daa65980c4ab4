using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace EGovPay.Terminals.Telling;

/// <summary>
/// One conversation with a mail relay, for one letter: greeting, STARTTLS, AUTH PLAIN or LOGIN, the letter. Nothing but EHLO and
/// STARTTLS goes in clear where the line must be encrypted, a password never does, and of what a relay says only its codes and the
/// extensions we know are looked at.
/// </summary>
internal sealed class SmtpTalk : IDisposable
{
    private const int LongestLine = 2_048;
    private const int MostLines = 100;

    private readonly MailRelay relay;
    private readonly Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] heard = new byte[4_096];
    private Stream stream = Stream.Null;
    private List<string> offers = [];
    private int next;
    private int end;
    private bool encrypted;

    private SmtpTalk(MailRelay relay) => this.relay = relay;

    /// <summary>Hands one letter over.</summary>
    /// <param name="text">Header and body, every line shorter than 998 bytes, ended by CR LF and not begun with a dot.</param>
    /// <exception cref="OperationCanceledException">Its time was over; the relay may have the letter.</exception>
    public static async Task<Reached> SendAsync(MailRelay relay, string to, string text, CancellationToken cancel)
    {
        using var talk = new SmtpTalk(relay);
        try
        {
            await talk.socket.ConnectAsync(relay.Host, relay.Port, cancel);
            talk.stream = new NetworkStream(talk.socket);
        }
        catch (SocketException)
        {
            return Ill("the relay was not reached");
        }

        try
        {
            return await talk.GreetAsync(cancel) ?? await talk.EncryptAsync(cancel) ?? await talk.LogInAsync(cancel)
                ?? await talk.HandOverAsync(to, text, cancel);
        }
        catch (Exception broken) when (broken is IOException or SocketException && !cancel.IsCancellationRequested)
        {
            return Ill("the relay broke off");
        }
    }

    public void Dispose()
    {
        stream.Dispose();
        socket.Dispose();
    }

    private async Task<Reached?> GreetAsync(CancellationToken cancel)
    {
        var greeting = await HearAsync(cancel);
        return greeting is >= 200 and < 300 ? await IntroduceAsync(cancel) : Ill(Note(greeting));
    }

    /// <summary>Says who we are, and learns what the relay offers on this line.</summary>
    private async Task<Reached?> IntroduceAsync(CancellationToken cancel)
    {
        var lines = new List<string>();
        await SayAsync($"EHLO {OwnName()}", cancel);
        var answer = await HearAsync(cancel, lines);
        offers = lines;
        return answer is >= 200 and < 300 ? null : Ill(Note(answer));
    }

    private async Task<Reached?> EncryptAsync(CancellationToken cancel)
    {
        if (!relay.StartTls)
        {
            return null;
        }

        if (!offers.Contains("STARTTLS", StringComparer.OrdinalIgnoreCase))
        {
            return Ill("the relay offers no STARTTLS, and nothing goes in clear");
        }

        await SayAsync("STARTTLS", cancel);
        if (await HearAsync(cancel) is var answer and (< 200 or >= 300))
        {
            return Ill("the relay does not begin TLS: " + Note(answer));
        }

        if (next < end)
        {
            // Somebody on the way may have put it there, to be taken for what the relay says under encryption.
            return Ill("the relay spoke in clear after STARTTLS");
        }

        var fault = SslPolicyErrors.None;
        var secure = new SslStream(stream);
        stream = secure;
        try
        {
            await secure.AuthenticateAsClientAsync(Options((_, _, _, errors) => (fault = errors) == SslPolicyErrors.None), cancel);
        }
        catch (AuthenticationException)
        {
            return Ill(
                fault.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch) ? "the relay's certificate is for another name"
                : fault != SslPolicyErrors.None ? "the relay's certificate is not trusted"
                : "no TLS with the relay");
        }

        encrypted = true;
        // What was offered in clear is forgotten: anybody could have said it.
        return await IntroduceAsync(cancel);
    }

    private SslClientAuthenticationOptions Options(RemoteCertificateValidationCallback judge)
    {
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = relay.Host,
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            RemoteCertificateValidationCallback = judge,
        };
        if (relay.Authorities is { } authorities)
        {
            options.CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck,
            };
            options.CertificateChainPolicy.CustomTrustStore.AddRange(authorities);
        }

        return options;
    }

    private async Task<Reached?> LogInAsync(CancellationToken cancel)
    {
        if (relay.User is not { } user)
        {
            return null;
        }

        if (!encrypted)
        {
            return Ill("a password is not sent in clear");
        }

        var ways = offers.Where(offer => offer.StartsWith("AUTH ", StringComparison.OrdinalIgnoreCase))
            .SelectMany(offer => offer.ToUpperInvariant().Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..]).ToHashSet(StringComparer.Ordinal);
        var password = relay.Password ?? "";
        int answer;
        if (ways.Contains("PLAIN"))
        {
            await SayAsync("AUTH PLAIN " + Coded($"\0{user}\0{password}"), cancel);
            answer = await HearAsync(cancel);
        }
        else if (ways.Contains("LOGIN"))
        {
            answer = 334;
            foreach (var word in new[] { "AUTH LOGIN", Coded(user), Coded(password) })
            {
                if (answer != 334)
                {
                    break;
                }

                await SayAsync(word, cancel);
                answer = await HearAsync(cancel);
            }
        }
        else
        {
            return Ill("the relay offers neither AUTH PLAIN nor LOGIN");
        }

        // It may be mended at the relay as well as here: tried again, for a day.
        return answer == 235 ? null : Ill("the relay does not take our user and password: " + Note(answer));
    }

    private async Task<Reached> HandOverAsync(string to, string text, CancellationToken cancel)
    {
        await SayAsync($"MAIL FROM:<{relay.From}>", cancel);
        if (await HearAsync(cancel) is var sender and not (>= 200 and < 300))
        {
            return Ill(Note(sender));
        }

        await SayAsync($"RCPT TO:<{to}>", cancel);
        if (await HearAsync(cancel) is var recipient and not (>= 200 and < 300))
        {
            return recipient == 421 ? Ill(Note(recipient))
                : new Reached(recipient >= 500 ? Reach.Never : Reach.NotNow, Note(recipient));
        }

        await SayAsync("DATA", cancel);
        if (await HearAsync(cancel) is var ready and not 354)
        {
            return Ill(Note(ready));
        }

        await SayAsync(text + ".", cancel);
        if (await HearAsync(cancel) is var taken and not (>= 200 and < 300))
        {
            // A 5xx is about this letter, a 4xx about the relay.
            return taken >= 500 ? new Reached(Reach.NotNow, Note(taken)) : Ill(Note(taken));
        }

        try
        {
            await SayAsync("QUIT", cancel);
        }
        catch (Exception gone) when (gone is IOException or SocketException or OperationCanceledException)
        {
            // It has the letter.
            return Reached.Told;
        }

        return Reached.Told;
    }

    private async Task SayAsync(string line, CancellationToken cancel) =>
        await stream.WriteAsync(Encoding.ASCII.GetBytes(line + "\r\n"), cancel);

    /// <summary>The code of the next answer; what stands after it on each line goes to the list.</summary>
    private async Task<int> HearAsync(CancellationToken cancel, List<string>? lines = null)
    {
        for (var count = 0; count < MostLines; count++)
        {
            var line = await LineAsync(cancel);
            if (line.Length < 3 || !int.TryParse(line[..3], NumberStyles.None, CultureInfo.InvariantCulture, out var code)
                || code is < 200 or > 599)
            {
                break;
            }

            lines?.Add(line.Length > 4 ? line[4..].Trim() : "");
            if (line.Length == 3 || line[3] != '-')
            {
                return code;
            }
        }

        throw new IOException("What the relay says is no SMTP.");
    }

    private async Task<string> LineAsync(CancellationToken cancel)
    {
        var line = new StringBuilder();
        while (line.Length <= LongestLine)
        {
            if (next == end)
            {
                (next, end) = (0, await stream.ReadAsync(heard, cancel));
                if (end == 0)
                {
                    throw new IOException("The relay closed the connection.");
                }
            }

            var one = (char)heard[next++];
            if (one == '\n')
            {
                return line.ToString().TrimEnd('\r');
            }

            line.Append(one);
        }

        throw new IOException("The relay's line has no end.");
    }

    /// <summary>This machine's name, as far as a greeting may hold it.</summary>
    private static string OwnName() =>
        Environment.MachineName is { Length: > 0 and <= 200 } name && name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '.')
            ? name
            : "localhost";

    private static string Coded(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private static Reached Ill(string note) => new(Reach.Ill, note);

    private static string Note(int code) => FormattableString.Invariant($"SMTP {code}");
}
