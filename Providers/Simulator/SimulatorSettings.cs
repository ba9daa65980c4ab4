using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Signatures;

namespace EGovPay.Providers.Simulator;

/// <summary>How the simulator runs.</summary>
public sealed record SimulatorSettings
{
    /// <summary>The providers it plays: those of the catalogue. The path of each is that of its address.</summary>
    public required IReadOnlyList<ProviderSettings> Providers { get; init; }

    /// <summary>The append-only file of what it was asked and what it credited; made where there is none.</summary>
    public required string RecordFile { get; init; }

    /// <summary>Where it listens. Default 127.0.0.1.</summary>
    public IPAddress Listen { get; init; } = IPAddress.Loopback;

    /// <summary>The port; 0 takes any free one.</summary>
    public int Port { get; init; }

    /// <summary>Flushes each group to the disk itself and not only to the operating system. Default false.</summary>
    public bool Fsync { get; init; }

    /// <summary>Debts, names and lies are drawn from it. Default 1.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>The lies at the start; they can be changed while it runs.</summary>
    public Lies Lies { get; init; } = Lies.None;

    /// <summary>
    /// Services whose payments are answered with data for a smart card. Default: the catalogue's two.
    /// </summary>
    public FrozenSet<int> CardServices { get; init; } = FrozenSet.Create(10202, 10302);

    /// <summary>
    /// The key a provider's requests must be signed with, or null to take them unsigned. Default: the simulator's own,
    /// published keys.
    /// </summary>
    public Func<ProviderSettings, MessageKey?> KeyOf { get; init; } = SimulatedAccess.KeyOf;
}

/// <summary>
/// The credentials that the simulator expects. They are published here, so they guard nothing: a demo and tests hand
/// them to both sides. A real provider's are given by its owner.
/// </summary>
public static class SimulatedAccess
{
    /// <summary>What our side needs to talk to the simulated provider.</summary>
    public static ProviderAccess For(ProviderSettings provider) => new()
    {
        User = "egovpay",
        Password = $"simulated-{provider.Code}",
        Key = KeyOf(provider),
    };

    /// <summary>The shared key of a simulated provider: the same object each time.</summary>
    public static MessageKey KeyOf(ProviderSettings provider) => Keys.GetOrAdd(provider.Code, static code =>
        MessageKey.Shared(
            $"key-of-{code}", SHA256.HashData(Encoding.UTF8.GetBytes($"egovpay simulated provider {code}"))));

    private static readonly ConcurrentDictionary<string, MessageKey> Keys = new(StringComparer.Ordinal);
}
