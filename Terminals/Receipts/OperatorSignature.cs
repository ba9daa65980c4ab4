using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.X509Certificates;
using NodaTime;

namespace EGovPay.Terminals.Receipts;

/// <summary>
/// The operator's electronic signature: a detached CMS (PKCS #7) with RSA and SHA-256 over a file's bytes. It carries
/// the certificates, the time, and the signing certificate's own hash, so that another certificate cannot be put in
/// its place.
/// </summary>
public sealed class OperatorSignature : IDisposable
{
    private const string SigningCertificateV2 = "1.2.840.113549.1.9.16.2.47";

    private readonly X509Certificate2 _certificate;
    private readonly X509Certificate2Collection _issuers;
    private readonly IClock _clock;
    private readonly Lock _key = new();

    /// <summary>Takes the certificate with its private key, and owns it.</summary>
    /// <param name="certificate">RSA, with the private key.</param>
    /// <param name="clock">Says when a signature was made.</param>
    /// <param name="issuers">The certificates above it, included in signatures; none by default.</param>
    /// <exception cref="ArgumentException">The certificate has no RSA private key.</exception>
    public OperatorSignature(X509Certificate2 certificate, IClock clock, X509Certificate2Collection? issuers = null)
    {
        using (var key = certificate.GetRSAPrivateKey())
        {
            if (key is null)
            {
                throw new ArgumentException(
                    "Receipts are signed with RSA: the certificate has no RSA private key.", nameof(certificate));
            }
        }

        _certificate = certificate;
        _clock = clock;
        _issuers = issuers ?? [];
        // Every signature of one key has one size but for the time's form (two bytes more from 2050 on).
        Size = Sign([0]).Length + 16;
    }

    /// <summary>The most bytes that a signature takes.</summary>
    internal int Size { get; }

    /// <summary>When the certificate ends.</summary>
    public Instant CertificateEnds => Instant.FromDateTimeUtc(_certificate.NotAfter.ToUniversalTime());

    /// <summary>The name on the certificate.</summary>
    public string CertificateName => _certificate.GetNameInfo(X509NameType.SimpleName, false);

    /// <summary>The certificate's serial number in hexadecimal, as printed.</summary>
    public string CertificateSerial => _certificate.SerialNumber;

    /// <summary>
    /// Opens a PKCS #12 file (.pfx, .p12) with the operator's certificate, its key and the certificates above it.
    /// </summary>
    /// <exception cref="CryptographicException">The file or the password is wrong, or it holds no key.</exception>
    public static OperatorSignature Open(string pfxFile, string? password, IClock clock)
    {
        var all = X509CertificateLoader.LoadPkcs12CollectionFromFile(
            pfxFile, password, X509KeyStorageFlags.EphemeralKeySet);
        var own = all.FirstOrDefault(certificate => certificate.HasPrivateKey)
            ?? throw new CryptographicException($"There is no certificate with a private key in {pfxFile}.");
        return new OperatorSignature(own, clock, [.. all.Where(certificate => certificate != own)]);
    }

    /// <summary>The signature of <paramref name="content"/>, which is not contained in it; DER.</summary>
    public byte[] Sign(byte[] content)
    {
        var cms = new SignedCms(new ContentInfo(content), detached: true);
        var signer = new CmsSigner(SubjectIdentifierType.IssuerAndSerialNumber, _certificate)
        {
            DigestAlgorithm = new Oid("2.16.840.1.101.3.4.2.1"), // SHA-256
            IncludeOption = X509IncludeOption.EndCertOnly,
        };
        signer.Certificates.AddRange(_issuers);
        signer.SignedAttributes.Add(new Pkcs9SigningTime(_clock.GetCurrentInstant().ToDateTimeUtc()));
        signer.SignedAttributes.Add(new AsnEncodedData(new Oid(SigningCertificateV2), CertificateHash()));
        lock (_key) // an RSA object promises nothing to two threads
        {
            cms.ComputeSignature(signer, silent: true);
        }

        return cms.Encode();
    }

    internal Instant Now() => _clock.GetCurrentInstant();

    public void Dispose() => _certificate.Dispose();

    /// <summary>
    /// SigningCertificateV2 of RFC 5035 with one ESSCertIDv2; SHA-256 is its default and so left out.
    /// </summary>
    private byte[] CertificateHash()
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        using (writer.PushSequence())
        using (writer.PushSequence())
        {
            writer.WriteOctetString(SHA256.HashData(_certificate.RawData));
        }

        return writer.Encode();
    }
}
