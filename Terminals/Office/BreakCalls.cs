using System.Text.Json;
using EGovPay.Processing;
using EGovPay.Processing.Agents;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Ledger;
using EGovPay.Processing.People;
using EGovPay.Settlement.Breaks;
using EGovPay.Terminals.Api;
using EGovPay.Terminals.CommandLine;
using EGovPay.Terminals.Problems;
using Microsoft.AspNetCore.Http.HttpResults;

namespace EGovPay.Terminals.Office;

/// <summary>Where sides do not agree: look, and propose how it is settled. Approving is the proposals' call.</summary>
internal static class BreakCalls
{
    private const int UsualLimit = 100;
    private const int MostLimit = 1_000;
    private const int MostPostings = 100;
    private const long MostQepik = 1_000_000_000_000;

    private static readonly PaymentDecision[] Decisions =
    [
        PaymentDecision.Confirm, PaymentDecision.Decline, PaymentDecision.Absent, PaymentDecision.Delivered, PaymentDecision.Reversed,
        PaymentDecision.Kept,
    ];

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/settlement/breaks", ListAsync).WithTags("settlement");
        routes.MapGet("/v1/settlement/breaks/summary", SummaryAsync).WithTags("settlement");
        routes.MapGet("/v1/settlement/breaks/{id:long}", ShowAsync).WithTags("settlement");
        routes.MapPost("/v1/settlement/breaks/{id:long}/proposals", ProposeAsync)
            .Accepts<BreakAsked>("application/json").WithTags("settlement");
    }

    private static async Task<Results<Ok<BreakListJson>, OfficeProblem>> ListAsync(
        HttpContext http, OfficeDoor door, Engine engine, string? state = null, string? kind = null, string? side = null,
        string? provider = null, string? day = null, string? age = null, long? minAmountQepik = null, long? after = null, int? limit = null)
    {
        if ((await door.AdmitAsync(http)).Refused is { } refused)
        {
            return refused;
        }

        var query = new OfficeQuery();
        var most = query.Limit(limit, UsualLimit, MostLimit);
        var catalogue = engine.Catalogue.Current;
        var filter = new BreakFilter(
            SettledToo: state == "any", query.Word<BreakSide>("side", side, OpenBreaks.TextOf),
            query.Word<BreakKind>("kind", kind, one => one.ToString()), query.Provider(provider, catalogue), query.Day("day", day), after ?? 0)
        {
            State = state == "any" ? null : query.Word<BreakState>("state", state, BreakJson.StateText),
            Band = query.Word<AgeBand>("age", age, BreakJson.AgeText),
            MinAtRiskQepik = query.Qepik("minAmountQepik", minAmountQepik),
        };
        if (query.Refused is not null)
        {
            return query.Refused;
        }

        var found = await new BreakBook(engine.Database).ListAsync(filter, most + 1, http.RequestAborted);
        var language = LanguageOf(http);
        var shown = found.Take(most).Select(one => BreakJson.Of(one, catalogue, language)).ToList();
        return TypedResults.Ok(new BreakListJson(
            shown, found.Count > most ? FormattableString.Invariant($"{shown[^1].Id}") : null));
    }

    private static async Task<Results<Ok<BreakSummaryJson>, OfficeProblem>> SummaryAsync(HttpContext http, OfficeDoor door, Engine engine)
    {
        if ((await door.AdmitAsync(http)).Refused is { } refused)
        {
            return refused;
        }

        var totals = await new BreakBook(engine.Database).TotalsAsync(cancel: http.RequestAborted);
        var language = LanguageOf(http);
        return TypedResults.Ok(new BreakSummaryJson(
            totals.Sum(one => one.Breaks), totals.Sum(one => one.AtRiskQepik),
            [.. Enum.GetValues<AgeBand>().Select(band => (band, of: totals.Where(one => one.Band == band).ToList())).Select(pair => new BreakAgeJson(
                BreakJson.AgeText(pair.band), pair.of.Sum(one => one.Breaks), pair.of.Sum(one => one.AtRiskQepik),
                [.. pair.of.Select(one => new BreakKindTotalJson(
                    one.Kind.ToString(), BreakTexts.Kinds[one.Kind].In(language), one.Breaks, one.AtRiskQepik))]))]));
    }

    private static async Task<Results<Ok<BreakWholeJson>, OfficeProblem>> ShowAsync(
        HttpContext http, OfficeDoor door, Engine engine, long id)
    {
        if ((await door.AdmitAsync(http)).Refused is { } refused)
        {
            return refused;
        }

        if (await new BreakBook(engine.Database).FindAsync(id, http.RequestAborted) is not { } one)
        {
            return NoSuch(id);
        }

        var evidence = one is { AgentId: { } agent, Number: { } number }
            ? await PaymentEvidence.ReadAsync(engine.Database, agent, number, http.RequestAborted) : [];
        var proposals = await Proposals.AboutBreakAsync(engine.Database, id, cancel: http.RequestAborted);
        return TypedResults.Ok(new BreakWholeJson(
            BreakJson.Of(one, engine.Catalogue.Current, LanguageOf(http)), Json(one.Ours), Json(one.Theirs), Json(one.Suggestion),
            [.. evidence.Select(each => new EvidenceJson(each.Kind, each.At, each.Text))],
            [.. proposals.Select(each => ProposalCalls.Of(each, engine.Catalogue.Current))]));
    }

    private static async Task<Results<Created<ProposalJson>, OfficeProblem>> ProposeAsync(
        HttpContext http, OfficeDoor door, Engine engine, long id)
    {
        var (person, refused) = await door.AdmitAsync(http, Acts.BreaksPropose);
        if (refused is not null)
        {
            return refused;
        }

        (var asked, refused) = await OfficeBody.ReadAsync(http, OfficeJson.Wire.BreakAsked);
        if (refused is not null)
        {
            return refused;
        }

        (var resolution, refused) = await ResolutionAsync(asked!, engine);
        if (refused is not null)
        {
            return refused;
        }

        var proposed = await new SettleBreak(engine).ProposeAsync(person, id, resolution!, asked!.Reason!, http.RequestAborted);
        return proposed.Result switch
        {
            SettleBreakResult.Made => TypedResults.Created(
                FormattableString.Invariant($"/v1/settlement/proposals/{proposed.Proposed.Id}"),
                ProposalCalls.Of((await engine.Proposals.FindAsync(proposed.Proposed.Id, http.RequestAborted))!, engine.Catalogue.Current)),
            SettleBreakResult.There => new OfficeProblem(
                OfficeRefusal.NotPossible, OfficeReasons.ThereAlready(proposed.Proposed.Id)),
            SettleBreakResult.NoSuchBreak => NoSuch(id),
            SettleBreakResult.NoBudgetLine => OfficeProblem.Malformed(
                "group", OfficeReasons.NoBudgetLine),
            SettleBreakResult.NoAgent => OfficeProblem.Malformed("agent", OfficeReasons.WhoseAccounts),
            SettleBreakResult.Settled => new OfficeProblem(
                OfficeRefusal.NotPossible, proposed.Break is not { State: BreakState.Settled } settled ? OfficeReasons.BreakSettledNow
                    : settled.ProposalId is null ? OfficeReasons.SettledByItself : OfficeReasons.SettledBy(settled.SettledBy ?? "")),
            _ => new OfficeProblem(OfficeRefusal.NotPossible, proposed.Payment is { } payment
                ? OfficeReasons.SaysNothing(payment.Number, payment.State.ToString()) : OfficeReasons.NoPayment, "decision"),
        };
    }

    /// <summary>What the body asks for: exactly one of the three ways.</summary>
    private static async Task<(BreakResolution? Resolution, OfficeProblem? Refused)> ResolutionAsync(BreakAsked asked, Engine engine)
    {
        var query = new OfficeQuery();
        var postings = asked.Postings ?? [];
        var decision = query.Word<PaymentDecision>("decision", asked.Decision, one => one.ToString().ToLowerInvariant());
        if (decision is { } word && !Decisions.Contains(word))
        {
            query.Fault("decision", OfficeReasons.OneOf(Decisions.Select(one => one.ToString().ToLowerInvariant())));
        }

        if ((asked.Decision is null ? 0 : 1) + (asked.Accept == true ? 1 : 0) + (postings.Count > 0 ? 1 : 0) != 1)
        {
            query.Fault("decision", OfficeReasons.OneOfThree);
        }

        if (asked.Reason is not { Length: > 0 and <= Proposals.LongestReason } reason || !Plain.IsPlain(reason))
        {
            query.Fault("reason", OfficeReasons.Characters(Proposals.LongestReason));
        }

        if (asked.Group is < 0 or > 4 || (asked.Group is not null && postings.Count == 0))
        {
            query.Fault("group", OfficeReasons.GroupWithPostings);
        }

        var agent = query.Text("agent", asked.Agent);
        var corrections = Corrections(postings, engine.Catalogue.Current, query);
        if (query.Refused is not null)
        {
            return (null, query.Refused);
        }

        int? agentId = null;
        if (agent is not null && (agentId = (await Administer.FindAgentAsync(engine.Database, agent))?.AgentId) is null)
        {
            return (null, OfficeProblem.Malformed("agent", OfficeReasons.NoAgent));
        }

        return (new BreakResolution(
            decision, [.. corrections.Select(one => one with { AgentId = agentId, CutoffGroup = (short)(asked.Group ?? 0) })]), null);
    }

    private static List<Correcting> Corrections(
        IReadOnlyList<CorrectionAsked?> postings, CatalogueSnapshot catalogue, OfficeQuery query)
    {
        var corrections = new List<Correcting>();
        if (postings.Count > MostPostings)
        {
            query.Fault("postings", OfficeReasons.AtMost(MostPostings));
            return corrections;
        }

        for (var i = 0; i < postings.Count; i++)
        {
            var field = FormattableString.Invariant($"postings[{i}]");
            var debit = Account(postings[i]?.Debit, catalogue);
            var credit = Account(postings[i]?.Credit, catalogue);
            if (debit is null || credit is null || debit == credit)
            {
                query.Fault(field, OfficeReasons.TwoAccounts(BreakCommands.AccountNames));
            }
            else if (postings[i]!.AmountQepik is not ({ } amount and > 0 and <= MostQepik))
            {
                query.Fault(field + ".amountQepik", OfficeReasons.From(1, MostQepik));
            }
            else
            {
                corrections.Add(new Correcting(null, debit.Value, credit.Value, amount));
            }
        }

        if (corrections.Count(one => one.Debit == Accounts.Funds) > 1)
        {
            query.Fault("postings", OfficeReasons.OneFromFunds);
        }

        return corrections;
    }

    /// <summary>As the command line names accounts; a provider by its code too, and only one that the catalogue has.</summary>
    private static int? Account(string? name, CatalogueSnapshot catalogue)
    {
        const string Payable = "payable:";
        if (name?.StartsWith(Payable, StringComparison.Ordinal) != true)
        {
            return name is null ? null : BreakCommands.Account(name);
        }

        var provider = catalogue.Provider(name[Payable.Length..])
            ?? (int.TryParse(name.AsSpan(Payable.Length), System.Globalization.NumberStyles.None, null, out var id) ? catalogue.Provider(id) : null);
        return provider is null ? null : Accounts.Payable(provider.Id);
    }

    private static OfficeProblem NoSuch(long id) => new(OfficeRefusal.NotThere, OfficeReasons.NoSuch(Thing.Break, id));

    private static JsonElement? Json(string? text)
    {
        if (text is null)
        {
            return null;
        }

        using var document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }

    /// <summary>In which language kinds, causes and steps are read.</summary>
    private static string LanguageOf(HttpContext http)
    {
        var language = AskedLanguage.OfQueryOr(http.Request);
        http.Response.Headers.ContentLanguage = language;
        return language;
    }
}
