using System.Text.Json.Serialization;
using NodaTime;

namespace EGovPay.Processing.Shifts;

/// <summary>
/// A teller's shift at a terminal: open, with its figures as they stand, or closed, with its figures as they were.
/// </summary>
/// <param name="Number">Counts a terminal's shifts from 1, without a gap.</param>
/// <param name="FloatQepik">The cash in the drawer when it was opened.</param>
/// <param name="CountedCashQepik">The cash that was counted when it was closed; null while it is open.</param>
public sealed record Shift(
    int Number, string Cashier, long FloatQepik, Instant OpenedAt, Instant? ClosedAt, long? CountedCashQepik,
    ShiftFigures Figures)
{
    /// <summary>Counted less expected: below zero cash is missing. Null while it is open.</summary>
    public long? DifferenceQepik => CountedCashQepik is { } counted ? checked(counted - Figures.ExpectedCashQepik) : null;
}

/// <summary>What a shift adds up to. A closed one keeps these words as they are.</summary>
/// <param name="Totals">Confirmed and not final payments by service and tender.</param>
/// <param name="Reversed">Payments of this shift that were taken back.</param>
/// <param name="ExpectedCashQepik">What has to lie in the drawer.</param>
/// <param name="NotFinal">References of this shift whose outcome is not known.</param>
/// <param name="ToReturn">References, of earlier shifts too, whose payers are owed their cash.</param>
public sealed record ShiftFigures(
    IReadOnlyList<ShiftTotal> Totals, ShiftReversed Reversed, long ExpectedCashQepik,
    IReadOnlyList<string> NotFinal, IReadOnlyList<string> ToReturn);

/// <summary>One service and tender.</summary>
/// <param name="Tender">cash, card, account.</param>
public sealed record ShiftTotal(string Service, string Tender, int Count, long AmountQepik, long FeeQepik);

/// <summary>How many, and how much with fees.</summary>
public sealed record ShiftReversed(int Count, long TotalQepik);

/// <summary>Reads the figures as the database's function <c>shift_figures</c> writes them.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ShiftFigures))]
internal sealed partial class ShiftFiguresJson : JsonSerializerContext;
