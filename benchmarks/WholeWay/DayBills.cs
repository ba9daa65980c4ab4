using System.Globalization;
using System.Text;
using EGovPay.Processing;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Payments;
using EGovPay.Terminals.Demo;
using NodaTime;

namespace EGovPay.Benchmarks.WholeWay;

/// <summary>One payment that a terminal of the day makes.</summary>
internal sealed record DayBill(Service Service, string Account, FieldValue[]? Fields, long AmountQepik, long TotalQepik)
{
    /// <summary>As the terminal sends it to pay.</summary>
    public string Body() => Whose().Append(
        CultureInfo.InvariantCulture, $",\"amountQepik\":{AmountQepik},\"totalQepik\":{TotalQepik},\"tender\":\"cash\"}}").ToString();

    /// <summary>As it asks first who owes what.</summary>
    public string InquiryBody() => Whose().Append('}').ToString();

    private StringBuilder Whose()
    {
        var body = new StringBuilder();
        body.Append(CultureInfo.InvariantCulture, $"{{\"service\":\"{Service.CodeText}\",\"account\":\"{Account}\"");
        if (Fields is { } fields)
        {
            body.Append(",\"fields\":{").AppendJoin(',', fields.Select(one => $"\"{one.Name}\":\"{one.Value}\"")).Append('}');
        }

        return body;
    }
}

/// <summary>What is paid on the measured day: 30 services, of ten payments eight at providers that speak OSMP and two at those that speak JSON.</summary>
internal sealed class DayBills
{
    private const int OsmpServices = 24;
    private const int JsonServices = 6;

    private readonly Random random = new(20261122);
    private readonly List<(Service Service, DemoAccounts Accounts)> osmp;
    private readonly List<(Service Service, DemoAccounts Accounts)> json;
    private readonly LocalDate today = Baku.DateOf(SystemClock.Instance.GetCurrentInstant());

    public DayBills(CatalogueSnapshot catalogue)
    {
        osmp = Of(catalogue, "osmp", OsmpServices);
        json = Of(catalogue, "json", JsonServices);
    }

    /// <summary>What is paid.</summary>
    public IEnumerable<Service> Services => osmp.Concat(json).Select(one => one.Service);

    public DayBill Next()
    {
        var from = random.Next(10) < 8 ? osmp : json;
        var (service, accounts) = from[random.Next(from.Count)];
        var rule = service.RuleOn(today)!;
        var qepik = rule.Min.Qepik + random.NextInt64(Math.Min(rule.Max.Qepik - rule.Min.Qepik, 5_000) + 1);
        return new DayBill(
            service, accounts.Usual(random),
            service.Fields.Count > 1 ? [.. service.Fields.Skip(1).Select(field => new FieldValue(field.Name, field.Example))] : null,
            qepik, checked(qepik + DemoRequests.FeeOf(rule, qepik)));
    }

    private List<(Service Service, DemoAccounts Accounts)> Of(CatalogueSnapshot catalogue, string protocol, int count)
    {
        var found = catalogue.Services.Where(service =>
                catalogue.Provider(service.Provider)?.Protocol == protocol
                && service.RuleOn(today) is { Open: true, Inquiry: InquiryNeed.Optional, Mode: AmountMode.Any or AmountMode.Fixed, Choices: null, Hours: null })
            .OrderBy(service => service.Fields.Count).ThenBy(service => service.Code).Take(count).ToList();
        return found.Count == count
            ? [.. found.Select(service => (service, new DemoAccounts(service, random)))]
            : throw new InvalidOperationException($"The catalogue has {found.Count} services of {protocol} that fit, and {count} are to be paid.");
    }
}
