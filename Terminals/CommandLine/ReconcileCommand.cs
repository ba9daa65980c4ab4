using System.CommandLine;
using System.Globalization;
using EGovPay.Processing;
using EGovPay.Processing.People;
using EGovPay.Settlement.Reconciliation;
using EGovPay.Settlement.Terms;
using NodaTime;
using NodaTime.Text;

namespace EGovPay.Terminals.CommandLine;

/// <summary>`egovpay reconcile`: our ledger against the registers that came.</summary>
internal static class ReconcileCommand
{
    private static readonly string[] Heads =
        ["provider", "day", ">lines", ">matched", ">settled", ">not final", ">differences", ">closed"];

    public static Verb Build()
    {
        var provider = new Option<string?>("--provider") { Description = "with --day: with the last register of this provider", HelpName = "CODE" };
        var day = new Option<string?>("--day") { Description = "with --provider: of this provider day", HelpName = "YYYY-MM-DD" };
        var all = new Option<bool>("--all") { Description = "with every register that came since it was last compared" };
        var bank = new Option<bool>("--bank") { Description = "payouts and deposits with the statements of our accounts" };
        var json = Print.JsonOption();
        return new Verb(
                "reconcile",
                "Compares payments with a provider's register, or payouts and deposits with the banks' statements. "
                + "What is unknown here and stands there to the qəpik and the account is "
                + "confirmed; what differs becomes a break (egovpay breaks list), what differs no more is closed; differences that people have "
                + "accepted are counted, too. Exit code 1 if there "
                + "is anything that differs.",
                "egovpay reconcile --all", "egovpay reconcile --provider azercell --day 2026-11-21 --json",
                "egovpay reconcile --bank")
            .With(provider, day, all, bank, json)
            .Does(Acts.Reconcile, async (parsed, cancel) =>
            {
                var (code, text) = (parsed.GetValue(provider), parsed.GetValue(day));
                var ways = new[] { parsed.GetValue(all), parsed.GetValue(bank), code is not null || text is not null }.Count(way => way);
                if (ways != 1 || (code is null) != (text is null))
                {
                    throw CommandException.Usage("Say --provider and --day, or --all, or --bank.");
                }

                var of = text is null ? default : LocalDatePattern.Iso.Parse(text) is { Success: true } read ? read.Value
                    : throw CommandException.Usage($"--day '{text}' is no date such as 2026-11-21.");
                await using var books = await Books.OpenAsync(parsed, cancel);
                var by = books.Person.Login;
                var done = parsed.GetValue(bank) ? [await BankAsync(books, by, cancel)]
                    : code is null ? await new ReconcileDue(books.Engine).RoundAsync(by, cancel)
                    : [await OneAsync(books, code, of, by, cancel)];
                return Tell(parsed, done, parsed.GetValue(json));
            });
    }

    private static async Task<DueComparison> OneAsync(
        Books books, string code, LocalDate day, string by, CancellationToken cancel)
    {
        var provider = books.Engine.Catalogue.Current.Provider(code)
            ?? throw new CommandException($"There is no provider '{code}' in the catalogue.");
        return new DueComparison(
            code, day,
            await new ReconcileRegister(books.Engine).RunAsync(provider, day, by, cancel)
                ?? throw new CommandException(
                    $"No register of {code} came for {LocalDatePattern.Iso.Format(day)}. `egovpay register import` brings one in."));
    }

    private static async Task<DueComparison> BankAsync(Books books, string by, CancellationToken cancel)
    {
        var terms = await TermsStore.TodayAsync(books.Engine.Database, books.Engine.Clock, cancel)
            ?? throw new CommandException("There are no settlement terms, which say what our accounts are. `egovpay settle apply` adds them.");
        var found = await new ReconcileBank(books.Engine).RunAsync(terms, by, cancel)
            ?? throw new CommandException("No statement of an account of ours came. `egovpay statement import` brings one in.");
        return new DueComparison("bank", Baku.DateOf(books.Engine.Clock.GetCurrentInstant()), found);
    }

    private static int Tell(ParseResult parsed, IReadOnlyList<DueComparison> done, bool json)
    {
        var output = parsed.InvocationConfiguration.Output;
        var compared = done.Where(one => one.Found is not null).ToList();
        if (json)
        {
            foreach (var one in compared)
            {
                Print.Json(output, line =>
                {
                    line.WriteNumber("reconciliation", one.Found!.Id);
                    line.WriteString("provider", one.Provider);
                    line.WriteString("day", LocalDatePattern.Iso.Format(one.Day));
                    line.WriteNumber("lines", one.Found.Lines);
                    line.WriteNumber("matched", one.Found.Matched);
                    line.WriteNumber("settled", one.Found.Settled);
                    line.WriteNumber("inFlight", one.Found.InFlight);
                    line.WriteNumber("breaks", one.Found.Breaks);
                    line.WriteNumber("closed", one.Found.Closed);
                });
            }
        }
        else
        {
            Print.Table(output, null, Heads, compared.Select(one => (string[])
            [
                one.Provider, LocalDatePattern.Iso.Format(one.Day), Number(one.Found!.Lines), Number(one.Found.Matched),
                Number(one.Found.Settled), Number(one.Found.InFlight), Number(one.Found.Breaks), Number(one.Found.Closed),
            ]));
        }

        return compared.Exists(one => one.Found!.Breaks > 0) ? Exit.Failed : Exit.Done;
    }

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
