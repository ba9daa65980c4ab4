using System.Text.Json;
using System.Text.Json.Serialization;
using EGovPay.Processing;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Ledger;
using EGovPay.Processing.People;
using EGovPay.Settlement.Terms;
using Microsoft.AspNetCore.Http.HttpResults;
using NodaTime;
using NodaTime.Text;

namespace EGovPay.Terminals.Office;

/// <summary>What one person proposed and another decides.</summary>
/// <param name="Payout">With a payout: its number.</param>
/// <param name="Break">With a break: its number.</param>
/// <param name="Number">The payment's, where it is about one.</param>
/// <param name="AmountQepik">Of a deposit, a limit, a payout.</param>
/// <param name="Order">With a payout: what goes to whom.</param>
/// <param name="Terms">With settlement terms: whose accounts they change.</param>
/// <param name="Postings">With a break that a correction settles: what an approval posts.</param>
public sealed record ProposalJson(
    long Id, string Kind, string State, string Agent, string? Number, long? Payout, long? Break, string? Resolution, string? Reference,
    long? AmountQepik, OrderJson? Order, ProposedTermsJson? Terms, IReadOnlyList<ProposedPostingJson>? Postings,
    string Reason, string MadeBy, string MadeAt, string ApproveFrom, string ExpiresAt, string? DecidedBy, string? DecidedAt, string? Outcome);

/// <summary>A correction as an approval posts it.</summary>
/// <param name="Debit">An account's name: suspense, payable:12.</param>
/// <param name="Group">1 to 4: it is paid out with that group's next window; 0: with none.</param>
public sealed record ProposedPostingJson(string Agent, string Debit, string Credit, long AmountQepik, int Group);

/// <summary>A payout as whoever approves it has to see it.</summary>
/// <param name="AccountChanged">It goes to another account than the last one; null: none to this provider was carried out before.</param>
/// <param name="LastPayout">The last payout to this provider that a bank carried out.</param>
/// <param name="LastIban">Where that one went.</param>
public sealed record OrderJson(
    string Provider, string Creditor, string CreditorIban, string? CreditorBic, string? BudgetLevel, string? BudgetCode, long AmountQepik,
    string ExecutionDay, string Purpose, bool? AccountChanged, long? LastPayout, string? LastIban);

/// <summary>Terms as whoever approves them has to see them; the document itself: <c>GET /v1/settlement/proposals/{id}/terms</c>.</summary>
/// <param name="ValidFrom">In force from this day on, or from the day of the approval if that is later.</param>
public sealed record ProposedTermsJson(string ValidFrom, string Sha256, IReadOnlyList<ChangedReceiverJson> Receivers);

/// <summary>A receiver whose account terms change.</summary>
/// <param name="Before">Null: they are new.</param>
public sealed record ChangedReceiverJson(string Provider, ReceiverJson? Before, ReceiverJson After)
{
    internal static ChangedReceiverJson Of(ChangedReceiver one) =>
        new(one.Provider, one.Before is { } before ? Of(before) : null, Of(one.After));

    private static ReceiverJson Of(Beneficiary one) => new(one.Name, one.Voen, one.Iban, one.Bic, one.BankCode);
}

/// <summary>Where a receiver is paid.</summary>
public sealed record ReceiverJson(string Name, string Voen, string Iban, string Bic, string BankCode);

/// <summary>Proposals, newest first.</summary>
public sealed record ProposalListJson(IReadOnlyList<ProposalJson> Proposals);

/// <summary>Why it is refused or taken back; stays on the record.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ReasonAsked(string? Reason);

/// <summary>Deciding about proposals of every kind: payouts, terms, breaks, payments, deposits, limits.</summary>
internal static class ProposalCalls
{
    private const int Shown = 200;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/settlement/proposals", ListAsync).WithTags("settlement");
        routes.MapGet("/v1/settlement/proposals/{id:long}", ShowAsync).WithTags("settlement");
        routes.MapGet("/v1/settlement/proposals/{id:long}/terms", TermsAsync).WithTags("settlement");
        routes.MapPost("/v1/settlement/proposals/{id:long}/approve", ApproveAsync).WithTags("settlement");
        routes.MapPost("/v1/settlement/proposals/{id:long}/reject", RejectAsync)
            .Accepts<ReasonAsked>("application/json").WithTags("settlement");
        routes.MapPost("/v1/settlement/proposals/{id:long}/withdraw", WithdrawAsync)
            .Accepts<ReasonAsked>("application/json").WithTags("settlement");
    }

    private static async Task<Results<Ok<ProposalListJson>, OfficeProblem>> ListAsync(
        HttpContext http, OfficeDoor door, Engine engine, bool? all = null)
    {
        if ((await door.AdmitAsync(http)).Refused is { } refused)
        {
            return refused;
        }

        var found = await Proposals.ListAsync(engine.Database, all != true, null, Shown, http.RequestAborted);
        return TypedResults.Ok(new ProposalListJson([.. found.Select(one => Of(one, engine.Catalogue.Current))]));
    }

    private static async Task<Results<Ok<ProposalJson>, OfficeProblem>> ShowAsync(HttpContext http, OfficeDoor door, Engine engine, long id)
    {
        if ((await door.AdmitAsync(http)).Refused is { } refused)
        {
            return refused;
        }

        return await engine.Proposals.FindAsync(id, http.RequestAborted) is { } one
            ? TypedResults.Ok(Of(one, engine.Catalogue.Current)) : NoSuch(id);
    }

    private static async Task<Results<Ok<JsonElement>, OfficeProblem>> TermsAsync(HttpContext http, OfficeDoor door, Engine engine, long id)
    {
        if ((await door.AdmitAsync(http)).Refused is { } refused)
        {
            return refused;
        }

        if (await TermsStore.ProposedDocumentAsync(engine.Database, id, http.RequestAborted) is not { } text)
        {
            return NoSuch(id);
        }

        using var document = JsonDocument.Parse(text);
        return TypedResults.Ok(document.RootElement.Clone());
    }

    private static async Task<Results<Ok<ProposalJson>, OfficeProblem>> ApproveAsync(
        HttpContext http, OfficeDoor door, Engine engine, long id)
    {
        var (person, refused) = await door.AdmitAsync(http, Acts.ProposalApprove);
        return refused ?? Say(id, await engine.Decide.ApproveAsync(person, id), engine);
    }

    private static async Task<Results<Ok<ProposalJson>, OfficeProblem>> RejectAsync(
        HttpContext http, OfficeDoor door, Engine engine, long id)
    {
        var (person, refused) = await door.AdmitAsync(http, Acts.ProposalReject);
        if (refused is null)
        {
            (var why, refused) = await ReasonAsync(http);
            return refused ?? Say(id, await engine.Decide.RejectAsync(person, id, why), engine);
        }

        return refused;
    }

    private static async Task<Results<Ok<ProposalJson>, OfficeProblem>> WithdrawAsync(
        HttpContext http, OfficeDoor door, Engine engine, long id)
    {
        var (person, refused) = await door.AdmitAsync(http, Acts.ProposalWithdraw);
        if (refused is null)
        {
            (var why, refused) = await ReasonAsync(http);
            return refused ?? Say(id, await engine.Decide.WithdrawAsync(person, id, why), engine);
        }

        return refused;
    }

    private static async Task<(string? Reason, OfficeProblem? Refused)> ReasonAsync(HttpContext http)
    {
        var (asked, refused) = await OfficeBody.ReadAsync(http, OfficeJson.Wire.ReasonAsked);
        return refused is null && asked!.Reason is { } why && (why.Length is 0 or > Proposals.LongestReason || !Api.Plain.IsPlain(why))
            ? (null, OfficeProblem.Malformed(
                "reason", OfficeReasons.Characters(Proposals.LongestReason)))
            : (asked?.Reason, refused);
    }

    private static Results<Ok<ProposalJson>, OfficeProblem> Say(long id, Decided decided, Engine engine) => decided switch
    {
        { Proposal: null } => NoSuch(id),
        { Result: DecideResult.Done or DecideResult.DoneBefore, Proposal: { } done } => TypedResults.Ok(Of(done, engine.Catalogue.Current)),
        { Proposal: { } other } => new OfficeProblem(
            OfficeRefusal.NotPossible, OfficeReasons.NotDecided(decided.Result, other)),
    };

    private static OfficeProblem NoSuch(long id) => new(OfficeRefusal.NotThere, OfficeReasons.NoSuch(Thing.Proposal, id));

    internal static ProposalJson Of(Proposal one, CatalogueSnapshot catalogue) => new(
        one.Id, one.Kind.ToString(), one.State.ToString(), one.AgentCode, Text(one.Number), one.PayoutId, one.BreakId, one.Resolution,
        one.Reference, one.AmountQepik ?? one.Payout?.AmountQepik, one.Payout is { } order ? Of(order, catalogue) : null,
        one.Terms is { } terms ? new ProposedTermsJson(
            LocalDatePattern.Iso.Format(terms.ValidFrom), terms.Sha256,
            [.. ChangedReceiver.Read(terms.Receivers).Select(ChangedReceiverJson.Of)]) : null,
        one.Postings is { } postings ? [.. postings.Select(each => new ProposedPostingJson(
            each.Agent, Accounts.Name(each.Debit), Accounts.Name(each.Credit), each.AmountQepik, each.Group))] : null,
        one.Reason, one.MadeBy, At(one.MadeAt)!, At(one.ApproveFrom)!, At(one.ExpiresAt)!, one.DecidedBy,
        At(one.DecidedAt), one.Outcome);

    private static OrderJson Of(ProposedPayout one, CatalogueSnapshot catalogue) => new(
        catalogue.Provider(one.ProviderId)?.Code ?? Text(one.ProviderId)!, one.CreditorName, one.CreditorIban, one.CreditorBic,
        one.BudgetLevel, one.BudgetCode, one.AmountQepik, LocalDatePattern.Iso.Format(one.ExecutionDay), one.Purpose, one.AccountChanged,
        one.LastPayoutId, one.LastIban);

    private static string? Text(long? number) => number?.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static string? At(Instant? at) => at is { } some ? InstantPattern.ExtendedIso.Format(some) : null;
}
