using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using NodaTime;

namespace EGovPay.Processing.Catalogue;

/// <summary>Reads one dated rule of a service.</summary>
/// <param name="keptBy">The code of its provider, where that takes nothing back; else null.</param>
internal sealed class CheckRule(string service, int code, string? protocol, string? keptBy, CatalogueFaults faults)
{
    private const long MostQepik = 1_000_000_000;
    private const int MostChoices = 50;
    private const int WholeInHundredths = 10_000;
    private static readonly string[] CutOffs = ["C1", "C2", "C3", "C4"];

    /// <summary>The rule, or null when its date or a part of it could not be read.</summary>
    public ServiceRule? Read(JsonWithLines item, LocalDate? previous)
    {
        var what = $"{service}: the rule";
        if (ReadObject.From(item, what, faults,
            ["from", "amount", "fee", "inquiry", "delivery", "cutOff", "reversibleMinutes", "hours", "open"])
                is not { } node)
        {
            return null;
        }

        var from = node.Date("from");
        if (from <= previous)
        {
            node.Fault("from", $"{what} from {from:uuuu-MM-dd} must be later than the one before it "
                + $"({previous:uuuu-MM-dd}); "
                + "write rules oldest first, one for each date.");
        }

        var amount = ReadAmount(node);
        var fee = ReadFee(node, amount?.Max);
        var inquiry = node.Word<InquiryNeed>("inquiry");
        var delivery = node.Word<DeliveryBy>("delivery");
        var cutOff = ReadCutOff(node);
        var reversible = node.Whole("reversibleMinutes", 0, 10_080);
        if (reversible > 0 && keptBy is not null)
        {
            node.Fault("reversibleMinutes", $"{what} lets payments be reversed and its provider \"{keptBy}\" has "
                + "\"reversals\": false; write 0 here, or true there.");
        }

        var hours = ReadHours(node);
        var open = node.Flag("open", absent: true);
        Agree(node, amount?.Mode, inquiry, delivery);
        if (from is null || amount is not { } limits || fee is null || inquiry is null || delivery is null
            || cutOff is null
            || reversible is null || open is null)
        {
            return null;
        }

        var rule = new ServiceRule(
            from.Value, limits.Mode, limits.Min, limits.Max, limits.Choices, fee, inquiry.Value, delivery.Value, cutOff,
            reversible.Value, hours, open.Value);
        return rule with { Fingerprint = Fingerprint(rule) };
    }

    private (AmountMode Mode, Money Min, Money Max, IReadOnlyList<Money>? Choices)? ReadAmount(ReadObject node)
    {
        if (node.Value("amount") is not { } value || ReadObject.From(
            value, $"{service}: the amount", faults, ["mode", "minAzn", "maxAzn", "choicesAzn"]) is not { } amount)
        {
            return null;
        }

        var mode = amount.Word<AmountMode>("mode");
        var min = Qepik(amount, "minAzn");
        var max = Qepik(amount, "maxAzn");
        var choices = ReadChoices(amount, mode, min, max);
        if (min > max)
        {
            amount.Fault("minAzn", $"{service}: minAzn {new Money(min.Value)} is above maxAzn "
                + $"{new Money(max.Value)}; exchange them.");
        }
        else if (mode == AmountMode.Fixed && choices is null && min != max && min is not null && max is not null)
        {
            amount.Fault("mode", $"{service}: a fixed amount needs minAzn = maxAzn, or a list \"choicesAzn\".");
        }

        return mode is { } how && min is { } least && max is { } most
            ? (how, new Money(least), new Money(most), choices)
            : null;
    }

    private long? Qepik(ReadObject amount, string property)
    {
        var qepik = amount.Hundredths(property);
        if (qepik is 0 or > MostQepik)
        {
            amount.Fault(property, $"{service}: \"{property}\" must be from 0.01 to {new Money(MostQepik)}.");
            return null;
        }

        return qepik;
    }

    private List<Money>? ReadChoices(ReadObject amount, AmountMode? mode, long? min, long? max)
    {
        if (amount.Value("choicesAzn", optional: true) is null)
        {
            return null;
        }

        if (mode is AmountMode.Any or AmountMode.Full)
        {
            amount.Fault("choicesAzn",
                $"{service}: \"choicesAzn\" belongs to the mode fixed; leave it out or change the mode.");
        }

        var choices = new List<Money>();
        foreach (var item in amount.Items("choicesAzn", MostChoices))
        {
            if (amount.Hundredths("choicesAzn", item) is not { } qepik)
            {
                continue;
            }

            if (qepik < min || qepik > max)
            {
                faults.Add(item.Line, $"{service}: the choice {new Money(qepik)} is outside minAzn … maxAzn.");
            }

            if (choices.Count > 0 && choices[^1].Qepik >= qepik)
            {
                faults.Add(item.Line, $"{service}: the choice {new Money(qepik)} must be above the one before it; "
                    + "write choices in rising order, each once.");
            }

            choices.Add(new Money(qepik));
        }

        return choices;
    }

    private FeeRule? ReadFee(ReadObject node, Money? largest)
    {
        if (node.Value("fee") is not { } value || ReadObject.From(
            value, $"{service}: the fee", faults, ["kind", "amountAzn", "percent", "floorAzn", "capAzn", "paidBy"])
                is not { } fee)
        {
            return null;
        }

        switch (fee.Word<FeeKind>("kind"))
        {
            case FeeKind.None:
                Only(fee, "none", ["kind", "paidBy"]);
                return FeeRule.None;
            case FeeKind.Flat:
                Only(fee, "flat", ["kind", "amountAzn", "paidBy"]);
                var paidBy = fee.Word<FeePaidBy>("paidBy");
                return Qepik(fee, "amountAzn") is { } flat && paidBy is { } bearer
                    ? new FeeRule(FeeKind.Flat, 0, new Money(flat), new Money(flat), bearer)
                    : null;
            case FeeKind.Percent:
                Only(fee, "percent", ["kind", "percent", "floorAzn", "capAzn", "paidBy"]);
                return ReadPercent(fee, largest);
            default:
                return null;
        }
    }

    private FeeRule? ReadPercent(ReadObject fee, Money? largest)
    {
        var percent = fee.Hundredths("percent");
        if (percent is 0 or > WholeInHundredths)
        {
            fee.Fault("percent", $"{service}: \"percent\" must be from 0.01 to 100; write the kind none for no fee.");
            percent = null;
        }

        var floor = fee.Hundredths("floorAzn");
        var cap = fee.Hundredths("capAzn");
        if (floor > cap)
        {
            fee.Fault("floorAzn", $"{service}: floorAzn {new Money(floor.Value)} is above capAzn "
                + $"{new Money(cap.Value)}; exchange them.");
        }

        var paidBy = fee.Word<FeePaidBy>("paidBy");
        if (paidBy == FeePaidBy.Provider && floor > largest?.Qepik)
        {
            fee.Fault("floorAzn", $"{service}: the provider cannot pay a fee above the amount; lower floorAzn.");
        }

        return percent is { } rate && floor is { } least && cap is { } most && paidBy is { } bearer
            ? new FeeRule(FeeKind.Percent, (int)rate, new Money(least), new Money(most), bearer)
            : null;
    }

    private void Only(ReadObject fee, string kind, ReadOnlySpan<string> properties)
    {
        foreach (var property in (ReadOnlySpan<string>)["amountAzn", "percent", "floorAzn", "capAzn"])
        {
            if (!properties.Contains(property) && fee.Value(property, optional: true) is not null)
            {
                fee.Fault(property, $"{service}: a fee of the kind {kind} has no \"{property}\"; take it out or "
                    + $"change the kind.");
            }
        }
    }

    private string? ReadCutOff(ReadObject node)
    {
        var cutOff = node.Text("cutOff", 10);
        if (cutOff is not null && !CutOffs.Contains(cutOff, StringComparer.Ordinal))
        {
            node.Fault("cutOff", $"{service}: the cut-off \"{CatalogueFaults.Shorten(cutOff)}\" is unknown; "
                + $"it may be: {string.Join(", ", CutOffs)}.");
            return null;
        }

        return cutOff;
    }

    private ServiceHours? ReadHours(ReadObject node)
    {
        if (node.Value("hours", optional: true) is not { } value
            || ReadObject.From(value, $"{service}: the hours", faults, ["opens", "closes"]) is not { } hours
            || hours.Time("opens") is not { } opens
            || hours.Time("closes") is not { } closes)
        {
            return null;
        }

        if (opens == closes)
        {
            hours.Fault("closes", $"{service}: the hours open and close at the same time; write \"hours\": null "
                + $"for always.");
        }

        return new ServiceHours(opens, closes);
    }

    private void Agree(ReadObject node, AmountMode? mode, InquiryNeed? inquiry, DeliveryBy? delivery)
    {
        if (mode == AmountMode.Full && inquiry is not (null or InquiryNeed.Required))
        {
            node.Fault("inquiry", $"{service}: the mode full takes exactly what is owed, so the debt must be "
                + $"asked online; "
                + "write \"inquiry\": \"required\".");
        }

        if (delivery == DeliveryBy.Register && inquiry is not (null or InquiryNeed.None))
        {
            node.Fault("inquiry", $"{service}: a provider that only takes a register cannot be asked; write "
                + $"\"inquiry\": \"none\".");
        }

        if (delivery is { } how && protocol is not null && (how == DeliveryBy.Register) != (protocol == "register"))
        {
            node.Fault("delivery", $"{service}: the delivery {how.ToString().ToLowerInvariant()} does not fit "
                + $"the provider's protocol "
                + $"{protocol}; register goes with register.");
        }
    }

    private long Fingerprint(ServiceRule rule)
    {
        var choices = rule.Choices is null ? "-" : string.Join(',', rule.Choices.Select(choice => choice.Qepik));
        var fee = rule.Fee;
        var text = string.Create(
            CultureInfo.InvariantCulture,
            $"{code}|{rule.From:uuuu-MM-dd}|{rule.Mode}|{rule.Min.Qepik}|{rule.Max.Qepik}|{choices}|{fee.Kind}|")
            + string.Create(
                CultureInfo.InvariantCulture,
                $"{fee.HundredthsOfPercent}|{fee.Floor.Qepik}|{fee.Cap.Qepik}|{fee.PaidBy}|{rule.Inquiry}|"
                    + $"{rule.Delivery}|")
            + string.Create(
                CultureInfo.InvariantCulture,
                $"{rule.CutOff}|{rule.ReversibleMinutes}|{rule.Hours?.Opens:HH:mm}|{rule.Hours?.Closes:HH:mm}|"
                    + $"{rule.Open}");
        return BinaryPrimitives.ReadInt64BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
    }
}
