using EGovPay.Processing.Catalogue;
using EGovPay.Processing.People;
using EGovPay.Settlement.Netting;
using EGovPay.Terminals.Api;
using EGovPay.Terminals.CommandLine;
using NodaTime;
using NodaTime.Text;

namespace EGovPay.Terminals.Office;

/// <summary>Reads what a query says, field by field, and remembers the first that cannot be read.</summary>
internal sealed class OfficeQuery
{
    private const int LongestText = 200;
    private const int FirstYear = 2000;
    private const int LastYear = 2199;

    /// <summary>Why the query is refused; null: all of it could be read.</summary>
    public OfficeProblem? Refused { get; private set; }

    /// <summary>How many of a list are asked for.</summary>
    public int Limit(int? limit, int usual, int most)
    {
        if (limit < 1 || limit > most)
        {
            Fault("limit", OfficeReasons.From(1, most));
        }

        return limit ?? usual;
    }

    /// <summary>A day, written as 2026-11-22; null: none was named.</summary>
    public LocalDate? Day(string field, string? text)
    {
        if (text is null)
        {
            return null;
        }

        if (LocalDatePattern.Iso.Parse(text) is { Success: true, Value: var day } && IsOurs(day))
        {
            return day;
        }

        Fault(field, OfficeReasons.ADay(FirstYear, LastYear));
        return null;
    }

    /// <summary>What netting is asked about, as the command line reads it; null: nothing was named, or it cannot be read.</summary>
    public NettingScope? Scope(string? day, string? to, string? window)
    {
        _ = (Day("day", day), Day("to", to));
        if (window is not null && (SendRegisters.WindowOf(window) is not var (_, bankDay) || !IsOurs(bankDay)))
        {
            Fault("window", OfficeReasons.AWindow);
        }

        try
        {
            return Refused is null ? SettleCommands.Scope(day, to, window) : null;
        }
        catch (CommandException)
        {
            Fault(window is null ? to is null ? "day" : "to" : "window", OfficeReasons.WindowOrDays);
            return null;
        }
    }

    /// <summary>A day that the office may speak of: with days before and after it that the database holds.</summary>
    public static bool IsOurs(LocalDate day) => day.Year is >= FirstYear and <= LastYear;

    /// <summary>One of some words; null: none was said.</summary>
    public T? Word<T>(string field, string? text, Func<T, string> wordOf)
        where T : struct, Enum
    {
        if (text is null)
        {
            return null;
        }

        foreach (var one in Enum.GetValues<T>())
        {
            if (wordOf(one) == text)
            {
                return one;
            }
        }

        Fault(field, OfficeReasons.OneOf(Enum.GetValues<T>().Select(wordOf)));
        return null;
    }

    /// <summary>A text that may be asked of the database; null: none was said.</summary>
    public string? Text(string field, string? text)
    {
        if (text is not null && (text.Length is 0 or > LongestText || !Plain.IsPlain(text)))
        {
            Fault(field, OfficeReasons.Characters(LongestText));
            return null;
        }

        return text;
    }

    /// <summary>Why somebody proposes something; null: nothing was said.</summary>
    public void Reason(string? reason)
    {
        if (reason is not null && (reason.Length is 0 or > Proposals.LongestReason || !Plain.IsPlain(reason)))
        {
            Fault("reason", OfficeReasons.Characters(Proposals.LongestReason));
        }
    }

    /// <summary>An amount in qəpik; 0 where none was said.</summary>
    public long Qepik(string field, long? amount)
    {
        if (amount < 0)
        {
            Fault(field, OfficeReasons.WholeQepik);
        }

        return amount ?? 0;
    }

    /// <summary>A provider's number by its code; null: none was named.</summary>
    public int? Provider(string? code, CatalogueSnapshot catalogue)
    {
        if (code is null)
        {
            return null;
        }

        if (catalogue.Provider(code) is { } provider)
        {
            return provider.Id;
        }

        Refused ??= new OfficeProblem(OfficeRefusal.NotThere, OfficeReasons.NoProvider, "provider");
        return null;
    }

    public void Fault(string field, Localised reason) => Refused ??= OfficeProblem.Malformed(field, reason);
}
