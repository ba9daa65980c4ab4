using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EGovPay.Processing.Validation;
using EGovPay.Terminals.Receipts;
using NodaTime;

namespace EGovPay.Terminals.CommandLine;

/// <summary>Who answers for receipts, and what signs them as PDF: from the settings, else made for this database.</summary>
internal sealed class OperatorOfReceipts : IDisposable
{
    private readonly OperatorSignature? signature;

    private OperatorOfReceipts(string name, string voen, OperatorSignature? signature, PdfReceipt? pdf)
    {
        Name = name;
        Voen = voen;
        this.signature = signature;
        Pdf = pdf;
    }

    public string Name { get; }

    public string Voen { get; }

    /// <summary>When the certificate that signs receipts ends; null: there is none.</summary>
    public Instant? Ends => signature?.CertificateEnds;

    /// <summary>Null where the machine has no font for it; the log says what to install.</summary>
    public PdfReceipt? Pdf { get; }

    /// <param name="home">Where a self-made certificate is kept.</param>
    /// <exception cref="CommandException">A setting names a certificate, font or VÖEN that cannot be used.</exception>
    public static OperatorOfReceipts Open(Settings settings, string home, ILogger log)
    {
        if (!CheckDigits.Voen(settings.OperatorVoen))
        {
            throw CommandException.Usage($"'{settings.OperatorVoen}' is no VÖEN of an operator: ten digits, the ninth a check digit.");
        }

        if (Fonts(settings) is not { } fonts)
        {
            Log.NoReceiptFont(log, ReceiptFonts.NoFont);
            return new OperatorOfReceipts(settings.OperatorName, settings.OperatorVoen, null, null);
        }

        var signature = Sign(settings, home);
        return new OperatorOfReceipts(
            settings.OperatorName, settings.OperatorVoen, signature, new PdfReceipt(fonts, signature));
    }

    public void Dispose() => signature?.Dispose();

    private static ReceiptFonts? Fonts(Settings settings)
    {
        try
        {
            return ReceiptFonts.Find(settings.ReceiptFont);
        }
        catch (InvalidDataException wrong)
        {
            throw CommandException.Usage($"The font for receipts cannot be used: {wrong.Message}");
        }
    }

    private static OperatorSignature Sign(Settings settings, string home)
    {
        try
        {
            var certificate = settings.ReceiptCertificate is { } file
                ? X509CertificateLoader.LoadPkcs12FromFile(
                    file, settings.ReceiptCertificatePassword, X509KeyStorageFlags.EphemeralKeySet)
                : SelfMadeCertificate.OpenOrMake(
                    Path.Combine(home, "receipts.p12"), null, settings.OperatorName, settings.OperatorVoen,
                    SystemClock.Instance);
            return new OperatorSignature(certificate, SystemClock.Instance);
        }
        catch (Exception wrong) when (
            wrong is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw CommandException.Usage(
                $"The certificate for receipts cannot be used: {wrong.Message} Set EGOVPAY_RECEIPT_CERTIFICATE to a PKCS #12 "
                + "file with an RSA key, and EGOVPAY_RECEIPT_CERTIFICATE_PASSWORD to its password.");
        }
    }
}
