using EGovPay.Processing;
using EGovPay.Settlement.RegistersIn;
using EGovPay.Settlement.Statements;
using EGovPay.Settlement.Terms;
using Microsoft.AspNetCore.Http.HttpResults;
using NodaTime;
using NodaTime.Text;

namespace EGovPay.Terminals.Office;

/// <summary>An entry of a statement.</summary>
/// <param name="AmountMinor">Minor units of the currency; a credit to the account is positive.</param>
/// <param name="Status">booked, pending or info.</param>
/// <param name="SameAs">statement/entry that counts instead of this one, or null.</param>
public sealed record EntryJson(
    int Entry, int Line, long AmountMinor, string? Currency, string? Booked, string? Value, string Status, bool Reversal,
    string? BankReference, string? OwnReference, string? EndToEndId, string? CounterpartyName, string? CounterpartyAccount,
    string? Remittance, string? Info, string? SameAs);

/// <summary>Entries of a statement, in its order.</summary>
/// <param name="Next">What <c>after</c> has to be for those that follow; null: there are none.</param>
public sealed record EntryListJson(StatementJson Statement, IReadOnlyList<EntryJson> Items, string? Next);

/// <summary>A line of a provider's register.</summary>
/// <param name="Transaction">As it stands there; Number where it has the shape of one of ours.</param>
/// <param name="Currency">Null: manat.</param>
public sealed record RegisterLineJson(
    int Line, string Transaction, string? Number, long AmountQepik, string? Currency, string Account, string Day, string? Time,
    string? ProviderTransaction, bool Reversal);

/// <summary>A line of a card acquirer's report; what is taken from us is negative.</summary>
/// <param name="Kind">sale, refund, reversal or chargeback.</param>
public sealed record AcquirerLineJson(
    int Line, string Kind, string? Rrn, string? Approval, string? MaskedPan, long GrossQepik, long FeeQepik, long NetQepik, string Day);

/// <summary>Lines of a register or a report, in its order; of the two lists one is empty.</summary>
/// <param name="Next">What <c>after</c> has to be for those that follow; null: there are none.</param>
public sealed record RegisterLinesJson(
    RegisterJson Register, IReadOnlyList<RegisterLineJson> Items, IReadOnlyList<AcquirerLineJson> AcquirerItems, string? Next);

/// <summary>What stands in the files that came: entries of statements, lines of registers and reports, page by page.</summary>
internal static class EntryCalls
{
    private const int UsualLimit = 100;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/settlement/statements/{id:long}/entries", EntriesAsync).WithTags("settlement");
        routes.MapGet("/v1/settlement/registers/{id:long}/lines", LinesAsync).WithTags("settlement");
    }

    private static async Task<Results<Ok<EntryListJson>, OfficeProblem>> EntriesAsync(
        HttpContext http, OfficeDoor door, Engine engine, long id, int? after = null, int? limit = null)
    {
        if ((await door.AdmitAsync(http)).Refused is { } refused)
        {
            return refused;
        }

        var query = new OfficeQuery();
        var most = query.Limit(limit, UsualLimit, StatementBook.PageLimit - 1);
        if (query.Refused is not null)
        {
            return query.Refused;
        }

        var terms = await TermsStore.TodayAsync(engine.Database, engine.Clock, http.RequestAborted);
        var book = new StatementBook(engine.Database, OurAccounts.Of(terms));
        if (id is < 1 or long.MaxValue || await book.FindAsync(id, http.RequestAborted) is not { } kept)
        {
            return new OfficeProblem(OfficeRefusal.NotThere, OfficeReasons.NoSuch(Thing.Statement, id));
        }

        var found = await book.EntriesAsync(id, most + 1, after ?? 0, http.RequestAborted);
        return TypedResults.Ok(new EntryListJson(
            FileCalls.Of(kept.Statement), [.. found.Take(most).Select(Of)],
            found.Count > most ? FormattableString.Invariant($"{found[most - 1].Number}") : null));
    }

    private static async Task<Results<Ok<RegisterLinesJson>, OfficeProblem>> LinesAsync(
        HttpContext http, OfficeDoor door, Engine engine, long id, int? after = null, int? limit = null)
    {
        if ((await door.AdmitAsync(http)).Refused is { } refused)
        {
            return refused;
        }

        var query = new OfficeQuery();
        var most = query.Limit(limit, UsualLimit, RegisterBook.PageLimit - 1);
        if (query.Refused is not null)
        {
            return query.Refused;
        }

        var book = new RegisterBook(engine.Database);
        if (id is < 1 or long.MaxValue || await book.FindAsync(id, http.RequestAborted) is not { } kept)
        {
            return new OfficeProblem(OfficeRefusal.NotThere, OfficeReasons.NoSuch(Thing.Register, id));
        }

        var register = FileCalls.Of(kept, engine.Catalogue.Current);
        if (kept.Acquirer is not null)
        {
            var sales = await book.AcquirerLinesAsync(id, most + 1, after ?? 0, http.RequestAborted);
            return TypedResults.Ok(new RegisterLinesJson(
                register, [], [.. sales.Take(most).Select(Of)],
                sales.Count > most ? FormattableString.Invariant($"{sales[most - 1].Line}") : null));
        }

        var lines = await book.LinesAsync(id, most + 1, after ?? 0, http.RequestAborted);
        return TypedResults.Ok(new RegisterLinesJson(
            register, [.. lines.Take(most).Select(Of)], [],
            lines.Count > most ? FormattableString.Invariant($"{lines[most - 1].Line}") : null));
    }

    private static EntryJson Of(KeptEntry one) => new(
        one.Number, one.Line, one.AmountMinor, one.Currency, Text(one.BookingDay), Text(one.ValueDay), one.Status, one.Reversal,
        one.BankReference, one.OwnReference, one.EndToEndId, one.CounterpartyName, one.CounterpartyAccount, one.Remittance, one.Info,
        one.SameAs is { } same ? FormattableString.Invariant($"{same.Statement}/{same.Entry}") : null);

    private static RegisterLineJson Of(KeptRegisterLine one) => new(
        one.Line, one.Transaction, one.Number is { } number ? FormattableString.Invariant($"{number}") : null, one.AmountQepik, one.Currency,
        one.Account, Text(one.Day)!, one.Time is { } time ? LocalTimePattern.ExtendedIso.Format(time) : null, one.ProviderTransaction,
        one.Reversal);

    private static AcquirerLineJson Of(KeptAcquirerLine one) => new(
        one.Line, one.Kind, one.Rrn, one.Approval, one.MaskedPan, one.GrossQepik, one.FeeQepik, one.NetQepik, Text(one.Day)!);

    private static string? Text(LocalDate? day) => day is { } known ? LocalDatePattern.Iso.Format(known) : null;
}
