using EGovPay.Processing.Catalogue;
using NodaTime;
using NodaTime.Text;

namespace EGovPay.Terminals.Api;

/// <summary>A bill service as the contract writes it, with the rule in force today.</summary>
public sealed record ServiceJson(
    string Code, GroupJson Group, string Name, string Provider, IReadOnlyList<ServiceFieldJson> Fields,
    AmountJson Amount, FeeJson Fee, string Inquiry, int ReversibleMinutes, string DeliveryBy, bool Open, HoursJson? Hours)
{
    private static readonly LocalTimePattern Clock = LocalTimePattern.CreateWithInvariantCulture("HH:mm");

    /// <summary>Null where no rule is in force yet.</summary>
    internal static ServiceJson? Of(Service service, CatalogueSnapshot catalogue, LocalDate today, string language)
    {
        if (service.RuleOn(today) is not { } rule)
        {
            return null;
        }

        var group = catalogue.Group(service.Group);
        return new ServiceJson(
            service.CodeText,
            new GroupJson(service.Group, group?.Name.In(language) ?? service.Group),
            service.Name.In(language),
            service.Provider,
            [.. service.Fields.Select(field => new ServiceFieldJson(
                field.Name, field.Label.In(language), field.PatternText,
                field.Check == CheckDigit.None ? null : Lower(field.Check), field.Example))],
            new AmountJson(
                Lower(rule.Mode), rule.Min.Qepik, rule.Max.Qepik,
                rule.Choices is null ? null : [.. rule.Choices.Select(one => one.Qepik)]),
            FeeJson.Of(rule.Fee),
            Lower(rule.Inquiry),
            catalogue.ProviderOf(service).Reversals ? rule.ReversibleMinutes : 0,
            Lower(rule.Delivery),
            rule.Open,
            rule.Hours is { } hours ? new HoursJson(Clock.Format(hours.Opens), Clock.Format(hours.Closes)) : null);
    }

    internal static string Lower<T>(T name)
        where T : struct, Enum => name.ToString().ToLowerInvariant();
}

/// <summary>A group of services.</summary>
public sealed record GroupJson(string Code, string Name);

/// <summary>One field that the payer fills in.</summary>
/// <param name="Check">luhn, mod97, mod11, voen, or null.</param>
public sealed record ServiceFieldJson(string Name, string Label, string Pattern, string? Check, string Example);

/// <summary>How much may be paid: any amount between the limits, exactly what is owed, one of the choices.</summary>
public sealed record AmountJson(string Mode, long MinQepik, long MaxQepik, IReadOnlyList<long>? ChoicesQepik);

/// <summary>The fee.</summary>
/// <param name="Rule">none, flat, percent.</param>
/// <param name="Percent">0.15 is 0.15 %; null unless percent.</param>
/// <param name="MinQepik">The least; with flat the fee itself; null with none.</param>
/// <param name="MaxQepik">The most; with flat the fee itself; null with none.</param>
/// <param name="PaidBy">payer, on top, or provider, at settlement.</param>
public sealed record FeeJson(string Rule, decimal? Percent, long? MinQepik, long? MaxQepik, string PaidBy)
{
    internal static FeeJson Of(FeeRule fee) => new(
        ServiceJson.Lower(fee.Kind),
        fee.Kind == FeeKind.Percent ? fee.HundredthsOfPercent / 100m : null,
        fee.Kind == FeeKind.None ? null : fee.Floor.Qepik,
        fee.Kind == FeeKind.None ? null : fee.Cap.Qepik,
        ServiceJson.Lower(fee.PaidBy));
}

/// <summary>Opening hours in Baku; closing earlier than opening crosses midnight.</summary>
public sealed record HoursJson(string Opens, string Closes);

/// <summary>The catalogue, or the part that was asked for, by code.</summary>
/// <param name="Version">The catalogue's version.</param>
public sealed record ServiceListJson(int Version, IReadOnlyList<ServiceJson> Items);
