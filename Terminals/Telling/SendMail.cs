using System.Net;
using System.Net.Mail;
using System.Text;
using EGovPay.Processing.Payments;

namespace EGovPay.Terminals.Telling;

/// <summary>The relay that takes our e-mail.</summary>
/// <param name="StartTls">The line must be encrypted by STARTTLS before anything is said; without it: in clear.</param>
/// <param name="User">Null: it asks for none.</param>
/// <param name="From">The sender's address.</param>
public sealed record MailRelay(string Host, int Port, bool StartTls, string? User, string? Password, string From)
{
    /// <summary>The password is never printed.</summary>
    public override string ToString() => $"{nameof(MailRelay)} {Host}:{Port}";
}

/// <summary>Tells payers by e-mail.</summary>
internal sealed class SendMail(MailRelay relay, PayerTexts texts) : IWay
{
    public async Task<Reached> TellAsync(Telling telling, CancellationToken cancel)
    {
        if (telling.Told.Contact is not { Email: { } to } contact)
        {
            return new Reached(Reach.Never, "the payer's address is no longer kept");
        }

        if (!IsAddress(to))
        {
            return new Reached(Reach.Never, "no e-mail address");
        }

        var text = texts.Write(telling.Told.Payment, contact.Language);
        using var message = Compose(telling.Id, to, text, contact);
        // A connection for each: a relay is near, and a broken one is nobody else's.
        using var client = new SmtpClient(relay.Host, relay.Port) { EnableSsl = relay.StartTls };
        if (relay.User is { } user)
        {
            client.Credentials = new NetworkCredential(user, relay.Password);
        }

        try
        {
            await client.SendMailAsync(message, cancel);
            return Reached.Told;
        }
        catch (SmtpFailedRecipientException refused)
        {
            return Refused(refused.StatusCode);
        }
        catch (SmtpException failed) when (!cancel.IsCancellationRequested)
        {
            return new Reached(Reach.Ill, Note(failed.StatusCode));
        }
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

    private MailMessage Compose(string id, string to, PayerText text, Contact contact)
    {
        var message = new MailMessage(new MailAddress(relay.From, "eGovPay"), new MailAddress(to))
        {
            Subject = text.Subject,
            SubjectEncoding = Encoding.UTF8,
            Body = text.Text,
            BodyEncoding = Encoding.UTF8,
            IsBodyHtml = false,
        };
        var domain = relay.From[(relay.From.LastIndexOf('@') + 1)..];
        // The same in every attempt: a mail program shows one that came twice once.
        message.Headers.Add("Message-ID", $"<{id}@{domain}>");
        message.Headers.Add("Auto-Submitted", "auto-generated");
        message.Headers.Add("Content-Language", Receipts.Texts.Language(contact.Language));
        return message;
    }

    private static Reached Refused(SmtpStatusCode code) => (int)code is >= 500 and < 600
        ? new Reached(Reach.Never, Note(code))
        : new Reached(Reach.NotNow, Note(code));

    private static string Note(SmtpStatusCode code) =>
        (int)code > 0 ? FormattableString.Invariant($"SMTP {(int)code}") : "the relay was not reached";
}
