using System.Globalization;
using NodaTime;

namespace EGovPay.Processing.Catalogue;

/// <summary>The catalogue as lines of plain text for a person at a console.</summary>
public static class CatalogueSummary
{
    /// <summary>
    /// A head, the groups, and a line for each service: code, what the payer may pay, fee, inquiry, cut-off, state,
    /// provider, name.
    /// </summary>
    /// <param name="catalogue">What to show.</param>
    /// <param name="date">The Baku date whose rules are shown.</param>
    /// <param name="language">az, en or ru, for the names.</param>
    public static IEnumerable<string> Lines(CatalogueSnapshot catalogue, LocalDate date, string language = "az")
    {
        yield return string.Create(
            CultureInfo.InvariantCulture,
            $"Catalogue version {catalogue.Version}, {catalogue.Services.Count} services, "
                + $"{catalogue.Providers.Count} providers, "
                + $"on {date:uuuu-MM-dd}, sha256 {catalogue.Sha256[..12]}");
        foreach (var group in catalogue.Groups)
        {
            var services = catalogue.Search(null, group.Code).ToList();
            yield return "";
            yield return string.Create(
                CultureInfo.InvariantCulture, $"{group.Name.In(language)} ({group.Code}): {services.Count}");
            foreach (var service in services)
            {
                yield return "  " + Line(service, date, language);
            }
        }
    }

    private static string Line(Service service, LocalDate date, string language)
    {
        var rule = service.RuleOn(date);
        var name = service.Name.In(language);
        return rule is null
            ? $"{service.CodeText}  opens on {service.Rules[0].From:uuuu-MM-dd}  {service.Provider}  {name}"
            : $"{service.CodeText}  {Amount(rule),-24}{Fee(rule.Fee),-32}{Word(rule.Inquiry),-9} {rule.CutOff} "
                + $"{(rule.Open ? "open  " : "closed")} {service.Provider,-16} {name}";
    }

    private static string Amount(ServiceRule rule) => rule switch
    {
        { Choices: { } choices } => string.Join('/', choices),
        { Mode: AmountMode.Fixed } => $"fixed {rule.Min}",
        _ => $"{Word(rule.Mode)} {rule.Min}–{rule.Max}",
    };

    private static string Fee(FeeRule fee) => fee.Kind switch
    {
        FeeKind.None => "no fee",
        FeeKind.Flat => $"{fee.Floor} by {Word(fee.PaidBy)}",
        _ => $"{new Money(fee.HundredthsOfPercent)} % {fee.Floor}–{fee.Cap} by {Word(fee.PaidBy)}",
    };

    private static string Word<TEnum>(TEnum value)
        where TEnum : struct, Enum => value.ToString().ToLowerInvariant();
}
