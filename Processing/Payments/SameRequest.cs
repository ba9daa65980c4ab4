using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Validation;

namespace EGovPay.Processing.Payments;

/// <summary>
/// Is a request the same as the one that made a payment? All fields count but the inquiry, the contact and the cashier;
/// an absent field is null.
/// </summary>
public static class SameRequest
{
    /// <summary>The first field that differs, in the wire's spelling, or null when it is the same request.</summary>
    /// <param name="catalogue">Brings the request's account and fields to the form in which the book keeps them.</param>
    public static string? FirstDifference(PaymentRequest request, Payment known, CatalogueSnapshot catalogue)
    {
        if (known.ServiceCode == 0)
        {
            // Cancelled before it was ever seen: nothing was asked that could differ.
            return null;
        }

        ValidatePayment.Normalise(request, catalogue);
        if (!CatalogueSnapshot.TryParseCode(request.Service, out var code) || code != known.ServiceCode)
        {
            return "service";
        }

        return Different(request.Account, known.Account) ? "account"
            : !SameFields(request.Fields ?? [], known.Fields) ? "fields"
            : request.AmountQepik != known.AmountQepik ? "amountQepik"
            : request.TotalQepik != known.TotalQepik ? "totalQepik"
            : !SameLines(request.Lines ?? [], known.Lines) ? "lines"
            : request.Tender != known.Tender ? "tender"
            : Different(request.Rrn, known.Rrn) ? "rrn"
            : Different(request.MaskedPan, known.MaskedPan) ? "maskedPan"
            : null;
    }

    private static bool Different(string? asked, string? known) => !string.Equals(asked, known, StringComparison.Ordinal);

    private static bool SameFields(FieldValue[] asked, IReadOnlyList<FieldValue> known) =>
        asked.Length == known.Count && asked.All(known.Contains) && known.All(asked.Contains);

    private static bool SameLines(PaidLine[] asked, IReadOnlyList<PaidLine> known) =>
        asked.Length == known.Count && asked.All(known.Contains) && known.All(asked.Contains);
}
