using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Payments;
using NodaTime;

namespace EGovPay.Processing.Validation;

/// <summary>
/// The checks that payments and inquiries share: 121, 200–202, 210–213, in this order; the first one wins.
/// </summary>
internal static class ValidateAccount
{
    /// <summary>Where the account stands in a request.</summary>
    private const string AccountPath = "account";

    /// <summary>
    /// Judges service, account and fields. On success the account is in its normal form, and the fields are so too and
    /// stand in the service's order: two requests that mean the same are then equal piece by piece.
    /// </summary>
    public static Refused? Judge(
        CatalogueSnapshot catalogue,
        string serviceCode,
        ref string account,
        Span<FieldValue> fields,
        Instant now,
        in AllowedServices allowed,
        out Service? service,
        out ServiceRule? rule)
    {
        rule = null;
        service = null;
        if (!allowed.Allows(serviceCode))
        {
            return new Refused(Refusal.ServiceNotAllowed, "service");
        }

        service = catalogue.Find(serviceCode);
        if (service is null)
        {
            return new Refused(Refusal.UnknownService, "service");
        }

        var wall = Baku.At(now);
        rule = service.RuleOn(wall.Date);
        if (rule is not { Open: true })
        {
            // Before its first date a service is announced, not yet open: the same request succeeds later, so 201 and
            // not 200.
            return new Refused(Refusal.ServiceSuspended, "service");
        }

        if (!rule.OpenAt(wall.TimeOfDay))
        {
            return new Refused(Refusal.ServiceClosedNow, "service");
        }

        return JudgeField.Judge(service.Fields[0], ref account) switch
        {
            FieldFault.None => JudgeFields(service, fields),
            FieldFault.CheckDigit => new Refused(Refusal.AccountCheckDigit, AccountPath),
            _ => new Refused(Refusal.AccountMalformed, AccountPath),
        };
    }

    /// <summary>
    /// Puts the fields into the service's order and their normal forms, without judging them. Those the service does
    /// not know, and a second one of the same name, are left behind the others.
    /// </summary>
    public static void Order(Service service, Span<FieldValue> given)
    {
        var place = 0;
        for (var i = 1; i < service.Fields.Count; i++)
        {
            Fetch(service.Fields[i], given, ref place, out _);
        }
    }

    /// <summary>
    /// Missing fields are named before malformed ones, each in the service's order; then those nobody asked for.
    /// </summary>
    private static Refused? JudgeFields(Service service, Span<FieldValue> given)
    {
        var wanted = service.Fields;
        var place = 0;
        ServiceField? malformed = null;
        for (var i = 1; i < wanted.Count; i++)
        {
            if (!Fetch(wanted[i], given, ref place, out var fault) || fault == FieldFault.Missing)
            {
                return new Refused(Refusal.FieldMissing, wanted[i].WirePath);
            }

            if (fault != FieldFault.None)
            {
                malformed ??= wanted[i];
            }
        }

        if (malformed is not null)
        {
            return new Refused(Refusal.FieldMalformed, malformed.WirePath);
        }

        return place == given.Length ? null : Surplus(given[place]);
    }

    /// <summary>Swaps the wanted field to the next place, in its normal form; false when it was not given.</summary>
    private static bool Fetch(ServiceField wanted, Span<FieldValue> given, ref int place, out FieldFault fault)
    {
        fault = FieldFault.Missing;
        var at = IndexOf(given, place, wanted.Name);
        if (at < 0)
        {
            return false;
        }

        var value = given[at].Value ?? "";
        fault = JudgeField.Judge(wanted, ref value);
        given[at] = given[place];
        given[place] = new FieldValue(wanted.Name, value);
        place++;
        return true;
    }

    private static Refused Surplus(FieldValue field)
    {
        const int most = 64;
        var name = field.Name ?? "";
        return new Refused(Refusal.FieldMalformed, "fields." + (name.Length <= most ? name : name[..most]));
    }

    private static int IndexOf(Span<FieldValue> given, int from, string name)
    {
        for (var i = from; i < given.Length; i++)
        {
            if (string.Equals(given[i].Name, name, StringComparison.Ordinal))
            {
                return i;
            }
        }

        return -1;
    }
}
