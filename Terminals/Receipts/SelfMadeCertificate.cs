using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using NodaTime;

namespace EGovPay.Terminals.Receipts;

/// <summary>
/// A certificate that nobody but ourselves vouches for, so that the demo signs as production does. RSA 3072 with
/// SHA-256: every PDF reader verifies it, where elliptic curves still fail in some. Readers will show the signature as
/// valid and the signer as unknown, which is the truth.
/// </summary>
public static class SelfMadeCertificate
{
    /// <summary>How long one is good, from the day it is made.</summary>
    public static readonly Duration Lifetime = Duration.FromDays(3 * 365);

    private const int KeyBits = 3072;

    /// <summary>Makes one, with its private key, valid from a day ago for three years.</summary>
    public static X509Certificate2 Make(string operatorName, string voen, IClock clock)
    {
        using var key = RSA.Create(KeyBits);
        var name = new X500DistinguishedNameBuilder();
        name.AddCountryOrRegion("AZ");
        name.AddOrganizationName(operatorName);
        name.Add("2.5.4.5", voen); // serialNumber: the tax number
        name.AddCommonName($"{operatorName} (demo)");
        var request = new CertificateRequest(name.Build(), key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(
            X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.NonRepudiation, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        var now = clock.GetCurrentInstant();
        return request.CreateSelfSigned(
            (now - Duration.FromDays(1)).ToDateTimeOffset(), (now + Lifetime).ToDateTimeOffset());
    }

    /// <summary>
    /// The certificate in a file, made and written (readable by the owner only) where there is none or the one there
    /// has expired, so that a demo that is started again signs with the same key.
    /// </summary>
    public static X509Certificate2 OpenOrMake(
        string file, string? password, string operatorName, string voen, IClock clock)
    {
        if (File.Exists(file))
        {
            var kept = X509CertificateLoader.LoadPkcs12FromFile(file, password, X509KeyStorageFlags.EphemeralKeySet);
            if (Instant.FromDateTimeUtc(kept.NotAfter.ToUniversalTime()) > clock.GetCurrentInstant())
            {
                return kept;
            }

            kept.Dispose();
        }

        var made = Make(operatorName, voen, clock);
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(file))!);
        var whole = made.Export(X509ContentType.Pkcs12, password);
        var draft = $"{file}.{Guid.NewGuid():N}";
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (var stream = new FileStream(draft, options))
        {
            stream.Write(whole);
        }

        File.Move(draft, file, overwrite: true);
        return made;
    }
}
