using EGovPay.Processing.Journal;
using EGovPay.Processing.Validation;
using NodaTime;

namespace EGovPay.Processing.Agents;

/// <summary>
/// A terminal with its service point and agent, as the directory knew them at the last change: everything that a request needs
/// to know about who is asking. Immutable.
/// </summary>
public sealed record Terminal
{
    /// <summary>The agent's first part; <see cref="PartFor"/> gives the part that a reference belongs to.</summary>
    public required int AgentId { get; init; }
    public required int Parts { get; init; }
    public required string AgentCode { get; init; }
    public required string AgentName { get; init; }
    public string? AgentVoen { get; init; }
    public required int PointId { get; init; }
    public required string PointCode { get; init; }
    public required string PointName { get; init; }
    public string? PointAddress { get; init; }
    public required int TerminalId { get; init; }
    public required string TerminalCode { get; init; }
    public required string TerminalName { get; init; }

    /// <summary>The terminal, its point or its agent is suspended: it may still read, and cancel, its own payments.</summary>
    public required bool Suspended { get; init; }

    /// <summary>Each request must be signed.</summary>
    public required bool Signed { get; init; }

    /// <summary>The key's generation: the secret of its signatures is derived from the server's secret, the terminal and this.</summary>
    public int KeyGeneration { get; init; }

    /// <summary>With ecdsa-p256-sha256: the public key (SubjectPublicKeyInfo); null: hmac-sha256.</summary>
    public byte[]? PublicKey { get; init; }

    /// <summary>What the agent may sell, and what this terminal may; a service must be in both.</summary>
    public AllowedServices AgentServices { get; init; }
    public AllowedServices TerminalServices { get; init; }

    /// <summary>The most one payment may take here with its fee, qəpik; null: no limit.</summary>
    public long? SingleLimitQepik { get; init; }

    /// <summary>The most a business day may take here, qəpik; null: no limit.</summary>
    public long? DailyLimitQepik { get; init; }
    public bool ShiftRequired { get; init; }

    /// <summary>The agent's share of an amount before the first of <see cref="Commissions"/>, 15 = 0.15 %.</summary>
    public int CommissionHundredthsPercent { get; init; }

    /// <summary>The agent's shares from days on, ascending; each is in force until the next.</summary>
    public IReadOnlyList<DatedCommission> Commissions { get; init; } = [];

    /// <summary>The agent's share of what is accepted on this Baku day, 15 = 0.15 %.</summary>
    public int CommissionOn(LocalDate day) =>
        Commissions.LastOrDefault(one => one.From <= day)?.HundredthsPercent ?? CommissionHundredthsPercent;

    /// <summary>Somebody subscribed to this agent's payments.</summary>
    public bool Subscribed { get; init; }

    /// <summary>The agent, or the part of it, that a reference is written under, for ever.</summary>
    public int PartFor(ReadOnlySpan<char> reference) => AgentId + Lanes.Part(reference, Parts);
}

/// <summary>An agent's share of an amount from a Baku day on, 15 = 0.15 %.</summary>
public sealed record DatedCommission(LocalDate From, int HundredthsPercent);
