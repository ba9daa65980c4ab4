using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using EGovPay.Processing.Catalogue;
using EGovPay.Settlement.Breaks;
using NodaTime;
using NodaTime.Text;

namespace EGovPay.Terminals.Office;

/// <summary>A place where our books and another side do not agree.</summary>
/// <param name="Side">register, bank, acquirer, acknowledgement or payout: whose word differs.</param>
/// <param name="KindText">The kind, in the asked language; so are CauseText and StepText.</param>
/// <param name="Subject">What it is about.</param>
/// <param name="Number">The payment's.</param>
/// <param name="Day">Whose books differ: the register's day, the entry's value day.</param>
/// <param name="OpenSince">When it was last opened: a break that comes back is the same one.</param>
/// <param name="Age">0-1, 2-7, 8-30 or over-30: days of Baku since then.</param>
/// <param name="State">open, proposed or settled.</param>
/// <param name="SettledBy">Who approved it; without a proposal, who ran the comparison that found it no more.</param>
/// <param name="Proposal">With proposed, and with settled where people settled it.</param>
/// <param name="Reopened">How often it came back.</param>
public sealed record BreakJson(
    long Id, string Side, string Kind, string KindText, string Subject, string? Provider, string? Number, string Day, string OpenedAt,
    string OpenSince, int AgeDays, string Age, long AmountAtRiskQepik, string State, string? SettledAt, string? SettledBy, long? Proposal,
    string? Resolution, int Reopened, long? File, string? FileName, int? Line, long? Statement, int? Entry, long? Payout, string Cause,
    string CauseText, string Step, string StepText)
{
    internal static BreakJson Of(SettlementBreak one, CatalogueSnapshot catalogue, string language) => new(
        one.Id, OpenBreaks.TextOf(one.Side), one.Kind.ToString(), BreakTexts.Kinds[one.Kind].In(language), one.Subject,
        one.ProviderId is { } provider ? catalogue.Provider(provider)?.Code ?? Text(provider) : null,
        one.Number is { } number ? Text(number) : null, LocalDatePattern.Iso.Format(one.Day), At(one.OpenedAt)!, At(one.OpenSince)!,
        one.AgeDays, AgeText(one.Band), one.AmountAtRiskQepik, StateText(one.State), At(one.SettledAt), one.SettledBy, one.ProposalId,
        one.Resolution, one.Reopened, one.FileId, one.FileName, one.Line, one.StatementId, one.EntryNo, one.PayoutId, one.Cause,
        BreakTexts.Cause(one.Cause, language), one.Step, BreakSteps.Text(one.Step, language));

    /// <summary>A band as the API names it.</summary>
    internal static string AgeText(AgeBand band) => band switch
    {
        AgeBand.Fresh => "0-1", AgeBand.Week => "2-7", AgeBand.Month => "8-30", _ => "over-30",
    };

    internal static string StateText(BreakState state) => state.ToString().ToLowerInvariant();

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string? At(Instant? at) => at is { } some ? InstantPattern.ExtendedIso.Format(some) : null;
}

/// <summary>Breaks, oldest first.</summary>
/// <param name="Next">What <c>after</c> has to be for those that follow; null: there are none.</param>
public sealed record BreakListJson(IReadOnlyList<BreakJson> Items, string? Next);

/// <summary>One thing that we know of a break's payment.</summary>
/// <param name="Kind">event, posting or exchange.</param>
/// <param name="At">An event's time; of the others, the payment's step.</param>
public sealed record EvidenceJson(string Kind, string At, string Text);

/// <summary>One break with the evidence of both sides.</summary>
/// <param name="Ours">What we say of it, an object; null: nothing.</param>
/// <param name="Theirs">What they say of it, an object; null: nothing.</param>
/// <param name="Suggestion">What of ours it may be, an object; never more than a suggestion.</param>
/// <param name="Evidence">Of its payment.</param>
/// <param name="Proposals">What was ever proposed about it, newest first.</param>
public sealed record BreakWholeJson(
    BreakJson Break, JsonElement? Ours, JsonElement? Theirs, JsonElement? Suggestion, IReadOnlyList<EvidenceJson> Evidence,
    IReadOnlyList<ProposalJson> Proposals);

/// <summary>Open breaks of a kind, in a band.</summary>
public sealed record BreakKindTotalJson(string Kind, string KindText, long Breaks, long AmountAtRiskQepik);

/// <summary>Open breaks of an age.</summary>
/// <param name="Age">0-1, 2-7, 8-30 or over-30 days.</param>
public sealed record BreakAgeJson(string Age, long Breaks, long AmountAtRiskQepik, IReadOnlyList<BreakKindTotalJson> Kinds);

/// <summary>What is open: how many, and what is at risk. Every band is there, an empty one too.</summary>
public sealed record BreakSummaryJson(long Breaks, long AmountAtRiskQepik, IReadOnlyList<BreakAgeJson> Ages);

/// <summary>How somebody would settle a break: by a decision about its payment, by postings, or by accepting it as it is.</summary>
/// <param name="Decision">confirm, decline, absent, delivered, reversed or kept.</param>
/// <param name="Accept">True: it stays as it is.</param>
/// <param name="Postings">Corrections, posted together in the day that is open when they are approved.</param>
/// <param name="Agent">With postings: whose accounts; null: the break's agent.</param>
/// <param name="Group">With postings: 1 to 4, they are paid out with that cut-off group's next window; 0 or null: with none.</param>
/// <param name="Reason">1 to 500 characters; stays on the record.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record BreakAsked(
    string? Decision, bool? Accept, IReadOnlyList<CorrectionAsked?>? Postings, string? Agent, int? Group, string? Reason);

/// <summary>One correction.</summary>
/// <param name="Debit">funds, fee, bank, suspense, … or payable:CODE of a provider.</param>
/// <param name="Credit">The same.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record CorrectionAsked(string? Debit, string? Credit, long? AmountQepik);
