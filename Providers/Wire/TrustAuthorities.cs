using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EGovPay.Providers.Wire;

/// <summary>
/// Whose certificates a provider may show. With authorities of its own, only theirs, whatever the machine trusts besides; the name in
/// the certificate is checked either way, and nothing is fetched to check it. A handshake that fails comes before the first byte of a
/// request, so nothing was sent.
/// </summary>
internal static class TrustAuthorities
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    /// <summary>The authorities of <see cref="ProviderAccess.AuthorityFile"/>; null where the machine's are trusted.</summary>
    /// <exception cref="FormatException">There is no certificate in the file, or it cannot be read.</exception>
    public static X509Certificate2Collection? Read(ProviderAccess access)
    {
        if (access.AuthorityFile is not { } file)
        {
            return null;
        }

        var authorities = new X509Certificate2Collection();
        try
        {
            authorities.ImportFromPemFile(file);
        }
        catch (Exception fault) when (fault is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new FormatException($"The authorities in {file} cannot be read: {fault.Message}", fault);
        }

        return authorities.Count > 0 ? authorities : throw new FormatException($"There is no certificate in {file}.");
    }

    /// <summary>How a client shakes hands.</summary>
    /// <param name="own">Our certificate where the provider wants one, or null.</param>
    /// <param name="authorities">What <see cref="Read"/> gave.</param>
    public static SslClientAuthenticationOptions Options(X509Certificate2? own, X509Certificate2Collection? authorities)
    {
        var options = new SslClientAuthenticationOptions { ClientCertificates = own is null ? null : [own] };
        if (authorities is null)
        {
            return options;
        }

        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.ApplicationPolicy.Add(new Oid(ServerAuthentication));
        foreach (var authority in authorities)
        {
            // Only what signs itself can be a root; the others help to build the chain to one.
            var root = authority.SubjectName.RawData.AsSpan().SequenceEqual(authority.IssuerName.RawData);
            (root ? policy.CustomTrustStore : policy.ExtraStore).Add(authority);
        }

        options.CertificateChainPolicy = policy;
        return options;
    }
}
