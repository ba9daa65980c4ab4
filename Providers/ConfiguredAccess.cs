using System.Collections.Concurrent;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Signatures;
using EGovPay.Providers.Osmp;
using Microsoft.Extensions.Configuration;

namespace EGovPay.Providers;

/// <summary>
/// Reads a provider's credentials and dialect from the section <c>Providers:&lt;code&gt;</c> of the configuration (file, or environment
/// as <c>Providers__azerishiq__Password</c>): <c>User</c>, <c>Password</c>; <c>CertificateFile</c>, <c>CertificatePassword</c>;
/// <c>KeyId</c> with <c>SharedKey</c> (base 64, at least 16 bytes) or <c>KeyFile</c> (PEM of a P-256 private key);
/// <c>Osmp:ByGet</c>, <c>Osmp:Inquiry</c> (check, getInfo), <c>Osmp:Currency</c>, <c>Osmp:AnswersWithoutSum</c>.
/// The same values give the same object, so a new catalogue does not break connections.
/// </summary>
public sealed class ConfiguredAccess(IConfiguration configuration)
{
    private readonly ConcurrentDictionary<string, (string Read, ProviderAccess Access)> known = new(StringComparer.Ordinal);

    /// <summary>What lets us in with this provider; nothing where nothing is configured.</summary>
    /// <exception cref="FormatException">A value cannot be used; the message names the setting and never its value.</exception>
    public ProviderAccess For(ProviderSettings provider)
    {
        var section = configuration.GetSection($"Providers:{provider.Code}");
        var read = string.Join('\n', section.AsEnumerable().OrderBy(one => one.Key, StringComparer.Ordinal)
            .Select(one => $"{one.Key}={one.Value}"));
        if (known.TryGetValue(provider.Code, out var before) && before.Read == read)
        {
            return before.Access;
        }

        var access = Read(section);
        known[provider.Code] = (read, access);
        return access;
    }

    private static ProviderAccess Read(IConfigurationSection section) => new()
    {
        User = section["User"],
        Password = section["Password"] ?? "",
        CertificateFile = section["CertificateFile"],
        CertificatePassword = section["CertificatePassword"],
        Key = ReadKey(section),
        Osmp = new OsmpDialect
        {
            ByGet = ReadFlag(section, "Osmp:ByGet"),
            AnswersWithoutSum = ReadFlag(section, "Osmp:AnswersWithoutSum"),
            Currency = section["Osmp:Currency"],
            Inquiry = section["Osmp:Inquiry"] switch
            {
                null or "check" => OsmpInquiry.Check,
                "getInfo" => OsmpInquiry.GetInfo,
                _ => throw Unusable(section, "Osmp:Inquiry", "check or getInfo"),
            },
        },
    };

    private static MessageKey? ReadKey(IConfigurationSection section)
    {
        var shared = section["SharedKey"];
        var file = section["KeyFile"];
        if (shared is null && file is null)
        {
            return null;
        }

        var id = section["KeyId"] ?? throw Unusable(section, "KeyId", "the key's name at the provider");
        try
        {
            return shared is not null
                ? MessageKey.Shared(id, Convert.FromBase64String(shared))
                : MessageKey.Ecdsa(id, File.ReadAllText(file!));
        }
        catch (Exception fault) when (fault is FormatException or ArgumentException or IOException)
        {
            throw Unusable(section, shared is not null ? "SharedKey" : "KeyFile",
                shared is not null ? "base 64 of at least 16 bytes" : "a readable PEM file with a P-256 private key");
        }
    }

    private static bool ReadFlag(IConfigurationSection section, string name) => section[name] switch
    {
        null => false,
        var text when bool.TryParse(text, out var flag) => flag,
        _ => throw Unusable(section, name, "true or false"),
    };

    private static FormatException Unusable(IConfigurationSection section, string name, string expected) =>
        new($"The setting {section.Path}:{name} must be {expected}.");
}
