using System.CommandLine;
using System.Globalization;
using EGovPay.Processing;
using EGovPay.Settlement.Netting;
using EGovPay.Settlement.Terms;
using NodaTime;
using NodaTime.Text;

namespace EGovPay.Terminals.CommandLine;

/// <summary>`egovpay settle agents`: agents who settle afterwards.</summary>
internal static class SettleAgents
{
    public static Verb Build()
    {
        var agent = new Option<string?>("--agent") { Description = "only this agent, day by day", HelpName = "CODE" };
        var listing = new Listing(20_000, 1_000);
        return new Verb(
                "agents", "Shows agents who settle afterwards: what is due, and who is late and for how long.",
                "egovpay settle agents", "egovpay settle agents --agent btb --format csv")
            .With([agent, .. listing.Options])
            .Does(async (parsed, cancel) =>
            {
                await using var store = await Store.UseAsync(ReadSettings.From(parsed), cancel);
                var today = Baku.DateOf(SystemClock.Instance.GetCurrentInstant());
                var terms = (await TermsStore.ReadAsync(store.Database, cancel)).Of(today)?.Terms;
                var standings = await new OverdueAgents(store.Database).StandingsAsync(terms, today, cancel);
                if (parsed.GetValue(agent) is { } code)
                {
                    var one = standings.FirstOrDefault(each => each.Agent == code) ?? throw new CommandException(
                        $"By the terms, agent '{code}' does not settle afterwards.");
                    return ShowDays(parsed, listing, one);
                }

                return listing.Show(
                    parsed, [.. standings.Take(listing.Ask(parsed))],
                    ["agent", ">unpaid", ">overdue", "due since", ">days late", ">paid ahead"],
                    one =>
                    [
                        one.Agent, Print.Manat(one.UnpaidQepik), Print.Manat(one.OverdueQepik),
                        one.OldestOverdue is { } due ? LocalDatePattern.Iso.Format(due) : "", Number(DaysLate(one)),
                        Print.Manat(one.AheadQepik),
                    ],
                    (line, one) =>
                    {
                        line.WriteString("agent", one.Agent);
                        line.WriteNumber("unpaidQepik", one.UnpaidQepik);
                        line.WriteNumber("overdueQepik", one.OverdueQepik);
                        line.WriteString("dueSince", one.OldestOverdue is { } due ? LocalDatePattern.Iso.Format(due) : null);
                        line.WriteNumber("daysLate", DaysLate(one));
                        line.WriteNumber("paidAheadQepik", one.AheadQepik);
                    });
            });
    }

    private static int ShowDays(ParseResult parsed, Listing listing, AgentStanding standing) => listing.Show(
        parsed, [.. standing.Days.Reverse().Take(listing.Ask(parsed))],
        ["day", "due on", ">due", ">paid", ">unpaid", ">days late"],
        day =>
        [
            LocalDatePattern.Iso.Format(day.Day), LocalDatePattern.Iso.Format(day.DueOn), Print.Manat(day.DueQepik),
            Print.Manat(day.PaidQepik), Print.Manat(day.UnpaidQepik), Number(day.OverdueDays),
        ],
        (line, day) =>
        {
            line.WriteString("agent", standing.Agent);
            line.WriteString("day", LocalDatePattern.Iso.Format(day.Day));
            line.WriteString("dueOn", LocalDatePattern.Iso.Format(day.DueOn));
            line.WriteNumber("dueQepik", day.DueQepik);
            line.WriteNumber("paidQepik", day.PaidQepik);
            line.WriteNumber("unpaidQepik", day.UnpaidQepik);
            line.WriteNumber("daysLate", day.OverdueDays);
        });

    internal static int DaysLate(AgentStanding one) => one.Days.Select(day => day.OverdueDays).DefaultIfEmpty(0).Max();

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
