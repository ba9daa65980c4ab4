using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Security.Cryptography;
using EGovPay.Processing.Catalogue;
using EGovPay.Providers.Wire;
using Microsoft.Extensions.Logging;

namespace EGovPay.Providers.Register;

/// <summary>
/// Hands registers to receivers that take files by HTTP (<c>PUT {address}/{file name}</c>, answered by the
/// acknowledgement) and lays the acknowledgement in its folder. A file may be handed over any number of times: a
/// receiver knows it by its name and its payments by their numbers.
/// </summary>
/// <param name="reachedAt">
/// The absolute address to which relative addresses are added, or null where there are none.
/// </param>
/// <param name="accessOf">Whose certificates a receiver may show, and ours; null: what the machine trusts, and none.</param>
public sealed class HandOverRegister(
    Uri? reachedAt, RegisterFolder folder, ILogger log, Func<ProviderSettings, ProviderAccess>? accessOf = null) : IDisposable
{
    private const int LongestAcknowledgement = 64 * 1024 * 1024;

    private readonly ConcurrentDictionary<ProviderAccess, HttpClient> clients = new();

    /// <summary>
    /// Hands over every register of a provider that is not acknowledged. The number that was acknowledged now; a
    /// receiver that does not answer is tried again the next time.
    /// </summary>
    public async Task<int> RunAsync(ProviderSettings provider, CancellationToken cancel)
    {
        var done = 0;
        foreach (var name in folder.NotAcknowledged(provider.Code))
        {
            if (await HandOverAsync(provider, name, cancel) is not { } acknowledgement)
            {
                continue;
            }

            await WholeFile.WriteAsync(
                folder.AckPath(provider.Code, name), file => file.WriteAsync(acknowledgement, cancel).AsTask());
            done++;
        }

        return done;
    }

    /// <summary>Hands over one register, whether it was acknowledged or not. True: it is acknowledged now.</summary>
    internal async Task<bool> AgainAsync(ProviderSettings provider, string name, CancellationToken cancel)
    {
        if (await HandOverAsync(provider, name, cancel) is not { } acknowledgement)
        {
            return false;
        }

        await WholeFile.WriteAsync(
            folder.AckPath(provider.Code, name), file => file.WriteAsync(acknowledgement, cancel).AsTask());
        return true;
    }

    public void Dispose()
    {
        foreach (var client in clients.Values)
        {
            client.Dispose();
        }
    }

    private static HttpClient Client(ProviderAccess access) => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        ActivityHeadersPropagator = null,
        PooledConnectionLifetime = TimeSpan.FromMinutes(2),
        SslOptions = TrustAuthorities.Options(Credentials.Certificate(access), TrustAuthorities.Read(access)),
    })
    {
        MaxResponseContentBufferSize = LongestAcknowledgement,
        Timeout = TimeSpan.FromMinutes(5),
    };

    private async Task<byte[]?> HandOverAsync(ProviderSettings provider, string name, CancellationToken cancel)
    {
        try
        {
            var access = accessOf?.Invoke(provider) ?? ProviderAccess.None;
            var target = Target(provider, name);
            if (access.AuthorityFile is not null && target.Scheme != Uri.UriSchemeHttps)
            {
                throw new FormatException("It is no https address, and it is set whose certificates are trusted there.");
            }

            var http = clients.GetOrAdd(access, Client);
            await using var file = File.OpenRead(folder.OutPath(provider.Code, name));
            using var content = new StreamContent(file);
            using var response = await http.PutAsync(target, content, cancel);
            var body = await response.Content.ReadAsByteArrayAsync(cancel);
            if ((int)response.StatusCode == 200)
            {
                using var text = new StreamReader(new MemoryStream(body));
                if (ReadAcknowledgement.Read(text) is { Good: false } nonsense)
                {
                    // Some page of some proxy is no receiver's word: the register is handed over again.
                    log.AcknowledgementNotRead(provider.Code, name, nonsense.Fault!);
                    return null;
                }

                return body;
            }

            log.RegisterNotTaken(provider.Code, name, (int)response.StatusCode);
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException or SocketException or InvalidOperationException
            or FormatException or CryptographicException or UnauthorizedAccessException
            || (fault is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            log.RegisterNotTaken(provider.Code, name, 0);
        }

        return null;
    }

    private Uri Target(ProviderSettings provider, string name)
    {
        var address = $"{provider.Address.TrimEnd('/')}/{name}";
        if (Uri.TryCreate(address, UriKind.Absolute, out var absolute) && !absolute.IsFile)
        {
            return absolute;
        }

        var root = reachedAt ?? throw new InvalidOperationException("It is not set where providers are reached.");
        return new Uri($"{root.AbsoluteUri.TrimEnd('/')}/{address.TrimStart('/')}");
    }
}
