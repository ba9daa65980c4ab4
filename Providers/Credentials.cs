using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace EGovPay.Providers;

/// <summary>Turns what lets us in into what goes over the wire.</summary>
internal static class Credentials
{
    public static KeyValuePair<string, string>? Basic(ProviderAccess access) =>
        access.User is null ? null : new("Authorization", BasicValue(access.User, access.Password));

    public static string BasicValue(string user, string password) =>
        $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}"))}";

    public static X509Certificate2? Certificate(ProviderAccess access) =>
        access.CertificateFile is null ? null
            : X509CertificateLoader.LoadPkcs12FromFile(access.CertificateFile, access.CertificatePassword);
}
