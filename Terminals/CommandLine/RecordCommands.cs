using System.CommandLine;
using System.Globalization;
using EGovPay.Processing.People;
using NodaTime.Text;

namespace EGovPay.Terminals.CommandLine;

/// <summary>`egovpay record …`: what people did.</summary>
internal static class RecordCommands
{
    public static Verb Build() =>
        new Verb("record", "What people did: append-only, each entry carrying the hash of the one before.").With(List());

    private static Verb List()
    {
        var limit = new Option<int>("--limit")
        {
            Description = $"how many entries, 1 to {ActRecord.PageLimit}", HelpName = "NUMBER", DefaultValueFactory = _ => 50,
        };
        var before = new Option<long?>("--before") { Description = "only entries before this number", HelpName = "NUMBER" };
        var about = new Option<string?>("--about")
        {
            Description = "only entries about this, such as \"agent btb\" or \"proposal 7\"", HelpName = "SUBJECT",
        };
        var json = Print.JsonOption();
        return new Verb(
                "list", "Shows what people did, newest first. `egovpay audit` verifies the whole chain.",
                "egovpay record list", "egovpay record list --about \"agent btb\" --json")
            .With(limit, before, about, json)
            .Does(async (parsed, cancel) =>
            {
                if (parsed.GetValue(limit) is < 1 or > ActRecord.PageLimit)
                {
                    throw CommandException.Usage(string.Create(
                        CultureInfo.InvariantCulture, $"--limit: 1 to {ActRecord.PageLimit}."));
                }

                await using var store = await Store.UseAsync(ReadSettings.From(parsed), cancel);
                var entries = await new ActRecord(store.Database).ListAsync(
                    parsed.GetValue(limit), parsed.GetValue(before), parsed.GetValue(about), cancel);
                var output = parsed.InvocationConfiguration.Output;
                if (!parsed.GetValue(json))
                {
                    Print.Table(
                        output, null, [">number", "at (UTC)", "who", "what", "about", "details"],
                        entries.Select(entry => new[]
                        {
                            entry.Number.ToString(CultureInfo.InvariantCulture), InstantPattern.General.Format(entry.At),
                            entry.Who, entry.What, entry.Subject, entry.Details,
                        }));
                    return Exit.Done;
                }

                foreach (var entry in entries)
                {
                    Print.Json(output, line =>
                    {
                        line.WriteNumber("number", entry.Number);
                        line.WriteString("at", InstantPattern.ExtendedIso.Format(entry.At));
                        line.WriteString("who", entry.Who);
                        line.WriteString("what", entry.What);
                        line.WriteString("about", entry.Subject);
                        line.WritePropertyName("details");
                        line.WriteRawValue(entry.Details);
                        line.WriteString("hash", Convert.ToHexStringLower(entry.Hash));
                    });
                }

                return Exit.Done;
            });
    }
}
