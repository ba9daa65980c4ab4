using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EGovPay.Processing.Telling;
using EGovPay.Terminals.Telling;

namespace EGovPay.Terminals.CommandLine;

/// <summary>What `serve` and the commands about webhooks make of the settings.</summary>
internal static class TellingSetting
{
    /// <summary>By what payers are told.</summary>
    public static PayerChannels Channels(Settings settings) => new(settings.Smtp is not null, settings.Sms is not null);

    /// <summary>Where webhooks may go.</summary>
    public static AllowedTargets Targets(Settings settings) => new(settings.WebhookHttp, settings.WebhookNetworks);

    /// <param name="listening">The address listened on, which payers get where no public one is set.</param>
    public static TellingSettings From(Settings settings, string listening) => new()
    {
        Targets = Targets(settings),
        PublicAddress = settings.PublicAddress?.AbsoluteUri.TrimEnd('/') ?? listening.TrimEnd('/'),
        Mail = settings.Smtp is { } relay
            ? new MailRelay(
                relay.IdnHost, relay.Port > 0 ? relay.Port : relay.Scheme == "smtps" ? 587 : 25, relay.Scheme == "smtps",
                settings.SmtpUser, settings.SmtpPassword, settings.SmtpFrom!, Authorities(settings.SmtpAuthorities))
            : null,
        Sms = settings.Sms is { } gateway ? new SmsGateway(gateway, settings.SmsKey, settings.SmsFrom) : null,
    };

    private static X509Certificate2Collection? Authorities(string? file)
    {
        if (file is null)
        {
            return null;
        }

        var authorities = new X509Certificate2Collection();
        try
        {
            authorities.ImportFromPemFile(file);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw CommandException.Usage($"smtpAuthorities cannot be read: {unreadable.Message}");
        }

        return authorities.Count > 0 ? authorities : throw CommandException.Usage("smtpAuthorities holds no certificate in PEM.");
    }
}
