using EGovPay.Processing.Calendar;
using EGovPay.Processing.Catalogue;
using EGovPay.Settlement.Terms;
using NodaTime;
using Npgsql;

namespace EGovPay.Settlement.Payouts;

/// <summary>From which account of ours, and to whom: what the terms say of payouts.</summary>
/// <param name="Debtor">Our account.</param>
/// <param name="Receivers">By provider; who is not in it is not paid.</param>
/// <param name="NotPaid">Providers whom nobody pays on purpose: their money goes another way.</param>
public sealed record PayoutTerms(BankParty Debtor, IReadOnlyDictionary<int, BankParty> Receivers, IReadOnlySet<int> NotPaid)
{
    /// <summary>What the terms in force on a day say; null: there are none, or no account of ours in manat.</summary>
    public static async Task<PayoutTerms?> ReadAsync(
        NpgsqlDataSource database, CatalogueSnapshot catalogue, LocalDate today, CancellationToken cancel = default)
    {
        if ((await TermsStore.ReadAsync(database, cancel)).Of(today)?.Terms is not { } terms
            || terms.Accounts.FirstOrDefault(one => one.Currency == PayoutOrder.Currency) is not { } ours)
        {
            return null;
        }

        var known = terms.Providers.Select(one => (Id: catalogue.Provider(one.Code)?.Id, Terms: one)).Where(one => one.Id is not null)
            .ToList();
        return new PayoutTerms(
            new BankParty(terms.Payer.Name, Given(terms.Payer.Voen), ours.Iban, Given(ours.Bic), Given(ours.BankCode)),
            known.Where(one => one.Terms.PaysOut).ToDictionary(one => one.Id!.Value, one => new BankParty(
                one.Terms.Beneficiary.Name, Given(one.Terms.Beneficiary.Voen), one.Terms.Beneficiary.Iban, Given(one.Terms.Beneficiary.Bic),
                Given(one.Terms.Beneficiary.BankCode))),
            known.Where(one => !one.Terms.PaysOut).Select(one => one.Id!.Value).ToHashSet());
    }

    /// <summary>The day on which a bank can execute what it is told today: the first bank day from today on.</summary>
    public static async Task<LocalDate> ExecutionDayAsync(NpgsqlDataSource database, LocalDate today, CancellationToken cancel = default)
    {
        var calendars = await CalendarStore.ReadOrAddOwnAsync(database, cancel);
        var day = today;
        while (!calendars.IsBankDay(day))
        {
            day = day.PlusDays(1);
        }

        return day;
    }

    private static string? Given(string text) => text.Length == 0 ? null : text;
}
