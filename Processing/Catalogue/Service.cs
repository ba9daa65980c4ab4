using System.Text.RegularExpressions;
using NodaTime;

namespace EGovPay.Processing.Catalogue;

/// <summary>A text in the three languages of the product; Azerbaijani is the default.</summary>
public sealed record Localised(string Az, string En, string Ru)
{
    /// <summary>
    /// The text for <paramref name="language"/> (<c>az</c>, <c>en</c>, <c>ru</c>); anything else reads Azerbaijani.
    /// </summary>
    public string In(string? language) => language switch { "en" => En, "ru" => Ru, _ => Az };
}

/// <summary>
/// How much may be paid: any amount between the limits, exactly what is owed, or one of fixed amounts.
/// </summary>
public enum AmountMode { Any, Full, Fixed }

/// <summary>How the payment reaches the provider.</summary>
public enum DeliveryBy { Online, Register, Card }

/// <summary>Whether a payment needs an inquiry first.</summary>
public enum InquiryNeed { Required, Optional, None }

/// <summary>The check that an account or field must pass beside its pattern.</summary>
public enum CheckDigit { None, Luhn, Mod97, Mod11, Voen }

/// <summary>
/// What is done to a typed value before its pattern is tried. All of them take the white space off both ends first.
/// Phone keeps nine national digits; Fin raises letters and reads O as 0; Upper raises letters.
/// </summary>
public enum Normaliser { None, Phone, Fin, Upper }

/// <summary>One field the payer fills in. The first field of a service is its account.</summary>
/// <param name="Name">The wire's name, ASCII.</param>
/// <param name="Label">What the payer reads.</param>
/// <param name="Pattern">The regular expression a value must match, compiled once, with a time limit or without
/// backtracking.</param>
/// <param name="Check">The check digit rule.</param>
/// <param name="Normalise">What is done to the typed value first.</param>
/// <param name="Example">A value that passes.</param>
public sealed record ServiceField(
    string Name, Localised Label, Regex Pattern, CheckDigit Check, Normaliser Normalise, string Example)
{
    /// <summary>The field as a refusal names it when it is not the account: <c>fields.voen</c>.</summary>
    public string WirePath { get; } = "fields." + Name;

    /// <summary>The pattern as written in the catalogue.</summary>
    public string PatternText => Pattern.ToString();
}

/// <summary>Who bears the fee.</summary>
public enum FeePaidBy { Payer, Provider }

/// <summary>The kinds of fee.</summary>
public enum FeeKind { None, Flat, Percent }

/// <summary>
/// A fee rule. Percent is counted half-up, then raised to the floor and cut to the cap.
/// </summary>
/// <param name="Kind">None, flat or percent.</param>
/// <param name="HundredthsOfPercent">15 = 0.15 %; 0 unless percent.</param>
/// <param name="Floor">The least fee; with flat, the fee itself.</param>
/// <param name="Cap">The greatest fee; with flat, the fee itself.</param>
/// <param name="PaidBy">The payer, on top, or the provider, at settlement.</param>
public sealed record FeeRule(FeeKind Kind, int HundredthsOfPercent, Money Floor, Money Cap, FeePaidBy PaidBy)
{
    /// <summary>No fee.</summary>
    public static readonly FeeRule None = new(FeeKind.None, 0, Money.Zero, Money.Zero, FeePaidBy.Payer);

    /// <summary>The fee for one item of <paramref name="amount"/>, whoever pays it.</summary>
    public Money For(Money amount)
    {
        if (Kind == FeeKind.None)
        {
            return Money.Zero;
        }

        if (Kind == FeeKind.Flat)
        {
            return Floor;
        }

        var percent = amount.PercentHalfUp(HundredthsOfPercent);
        return percent < Floor ? Floor : percent > Cap ? Cap : percent;
    }
}

/// <summary>
/// What is in force for a service from a Baku date on, until the next rule's date. A fee that changes on a date is two
/// rules.
/// </summary>
public sealed record ServiceRule(
    LocalDate From,
    AmountMode Mode,
    Money Min,
    Money Max,
    IReadOnlyList<Money>? Choices,
    FeeRule Fee,
    InquiryNeed Inquiry,
    DeliveryBy Delivery,
    string CutOff,
    int ReversibleMinutes,
    ServiceHours? Hours,
    bool Open)
{
    /// <summary>
    /// Identifies this rule inside the catalogue: hash of service code, date and content; an inquiry carries it.
    /// </summary>
    public long Fingerprint { get; init; }

    /// <summary>Is the service taking payments at this Baku time of day? Always true without hours.</summary>
    public bool OpenAt(LocalTime time) => Hours is null || Hours.Contain(time);
}

/// <summary>Opening hours of a service in Baku local time; closing earlier than opening crosses midnight.</summary>
public sealed record ServiceHours(LocalTime Opens, LocalTime Closes)
{
    /// <summary>True from the opening (included) to the closing (excluded).</summary>
    public bool Contain(LocalTime time) =>
        Opens <= Closes ? time >= Opens && time < Closes : time >= Opens || time < Closes;
}

/// <summary>One bill service that can be paid. Immutable; belongs to one version of the catalogue.</summary>
public sealed class Service
{
    /// <summary>The five-digit code as a number; the first digit is the group.</summary>
    public required int Code { get; init; }

    /// <summary>The five-digit code as text.</summary>
    public required string CodeText { get; init; }

    /// <summary>The group's code: kommunal, rabite, ipoteka, budce, diger.</summary>
    public required string Group { get; init; }

    public required Localised Name { get; init; }

    /// <summary>The code of the provider that is paid; for a portable number, of the router.</summary>
    public required string Provider { get; init; }

    /// <summary>True when the operator is found by the portability table and not by the service.</summary>
    public required bool Portable { get; init; }

    /// <summary>Budget level (1 digit) for state receivers; null elsewhere.</summary>
    public string? BudgetLevel { get; init; }

    /// <summary>
    /// Six-digit budget classification code, where it does not come from a field of the payer; null elsewhere.
    /// </summary>
    public string? BudgetCode { get; init; }

    /// <summary>The fields, the account first.</summary>
    public required IReadOnlyList<ServiceField> Fields { get; init; }

    /// <summary>The rules by date, oldest first, at least one.</summary>
    public required IReadOnlyList<ServiceRule> Rules { get; init; }

    /// <summary>The rule in force on a Baku date, or null before the first.</summary>
    public ServiceRule? RuleOn(LocalDate date)
    {
        for (var i = Rules.Count - 1; i >= 0; i--)
        {
            if (Rules[i].From <= date)
            {
                return Rules[i];
            }
        }

        return null;
    }
}

/// <summary>
/// A provider as configuration. <see cref="Address"/> is absolute, or relative to the setting that says where providers
/// are reached; a part <c>{service}</c> of a json provider's becomes the code of the service that is asked about or paid.
/// </summary>
/// <param name="Id">A small number that never changes or is reused: the ledger's payable account is 1000 + Id.</param>
/// <param name="Code">ASCII code, <c>azerishiq</c>.</param>
/// <param name="Voen">The tax number printed on receipts, or null.</param>
/// <param name="Protocol">Which adapter speaks to it: osmp, json, register.</param>
/// <param name="ConcurrencyLimit">Requests in flight to it from one node.</param>
/// <param name="TimeoutSeconds">How long one request may take.</param>
/// <param name="DeduplicatesFirst">It de-duplicates before it validates: a final error after a silent attempt is the
/// truth.</param>
/// <param name="Zone">The tz name of its accounting day.</param>
/// <param name="Register">The form of the registers that it is sent; null: the usual one, and none where it is asked online.</param>
/// <param name="Reversals">It can be asked to take a payment back. Default false: what it was paid stays paid.</param>
public sealed record ProviderSettings(
    int Id,
    string Code,
    Localised Name,
    string? Voen,
    string Protocol,
    string Address,
    int ConcurrencyLimit,
    int TimeoutSeconds,
    bool DeduplicatesFirst,
    string Zone,
    bool Reversals = false,
    RegisterMapping? Register = null);
