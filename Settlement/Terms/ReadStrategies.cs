using System.Globalization;
using EGovPay.Processing.Catalogue;
using EGovPay.Settlement.Reconciliation;

namespace EGovPay.Settlement.Terms;

/// <summary>Reads the section <c>strategies</c> of the terms: by which ways, and in which order, each side is matched.</summary>
internal static class ReadStrategies
{
    /// <summary>Each way stands once.</summary>
    private const int Most = 7;

    /// <summary>Reads them; a side that is not named is matched as usual.</summary>
    public static MatchStrategies From(JsonWithLines node, CatalogueFaults faults)
    {
        if (ReadObject.From(node, "The strategies", faults, ["register", "bank", "acquirer"]) is not { } sides)
        {
            return MatchStrategies.Usual;
        }

        var usual = MatchStrategies.Usual;
        return new MatchStrategies(
            Side(sides, "register", usual.Register, faults), Side(sides, "bank", usual.Bank, faults),
            Side(sides, "acquirer", usual.Acquirer, faults));
    }

    private static IReadOnlyList<MatchStrategy> Side(
        ReadObject sides, string side, IReadOnlyList<MatchStrategy> usual, CatalogueFaults faults)
    {
        if (sides.Value(side, optional: true) is null)
        {
            return usual;
        }

        var read = new List<MatchStrategy>();
        foreach (var item in sides.Items(side, Most))
        {
            if (One(item, side, usual, faults) is not { } one)
            {
                continue;
            }

            if (read.Exists(before => before.By == one.By))
            {
                faults.Add(item.Line, $"{side}: \"{one.Name}\" is there twice.");
            }
            else if (side == "register" && (one.By == MatchBy.Number) != (read.Count == 0))
            {
                faults.Add(item.Line, one.By == MatchBy.Number
                    ? $"{side}: \"{one.Name}\" can never be reached here: lines with a number of ours are taken by it before anything else. Put it first."
                    : $"{side}: \"{one.Name}\" cannot be the first: \"number\" is, or every payment would be missing.");
            }
            else if (read.Find(before => Covers(before, one, side)) is { } wider)
            {
                faults.Add(item.Line, $"{side}: \"{one.Name}\" can never be reached here: \"{wider.Name}\" before it looks at all that it "
                    + "would look at. Put it before that one.");
            }

            read.Add(one);
        }

        return read;
    }

    private static MatchStrategy? One(JsonWithLines item, string side, IReadOnlyList<MatchStrategy> usual, CatalogueFaults faults)
    {
        if (ReadObject.From(item, $"A strategy of {side}", faults, ["by", "days"]) is not { } one || one.Text("by", 40) is not { } name)
        {
            return null;
        }

        var may = MatchStrategies.Of(side);
        var by = may.FirstOrDefault(each => MatchStrategy.NameOf(each) == name);
        if (by == default)
        {
            one.Fault("by", $"{side}: there is no strategy \"{CatalogueFaults.Shorten(name)}\"; there are: "
                + $"{string.Join(", ", may.Select(MatchStrategy.NameOf))}.");
            return null;
        }

        var days = usual.FirstOrDefault(each => each.By == by)?.WithinDays ?? 0;
        if (one.Value("days", optional: true) is null)
        {
            return new MatchStrategy(by, days);
        }

        if (by is MatchBy.Number or MatchBy.AccountAmountDay || (by == MatchBy.ReferenceAmountDay && side == "register"))
        {
            one.Fault("days", string.Create(
                CultureInfo.InvariantCulture, $"{side}: \"{name}\" has no days: {(by == MatchBy.Number ? "a number is enough" : "it is of one day")}."));
            return new MatchStrategy(by, days);
        }

        return new MatchStrategy(by, one.Whole("days", 0, MatchStrategies.MostDays) ?? days);
    }

    /// <summary>
    /// Whatever the later one would tie, the earlier one has looked at: it asks for no more, and over as many days. What it found to be
    /// several for one stays so.
    /// </summary>
    private static bool Covers(MatchStrategy before, MatchStrategy later, string side)
    {
        // With banks a day is for payouts, and a window for deposits: neither looks at the other's.
        bool OneAndOne(MatchStrategy each) => each.By is MatchBy.AccountAmountDay or MatchBy.AccountAmountWindow or MatchBy.AmountWindow
            || (each.ByReference && side == "register");
        return side != "bank" && OneAndOne(before) && OneAndOne(later) && before.WithinDays >= later.WithinDays
            && (!before.ByReference || later.ByReference) && (!before.ByAccount || later.ByAccount);
    }
}
