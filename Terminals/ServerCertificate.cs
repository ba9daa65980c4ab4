using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using NodaTime;

namespace EGovPay.Terminals;

/// <summary>
/// The server's certificate with its chain, from files: PEM with a key file, or PKCS #12. Looked at again when somebody
/// connects, at most once a second: a file that was replaced is in force with the next connection, and one that cannot be
/// read leaves the one before in force and says so once.
/// </summary>
public sealed class ServerCertificate
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    private readonly string certificateFile;
    private readonly string? keyFile;
    private readonly string? password;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private readonly Lock gate = new();
    private SslStreamCertificateContext current;
    private string stamp;
    private long lookedAt;

    private ServerCertificate(string certificateFile, string? keyFile, string? password, TimeProvider time, ILogger log)
    {
        this.certificateFile = certificateFile;
        this.keyFile = keyFile;
        this.password = password;
        this.time = time;
        this.log = log;
        stamp = Stamp();
        current = Read();
        lookedAt = time.GetTimestamp();
    }

    /// <summary>The certificate in force.</summary>
    public SslStreamCertificateContext Current
    {
        get
        {
            lock (gate)
            {
                if (time.GetElapsedTime(lookedAt) >= LookEvery)
                {
                    lookedAt = time.GetTimestamp();
                    Look();
                }

                return current;
            }
        }
    }

    /// <summary>When the certificate in force ends, or the first of its issuers that is shown with it.</summary>
    public Instant Ends
    {
        get
        {
            var shown = Current;
            return Instant.FromDateTimeUtc(shown.IntermediateCertificates.Append(shown.TargetCertificate)
                .Min(one => one.NotAfter.ToUniversalTime()));
        }
    }

    /// <param name="certificateFile">PEM, the server's own first and then its issuers; or PKCS #12 without a key file.</param>
    /// <param name="keyFile">PEM of the private key; null: it lies in <paramref name="certificateFile"/>.</param>
    /// <param name="password">Of the key, or of the PKCS #12 file; null: none.</param>
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="CryptographicException">It is no certificate with its private key.</exception>
    public static ServerCertificate Open(
        string certificateFile, string? keyFile, string? password, TimeProvider time, ILogger log) =>
        new(certificateFile, keyFile, password, time, log);

    private void Look()
    {
        try
        {
            var now = Stamp();
            if (now == stamp)
            {
                return;
            }

            stamp = now;
            current = Read();
            Log.CertificateRead(log, current.TargetCertificate.NotAfter.ToUniversalTime());
        }
        catch (Exception unreadable) when (
            unreadable is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            Log.CertificateUnreadable(log, unreadable);
        }
    }

    /// <summary>
    /// What the files hold, and not when they were written: behind links that are swapped whole (a mounted secret) neither the
    /// link nor its times change. A file that cannot be read is a state like another, said once.
    /// </summary>
    private string Stamp() => string.Join('|', new[] { certificateFile, keyFile }.OfType<string>().Select(path =>
    {
        try
        {
            return Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(path)));
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return unreadable.Message;
        }
    }));

    private SslStreamCertificateContext Read()
    {
        var bytes = File.ReadAllBytes(certificateFile);
        if (!bytes.AsSpan().StartsWith("-----"u8) && bytes.AsSpan().IndexOf("-----BEGIN"u8) < 0)
        {
            var all = X509CertificateLoader.LoadPkcs12Collection(bytes, password);
            var own = all.FirstOrDefault(one => one.HasPrivateKey)
                ?? throw new CryptographicException("The file holds no private key.");
            return SslStreamCertificateContext.Create(own, all, offline: true);
        }

        var key = keyFile ?? certificateFile;
        var leaf = password is null
            ? X509Certificate2.CreateFromPemFile(certificateFile, key)
            : X509Certificate2.CreateFromEncryptedPemFile(certificateFile, password, key);
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(certificateFile);
        return SslStreamCertificateContext.Create(leaf, chain, offline: true);
    }
}
