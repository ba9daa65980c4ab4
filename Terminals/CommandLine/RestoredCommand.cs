using System.CommandLine;
using System.Globalization;
using EGovPay.Processing.Continuity;
using EGovPay.Processing.People;
using NodaTime;

namespace EGovPay.Terminals.CommandLine;

/// <summary>`egovpay restored`: somebody owns up to a restore, and the centre may go on.</summary>
internal static class RestoredCommand
{
    public static Verb Build()
    {
        var nothingLost = new Option<bool>("--nothing-lost")
        {
            Description = "it was a promotion of a standby that had confirmed everything, while no node ran: nothing is moved or opened",
        };
        var json = Print.JsonOption();
        return new Verb(
                "restored",
                "Says that the database was restored from a backup: payment numbers and receipt series go on past everything that was "
                + "perhaps given out, and the lost interval stands open as a break. Until then no server takes anything.",
                "egovpay restored",
                "egovpay restored --nothing-lost")
            .With(nothingLost, json)
            .Does(Acts.Restored, async (parsed, cancel) =>
            {
                await using var desk = await Desk.OpenAsync(parsed, cancel);
                var ownUp = new OwnUp(desk.Store.Database, SystemClock.Instance);
                if (parsed.GetValue(nothingLost))
                {
                    return await ownUp.PromotedAsync(desk.Person)
                        ? await SayAsync(parsed, json, "It counts as a promotion; servers go on within seconds.", null)
                        : throw new CommandException(
                            "A server remembers what this database does not know, so something is lost. Run `egovpay restored`.");
                }

                var owned = await ownUp.RestoredAsync(desk.Person);
                var lost = owned.Lost ?? throw Refused(owned);
                return await SayAsync(parsed, json, Text(lost), lost);
            });
    }

    private static string Text(LostInterval lost) => string.Create(
        CultureInfo.InvariantCulture,
        $"""
        Lost: what was committed from {Text(lost.From)} to {Text(lost.To)}. A break is open over it: egovpay lost list.
        Payments that the book does not know have numbers from {lost.FromNumber} to {lost.NextNumber - 1}; new ones from {lost.NextNumber}.
        {string.Join("\n", lost.Runs.Select(Text))}
        {(lost.Known is null ? "No server remembers anything of it." : $"What a server remembers: {lost.Known}")}
        Servers that were running during the restore are to be started again; the others go on within seconds.
        """);

    private static async Task<int> SayAsync(ParseResult parsed, Option<bool> json, string text, LostInterval? lost)
    {
        await AgentCommands.SayAsync(parsed, json, text, line =>
        {
            line.WriteBoolean("lost", lost is not null);
            if (lost is not null)
            {
                line.WriteNumber("epoch", lost.Epoch);
                line.WriteString("from", Text(lost.From));
                line.WriteString("to", Text(lost.To));
                line.WriteNumber("fromNumber", lost.FromNumber);
                line.WriteNumber("nextNumber", lost.NextNumber);
                line.WriteString("known", lost.Known);
                line.WriteStartArray("receipts");
                foreach (var run in lost.Runs)
                {
                    line.WriteStartObject();
                    line.WriteString("day", Iso(run.Day));
                    line.WriteNumber("generation", run.Generation);
                    line.WriteNumber("after", run.Start);
                    line.WriteEndObject();
                }

                line.WriteEndArray();
            }
        });
        return Exit.Done;
    }

    private static string Text(ReceiptRun run) => string.Create(
        CultureInfo.InvariantCulture,
        $"Receipts of {Iso(run.Day)} go on in series {(16 * run.Generation) + 1:000} to {(16 * run.Generation) + 16:000} at number {run.Start + 1}.");

    private static CommandException Refused(OwnedUp owned) => new(owned.Refused switch
    {
        OwnUpRefusal.ClocksDiffer => $"The database's clock shows {Text(owned.Database)} and this machine's {Text(owned.Here)}. "
            + "Numbers that nobody was ever given are reckoned from the time: set the wrong clock right, then say it again.",
        _ => $"The open business day is {Iso(owned.OpenDay)}, more than a day ahead of the calendar. Numbers that nobody was ever given "
            + "are reckoned from the time, and there are none for it yet: say it again when that day is tomorrow.",
    });

    private static string Text(Instant at) => at.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static string Iso(LocalDate day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
