using System.Text.Json;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Signatures;
using EGovPay.Providers;
using EGovPay.Providers.Simulator;

namespace EGovPay.Terminals.CommandLine;

/// <summary>
/// Reads the credentials for providers: a JSON object by provider code, <c>{"azercell": {"user": …, "password": …,
/// "certificateFile": …, "certificatePassword": …, "authorityFile": …, "keyId": …, "keySecret": base64}}</c>. A provider that
/// is not named gets none; without a file all get the simulator's published ones.
/// </summary>
internal static class ReadAccess
{
    /// <exception cref="CommandException">The file cannot be read, or a name or a value in it is wrong; no value is
    /// shown.</exception>
    /// <param name="authorities">PEM of whose certificates providers may show that have no authorities of their own, or null.</param>
    public static Func<ProviderSettings, ProviderAccess> From(string? file, string? authorities = null)
    {
        if (authorities is null)
        {
            return From(file);
        }

        if (!File.Exists(authorities))
        {
            throw CommandException.Usage($"The file of authorities for providers, {authorities}, is not there.");
        }

        var known = From(file);
        return provider => known(provider) is { AuthorityFile: null } access ? access with { AuthorityFile = authorities } : known(provider);
    }

    private static Func<ProviderSettings, ProviderAccess> From(string? file)
    {
        if (file is null)
        {
            return SimulatedAccess.For;
        }

        try
        {
            using var json = JsonDocument.Parse(
                File.ReadAllBytes(file), new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 3 });
            var known = json.RootElement.EnumerateObject()
                .ToDictionary(provider => provider.Name, provider => Read(file, provider), StringComparer.Ordinal);
            return provider => known.GetValueOrDefault(provider.Code, ProviderAccess.None);
        }
        catch (Exception broken) when (broken is JsonException or InvalidOperationException or FormatException)
        {
            throw CommandException.Usage($"{file} is not a JSON object of credentials by provider.");
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw CommandException.Usage($"The file of credentials cannot be read: {unreadable.Message}");
        }
    }

    private static ProviderAccess Read(string file, JsonProperty provider)
    {
        var access = new ProviderAccess();
        string? keyId = null;
        byte[]? keySecret = null;
        foreach (var member in provider.Value.EnumerateObject())
        {
            var value = member.Value.GetString()!;
            access = member.Name switch
            {
                "user" => access with { User = value },
                "password" => access with { Password = value },
                "certificateFile" =>
                    access with { CertificateFile = Path.GetFullPath(value, Path.GetDirectoryName(file)!) },
                "certificatePassword" => access with { CertificatePassword = value },
                "authorityFile" => access with { AuthorityFile = Path.GetFullPath(value, Path.GetDirectoryName(file)!) },
                "keyId" or "keySecret" => access,
                _ => throw CommandException.Usage(
                    $"{file}: {provider.Name}.{member.Name} is not known; known are user, password, "
                    + "certificateFile, certificatePassword, authorityFile, keyId, keySecret."),
            };
            keyId = member.Name == "keyId" ? value : keyId;
            keySecret = member.Name == "keySecret" ? Convert.FromBase64String(value) : keySecret;
        }

        return (keyId, keySecret) switch
        {
            (null, null) => access,
            ({ } id, { } secret) => access with { Key = MessageKey.Shared(id, secret) },
            _ => throw CommandException.Usage(
                $"{file}: {provider.Name} has keyId or keySecret alone; they go together."),
        };
    }
}
