using EGovPay.Processing.Signatures;
using EGovPay.Providers.Osmp;

namespace EGovPay.Providers;

/// <summary>
/// What is needed to be let in by one provider and is not in the catalogue: credentials, and how its dialect differs.
/// It is never logged and never written to a payment's file.
/// </summary>
public sealed record ProviderAccess
{
    /// <summary>Nothing: no credentials, the usual dialect.</summary>
    public static readonly ProviderAccess None = new();

    /// <summary>HTTP Basic user, or null for no Basic authentication.</summary>
    public string? User { get; init; }

    /// <summary>HTTP Basic password; empty where there is none.</summary>
    public string Password { get; init; } = "";

    /// <summary>A file with the client certificate and its private key (PKCS #12), or null.</summary>
    public string? CertificateFile { get; init; }

    /// <summary>The password of <see cref="CertificateFile"/>, or null.</summary>
    public string? CertificatePassword { get; init; }

    /// <summary>
    /// A file with the authorities (PEM) of which the provider's certificate must be, or null: those that the machine trusts. With it
    /// the provider is reached over https or not at all.
    /// </summary>
    public string? AuthorityFile { get; init; }

    /// <summary>The key that signs requests of the JSON protocol, which does not go without; null elsewhere.</summary>
    public MessageKey? Key { get; init; }

    /// <summary>How this provider's OSMP differs from the usual.</summary>
    public OsmpDialect Osmp { get; init; } = OsmpDialect.Usual;

    /// <summary>Never prints what it holds.</summary>
    public override string ToString() => nameof(ProviderAccess);
}
