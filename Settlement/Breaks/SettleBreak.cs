using System.Globalization;
using EGovPay.Processing;
using EGovPay.Processing.Ledger;
using EGovPay.Processing.Payments;
using EGovPay.Processing.People;

namespace EGovPay.Settlement.Breaks;

/// <summary>How somebody would settle a break: one of the three.</summary>
/// <param name="Decision">By what is true of its payment.</param>
/// <param name="Corrections">By postings, in the day that is open when they are approved.</param>
public sealed record BreakResolution(PaymentDecision? Decision, IReadOnlyList<Correcting> Corrections)
{
    /// <summary>It stays as it is, for the reason that is given.</summary>
    public static BreakResolution Accept { get; } = new(null, []);

    /// <summary>In a word, as it stays on the record.</summary>
    public string Word => Decision is { } decided ? decided.ToString().ToLowerInvariant() : Corrections.Count > 0 ? "correct" : "accept";
}

/// <summary>One posting that corrects.</summary>
/// <param name="AgentId">Null: the break's own agent.</param>
/// <param name="CutoffGroup">1 to 4: it is paid out with that group's next window; 0: with none.</param>
public sealed record Correcting(int? AgentId, int Debit, int Credit, long AmountQepik, short CutoffGroup = 0);

/// <summary>What came of proposing how a break is settled.</summary>
public enum SettleBreakResult
{
    Made = 1,

    /// <summary>A proposal is about it already.</summary>
    There,
    NoSuchBreak,

    /// <summary>It is settled.</summary>
    Settled,

    /// <summary>It is about no payment, or the payment's state has no such decision.</summary>
    NoSuchDecision,

    /// <summary>It is about no agent, and none was named for the postings.</summary>
    NoAgent,

    /// <summary>
    /// Budget money would be paid out with a window, and the break is about no payment that says of which level and code it is.
    /// </summary>
    NoBudgetLine,
}

/// <summary>What came of it, the proposal, and the break as it stood.</summary>
public sealed record BreakProposed(SettleBreakResult Result, Proposed Proposed, SettlementBreak? Break, Payment? Payment);

/// <summary>Proposes how a break is settled, for a second person to approve (<see cref="Proposals"/>).</summary>
public sealed class SettleBreak(Engine engine)
{
    private readonly BreakBook breaks = new(engine.Database);

    /// <summary>Proposes it. What an approval does, the payment's edge or the postings say; after it the break is settled.</summary>
    public async Task<BreakProposed> ProposeAsync(
        Person by, long id, BreakResolution resolution, string reason, CancellationToken cancel = default)
    {
        if (await breaks.FindAsync(id, cancel) is not { } one)
        {
            return new BreakProposed(SettleBreakResult.NoSuchBreak, default, null, null);
        }

        if (one.State == BreakState.Settled)
        {
            return new BreakProposed(SettleBreakResult.Settled, default, one, null);
        }

        var payment = one is { AgentId: { } agent, Number: { } number } ? await engine.Book.FindAsync(agent, number, cancel) : null;
        if (resolution.Decision is not null && payment is null)
        {
            return new BreakProposed(SettleBreakResult.NoSuchDecision, default, one, null);
        }

        if (resolution.Corrections.Any(each => (each.AgentId ?? one.AgentId) is null))
        {
            return new BreakProposed(SettleBreakResult.NoAgent, default, one, payment);
        }

        if (resolution.Corrections.Any(each => each.CutoffGroup > 0 && (Lineless(each.Debit, payment) || Lineless(each.Credit, payment))))
        {
            return new BreakProposed(SettleBreakResult.NoBudgetLine, default, one, payment);
        }

        var postings = resolution.Corrections.Select((each, index) => new Posting(
            each.AgentId ?? one.AgentId!.Value, each.Debit, each.Credit, each.AmountQepik, Posting.Correction,
            // Another time that the same break is corrected is another posting.
            string.Create(CultureInfo.InvariantCulture, $"break.{id}.{one.Reopened}.{index + 1}"), each.CutoffGroup)).ToList();
        var proposed = await engine.Proposals.ProposeBreakAsync(
            by, id, resolution.Word, reason, resolution.Decision is null ? null : payment, resolution.Decision, postings);
        return new BreakProposed(
            proposed.Result switch
            {
                ProposeResult.Made => SettleBreakResult.Made,
                ProposeResult.There => SettleBreakResult.There,
                _ => resolution.Decision is null ? SettleBreakResult.Settled : SettleBreakResult.NoSuchDecision,
            },
            proposed, one, payment);
    }

    /// <summary>A payable that is paid out by level and code, which nothing here says.</summary>
    private bool Lineless(int account, Payment? payment)
    {
        var catalogue = engine.Catalogue.Current;
        return catalogue.Providers.FirstOrDefault(one => Accounts.Payable(one.Id) == account) is { } provider
            && catalogue.Services.Any(service => service.Provider == provider.Code && service.BudgetLevel is not null)
            && (payment?.ProviderId != provider.Id || payment.BudgetLevel is null);
    }
}
