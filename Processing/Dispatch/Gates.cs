using System.Collections.Frozen;

namespace EGovPay.Processing.Dispatch;

/// <summary>The doors to all providers of the catalogue in force. A change of the catalogue replaces only what changed.</summary>
public sealed class Gates(TimeProvider? clock = null) : IDisposable
{
    private FrozenDictionary<int, ProviderGate> byId = FrozenDictionary<int, ProviderGate>.Empty;
    private FrozenDictionary<string, ProviderGate> byCode = FrozenDictionary<string, ProviderGate>.Empty;

    public IEnumerable<ProviderGate> All => byId.Values;

    public ProviderGate? Find(int providerId) => byId.GetValueOrDefault(providerId);

    public ProviderGate? Find(string providerCode) => byCode.GetValueOrDefault(providerCode);

    /// <summary>Puts these providers in force; a door whose provider is the same object stays, with its breaker and permits.</summary>
    public void Replace(IEnumerable<IProvider> providers)
    {
        var gates = providers
            .Select(provider => byId.TryGetValue(provider.Settings.Id, out var old) && ReferenceEquals(old.Provider, provider)
                ? old
                : new ProviderGate(provider, clock))
            .ToList();
        byId = gates.ToFrozenDictionary(gate => gate.Settings.Id);
        byCode = gates.ToFrozenDictionary(gate => gate.Settings.Code, StringComparer.Ordinal);
    }

    public void Dispose()
    {
        foreach (var gate in All)
        {
            gate.Dispose();
        }
    }
}
