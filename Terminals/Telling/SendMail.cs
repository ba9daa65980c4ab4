using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using EGovPay.Processing.Payments;

namespace EGovPay.Terminals.Telling;

/// <summary>The relay that takes our e-mail.</summary>
/// <param name="StartTls">The line must be encrypted by STARTTLS before anything is said; without it: in clear.</param>
/// <param name="User">Null: it asks for none. Where there is one, the line must be encrypted.</param>
/// <param name="From">The sender's address.</param>
/// <param name="Authorities">Who may vouch for the relay's certificate; null: whom this machine trusts.</param>
public sealed record MailRelay(
    string Host, int Port, bool StartTls, string? User, string? Password, string From, X509Certificate2Collection? Authorities = null)
{
    /// <summary>The password is never printed.</summary>
    public override string ToString() => $"{nameof(MailRelay)} {Host}:{Port}";
}

/// <summary>Tells payers by e-mail. A connection for each letter: a relay is near, and a broken one is nobody else's.</summary>
internal sealed class SendMail(MailRelay relay, PayerTexts texts) : IWay
{
    /// <summary>Of a part of a subject, before it is coded: an encoded word has 75 characters at most.</summary>
    private const int WordBytes = 42;

    public async Task<Reached> TellAsync(Telling telling, CancellationToken cancel)
    {
        if (telling.Told.Contact is not { Email: { } to } contact)
        {
            return new Reached(Reach.Never, "the payer's address is no longer kept");
        }

        return IsAddress(to)
            ? await SmtpTalk.SendAsync(relay, to, Letter(telling, to, contact), cancel)
            : new Reached(Reach.Never, "no e-mail address");
    }

    /// <summary>
    /// Is it an address that may stand in a header and a command: one @, a domain with a dot or a name, and nothing but letters,
    /// digits and the marks that addresses have?
    /// </summary>
    internal static bool IsAddress(string text)
    {
        var at = text.IndexOf('@', StringComparison.Ordinal);
        return at is > 0 and <= 64 && text.Length is > 2 and <= 254 && at < text.Length - 1
            && text.AsSpan(at + 1).IndexOf('@') < 0
            && text.AsSpan(0, at).IndexOfAnyExcept(LocalLetters) < 0 && text[0] != '.' && text[at - 1] != '.'
            && text.AsSpan(at + 1).IndexOfAnyExcept(DomainLetters) < 0 && text[at + 1] is not ('.' or '-')
            && text[^1] is not ('.' or '-') && !text.Contains("..", StringComparison.Ordinal);
    }

    private static readonly System.Buffers.SearchValues<char> LocalLetters = System.Buffers.SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.!#$%&'*+/=?^_`{|}~-");

    private static readonly System.Buffers.SearchValues<char> DomainLetters = System.Buffers.SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-");

    /// <summary>The letter as it goes over the wire: the same bytes in every attempt.</summary>
    private string Letter(Telling telling, string to, Contact contact)
    {
        var text = texts.Write(telling.Told.Payment, contact.Language);
        var body = Convert.ToBase64String(
            Encoding.UTF8.GetBytes(text.Text.ReplaceLineEndings("\r\n")), Base64FormattingOptions.InsertLineBreaks);
        var at = telling.Told.Payment.At.ToDateTimeOffset().ToString("ddd, dd MMM yyyy HH:mm:ss", CultureInfo.InvariantCulture);
        var domain = relay.From[(relay.From.LastIndexOf('@') + 1)..];
        // A mail program shows one that came twice once, by its Message-ID. No line begins with a dot.
        return string.Join(
            "\r\n",
            $"Date: {at} +0000",
            $"From: eGovPay <{relay.From}>",
            $"To: <{to}>",
            $"Subject: {Words(text.Subject)}",
            $"Message-ID: <{telling.Id}@{domain}>",
            "MIME-Version: 1.0",
            "Content-Type: text/plain; charset=utf-8",
            "Content-Transfer-Encoding: base64",
            $"Content-Language: {Receipts.Texts.Language(contact.Language)}",
            "Auto-Submitted: auto-generated",
            "",
            body,
            "");
    }

    /// <summary>A header's text as encoded words: no letter of it can end the line.</summary>
    private static string Words(string text)
    {
        var words = new StringBuilder();
        var part = new List<byte>();
        Span<byte> letter = stackalloc byte[4];
        foreach (var rune in text.EnumerateRunes())
        {
            var size = rune.EncodeToUtf8(letter);
            if (part.Count + size > WordBytes)
            {
                Close();
            }

            part.AddRange(letter[..size]);
        }

        Close();
        return words.ToString();

        void Close()
        {
            words.Append(words.Length > 0 ? "\r\n " : "").Append("=?utf-8?B?")
                .Append(Convert.ToBase64String(part.ToArray())).Append("?=");
            part.Clear();
        }
    }
}
