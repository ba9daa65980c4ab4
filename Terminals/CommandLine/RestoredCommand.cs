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
                var ownUp = new OwnUp(desk.Store.Database);
                if (parsed.GetValue(nothingLost))
                {
                    return await ownUp.PromotedAsync(desk.Person)
                        ? await SayAsync(parsed, json, "It counts as a promotion; servers go on within seconds.", null)
                        : throw new CommandException(
                            "A server remembers what this database does not know, so something is lost. Run `egovpay restored`.");
                }

                var lost = await ownUp.RestoredAsync(desk.Person);
                return await SayAsync(parsed, json, Text(lost), lost);
            });
    }

    private static string Text(LostInterval lost) => string.Create(
        CultureInfo.InvariantCulture,
        $"""
        Lost: what was committed from {Text(lost.From)} to {Text(lost.To)}. A break is open over it.
        Payments that the book does not know have numbers from {lost.FromNumber} to {lost.NextNumber - 1}; new ones from {lost.NextNumber}.
        Receipts of {Iso(lost.FirstDay)} to {Iso(lost.LastDay)} go on in series {(16 * lost.Generation) + 1} to {(16 * lost.Generation) + 16}.
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
                line.WriteNumber("generation", lost.Generation);
            }
        });
        return Exit.Done;
    }

    private static string Text(Instant at) => at.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static string Iso(LocalDate day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
