using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using EGovPay.Processing.Continuity;
using EGovPay.Processing.People;
using NodaTime;
using NodaTime.Text;

namespace EGovPay.Terminals.CommandLine;

/// <summary>`egovpay lost …`: what restores lost, and how it is settled by two people.</summary>
internal static class LostCommands
{
    private static readonly ProposalKind[] Kinds = [ProposalKind.LostInterval];

    public static Verb Build() =>
        new Verb("lost", "What a restored backup lost: a break for each restore, open until two people have settled it.").With(
            List(),
            Propose(),
            ProposalVerbs.Approve(
                Acts.LostApprove, Kinds, "Approves as the second person that a lost interval was worked, and settles it.",
                "egovpay lost approve 11"));

    private static Verb List()
    {
        var all = new Option<bool>("--all") { Description = "also those that were settled" };
        var listing = new Listing(LostBreaks.ListLimit, 100);
        return new Verb(
                "list",
                "Shows what restores lost, oldest first: from when to when, under which payment numbers, what a server remembers. "
                + "RUNBOOK.md, restore drill, step 8 says how it is worked.",
                "egovpay lost list", "egovpay lost list --all --json", "egovpay lost list --format csv")
            .With([all, .. listing.Options])
            .Does(async (parsed, cancel) =>
            {
                var most = listing.Ask(parsed);
                await using var store = await Store.UseAsync(ReadSettings.From(parsed), cancel);
                var found = await LostBreaks.ListAsync(store.Database, parsed.GetValue(all), most, cancel);
                return listing.Show(
                    parsed, found,
                    [">epoch", "from (UTC)", "to (UTC)", ">first number", ">to below", "age", "opened by", "state", "known"],
                    one =>
                    [
                        Number(one.Epoch), InstantPattern.General.Format(one.From), InstantPattern.General.Format(one.To),
                        Number(one.FromNumber), Number(one.NextNumber), Age(one.Age), one.OpenedBy, State(one), one.Known ?? "",
                    ],
                    Write);
            });
    }

    private static Verb Propose()
    {
        var epoch = new Argument<long>("epoch") { Description = "the interval's name, as `egovpay lost list` shows it" };
        var reason = ProposalVerbs.ReasonOption(required: true);
        var json = Print.JsonOption();
        return new Verb(
                "propose",
                "Proposes that a lost interval was worked, for another person to approve: every payment of it was found in the "
                + "terminals' journals and the providers' registers, and entered or returned.",
                "egovpay lost propose 1795342380 --reason \"registers of 2026-11-22 compared, 14 payments returned, file 2026/31\"")
            .With(epoch, reason, json)
            .Does(Acts.LostPropose, async (parsed, cancel) =>
            {
                var why = ProposalVerbs.Reason(parsed, reason)!;
                await using var books = await Books.OpenAsync(parsed, cancel);
                var proposed = await books.Engine.Proposals.ProposeLostAsync(books.Person, parsed.GetValue(epoch), why);
                return await ProposalVerbs.SayAsync(
                    parsed, json, proposed, Acts.LostApprove,
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"There is no open lost interval {parsed.GetValue(epoch)}. `egovpay lost list` shows them."));
            });
    }

    private static void Write(Utf8JsonWriter line, LostBreak one)
    {
        line.WriteNumber("epoch", one.Epoch);
        line.WriteString("from", InstantPattern.ExtendedIso.Format(one.From));
        line.WriteString("to", InstantPattern.ExtendedIso.Format(one.To));
        line.WriteNumber("ageSeconds", (long)one.Age.TotalSeconds);
        line.WriteNumber("fromNumber", one.FromNumber);
        line.WriteNumber("nextNumber", one.NextNumber);
        line.WriteString("known", one.Known);
        line.WriteString("openedBy", one.OpenedBy);
        line.WriteBoolean("open", one.SettledAt is null);
        line.WriteString("proposal", one.ProposalId?.ToString(CultureInfo.InvariantCulture));
        line.WriteString("settledBy", one.SettledBy);
        line.WriteString("settledAt", one.SettledAt is { } at ? InstantPattern.ExtendedIso.Format(at) : null);
    }

    private static string State(LostBreak one) => one.SettledAt is null
        ? one.ProposalId is { } waiting ? $"open, proposal {Number(waiting)}" : "open"
        : $"settled by {one.SettledBy}{(one.ProposalId is { } by ? $", proposal {Number(by)}" : "")}";

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Age(Duration age) => string.Create(
        CultureInfo.InvariantCulture, $"{(long)age.TotalHours}:{age.Minutes:00}:{age.Seconds:00}");
}
