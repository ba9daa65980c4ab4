using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Dispatch;
using EGovPay.Providers.Json;
using EGovPay.Providers.Osmp;
using EGovPay.Providers.Register;
using Microsoft.Extensions.Logging;
using NodaTime;

namespace EGovPay.Providers;

/// <summary>
/// Builds what speaks to each provider of a catalogue. Made once for a node; <see cref="Connect"/> is called again for
/// every new catalogue, and a provider whose settings and access did not change keeps its connections.
/// </summary>
/// <param name="reachedAt">
/// The absolute address to which relative addresses are added, or null where there are none.
/// </param>
/// <param name="accessOf">Credentials and dialect of a provider; asked again for every catalogue.</param>
public sealed class ConnectProviders(
    Uri? reachedAt, Func<ProviderSettings, ProviderAccess> accessOf, IClock clock, ILoggerFactory logs) : IDisposable
{
    private readonly Lock gate = new();
    private readonly List<IDisposable> left = [];
    private Dictionary<string, Connected> connected = new(StringComparer.Ordinal);

    /// <summary>
    /// One adapter for each provider, by code. One that cannot be built (its key is missing, its address unusable) is logged as an
    /// error and is unavailable; the others go on. Adapters that are no longer in the catalogue, or whose settings changed, are
    /// kept alive for what is in flight until <see cref="Dispose"/> or the next catalogue.
    /// </summary>
    public IReadOnlyDictionary<string, IProvider> Connect(IReadOnlyList<ProviderSettings> providers)
    {
        lock (gate)
        {
            var next = new Dictionary<string, Connected>(StringComparer.Ordinal);
            foreach (var settings in providers)
            {
                var access = AccessOf(settings, out var why);
                var kept = connected.GetValueOrDefault(settings.Code);
                if (kept is null || kept.Provider is NotConnected || kept.Provider.Settings != settings || kept.Access != access)
                {
                    kept = new Connected(why is null ? Build(settings, access) : new NotConnected(settings, why), access);
                }

                next.Add(settings.Code, kept);
            }

            left.ForEach(one => one.Dispose());
            left.Clear();
            foreach (var (code, before) in connected)
            {
                if (!ReferenceEquals(next.GetValueOrDefault(code), before))
                {
                    Remember(left, before.Provider);
                }
            }

            connected = next;
            return next.ToDictionary(one => one.Key, one => one.Value.Provider, StringComparer.Ordinal);
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            left.ForEach(one => one.Dispose());
            left.Clear();
            foreach (var one in connected.Values)
            {
                (one.Provider as IDisposable)?.Dispose();
            }

            connected = [];
        }
    }

    private ProviderAccess AccessOf(ProviderSettings settings, out string? why)
    {
        why = null;
        try
        {
            return accessOf(settings);
        }
        catch (FormatException fault)
        {
            why = fault.Message;
            logs.CreateLogger("EGovPay.Providers").NotConnectable(settings.Code, why);
            return ProviderAccess.None;
        }
    }

    private static void Remember(List<IDisposable> list, IProvider provider)
    {
        if (provider is IDisposable disposable)
        {
            list.Add(disposable);
        }
    }

    private IProvider Build(ProviderSettings settings, ProviderAccess access)
    {
        var log = logs.CreateLogger("EGovPay.Providers");
        try
        {
            return new MeasuredProvider(settings.Protocol switch
            {
                "osmp" => new OsmpProvider(settings, new Uri(Absolute(settings, access)), access, log),
                "json" => new JsonProvider(settings, Absolute(settings, access), access, clock, log),
                "register" => new RegisterProvider(settings),
                _ => throw new FormatException($"'{settings.Protocol}' is not a protocol"),
            });
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            log.NotConnectable(settings.Code, fault.Message);
            return new NotConnected(settings, fault.Message);
        }
    }

    private string Absolute(ProviderSettings settings, ProviderAccess access)
    {
        // The place for a service's code is no part of a well-formed address, so it is joined as text.
        var text = settings.Address;
        if (!text.StartsWith("http://", StringComparison.Ordinal)
            && !text.StartsWith("https://", StringComparison.Ordinal))
        {
            text = reachedAt is null
                ? throw new FormatException(
                    $"its address '{text}' is relative, and it is not set where providers are reached.")
                : $"{reachedAt.AbsoluteUri.TrimEnd('/')}/{text.TrimStart('/')}";
        }

        if (access.AuthorityFile is not null && !text.StartsWith("https://", StringComparison.Ordinal))
        {
            throw new FormatException($"'{text}' is no https address, and it is set whose certificates are trusted there.");
        }

        return Uri.TryCreate(text.Replace("{service}", "0", StringComparison.Ordinal), UriKind.Absolute, out _)
            ? text
            : throw new FormatException($"'{text}' is not an address.");
    }

    private sealed record Connected(IProvider Provider, ProviderAccess Access);
}
