using System.CommandLine;
using System.Globalization;
using System.Text.Json;
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
        var listing = new Listing(ActRecord.PageLimit, 50);
        var before = new Option<long?>("--before") { Description = "only entries before this number", HelpName = "NUMBER" };
        var about = new Option<string?>("--about")
        {
            Description = "only entries about this, such as \"agent btb\" or \"proposal 7\"", HelpName = "SUBJECT",
        };
        return new Verb(
                "list", "Shows what people did, newest first. `egovpay audit` verifies the whole chain.",
                "egovpay record list", "egovpay record list --about \"agent btb\" --json",
                "egovpay record list --limit 1000 --format csv")
            .With([before, about, .. listing.Options])
            .Does(async (parsed, cancel) =>
            {
                var most = listing.Ask(parsed);
                await using var store = await Store.UseAsync(ReadSettings.From(parsed), cancel);
                var entries = await new ActRecord(store.Database).ListAsync(
                    most, parsed.GetValue(before), parsed.GetValue(about), cancel);
                return listing.Show(
                    parsed, entries, [">number", "at (UTC)", "who", "what", "about", "details"],
                    entry =>
                    [
                        entry.Number.ToString(CultureInfo.InvariantCulture), InstantPattern.General.Format(entry.At),
                        entry.Who, entry.What, entry.Subject, entry.Details,
                    ],
                    Write,
                    last => string.Create(CultureInfo.InvariantCulture, $"--before {last.Number}"));
            });
    }

    private static void Write(Utf8JsonWriter line, ActEntry entry)
    {
        line.WriteNumber("number", entry.Number);
        line.WriteString("at", InstantPattern.ExtendedIso.Format(entry.At));
        line.WriteString("who", entry.Who);
        line.WriteString("what", entry.What);
        line.WriteString("about", entry.Subject);
        line.WritePropertyName("details");
        line.WriteRawValue(entry.Details);
        line.WriteString("hash", Convert.ToHexStringLower(entry.Hash));
    }
}
