using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using EGovPay.Processing.Catalogue;
using EGovPay.Settlement.Breaks;
using EGovPay.Settlement.Windows;
using NodaTime;
using NodaTime.Text;

namespace EGovPay.Terminals.CommandLine;

/// <summary>`egovpay settle window`: a settlement window on three sides.</summary>
internal static class SettleWindow
{
    private static readonly string[] Sums =
        [">net", ">registers", ">paid out", ">banks", ">awaited", ">explained", ">unexplained"];

    public static Verb Build()
    {
        var window = new Argument<string>("window") { Description = "cut-off group and bank day", HelpName = "C1..C4:YYYY-MM-DD" };
        var provider = new Option<string?>("--provider") { Description = "only this provider's", HelpName = "CODE" };
        var listing = new Listing(5_000, 1_000);
        return new Verb(
                "window",
                "Shows a settlement window on three sides: the ledger's net, what the providers' registers make of it, what is paid out for it, and "
                + "what banks booked of that. Each difference is laid to what is still awaited, to breaks, or stays as a rest that nobody explains. "
                + "Exit code 1 if there is a rest.",
                "egovpay settle window C3:2026-11-23", "egovpay settle window C1:2026-11-23 --provider azercell --json")
            .With([window, provider, .. listing.Options])
            .Does(async (parsed, cancel) =>
            {
                var scope = SettleCommands.Window(parsed.GetValue(window)!)
                    ?? throw CommandException.Usage("window: a cut-off group, C1 to C4, and a bank day: C3:2026-11-23.");
                await using var store = await Store.UseAsync(ReadSettings.From(parsed), cancel);
                var catalogue = await CatalogueStore.LatestOrEmbeddedAsync(store.Database, cancel);
                var only = parsed.GetValue(provider) is { } code
                    ? catalogue.Provider(code)?.Id ?? throw new CommandException($"The catalogue has no provider '{code}'.") : (int?)null;
                var read = new ReadWindows(store.Database);
                var found = await read.RunAsync(catalogue, scope.Group!.Value, scope.BankDay!.Value, only, cancel);
                if (found.Count == 0)
                {
                    return await SayNothingAsync(parsed, read, parsed.GetValue(window)!, scope.Group.Value, scope.BankDay.Value, cancel);
                }

                listing.Show(
                    parsed, found,
                    ["provider", .. Sums, "breaks"],
                    one =>
                    [
                        Name(catalogue, one.ProviderId), .. Figures(one).Select(Print.Manat),
                        string.Join(' ', one.Breaks.Take(10).Select(each => Number(each.Id))),
                    ],
                    (line, one) => Write(line, one, catalogue));
                if (found.Count > 1 && !listing.Json(parsed) && !listing.Csv(parsed))
                {
                    var all = found.Select(Figures).Aggregate((sum, one) => [.. sum.Zip(one, (a, b) => checked(a + b))]);
                    Print.Table(parsed.InvocationConfiguration.Output, null, ["all of these", .. Sums], [["", .. all.Select(Print.Manat)]]);
                }

                return found.Any(one => one.RestQepik != 0) ? Exit.Failed : Exit.Done;
            });
    }

    private static long[] Figures(WindowView one) =>
    [
        one.Sums.NetQepik, one.Register.SaysQepik, one.Payout.SaysQepik, one.Bank.SaysQepik,
        Math.Abs(one.Register.AwaitedQepik) + Math.Abs(one.Payout.AwaitedQepik) + Math.Abs(one.Bank.AwaitedQepik),
        Math.Abs(one.Register.ExplainedQepik) + Math.Abs(one.Payout.ExplainedQepik) + Math.Abs(one.Bank.ExplainedQepik), one.RestQepik,
    ];

    /// <summary>A window with nothing in it is one thing, and what is no window another.</summary>
    private static async Task<int> SayNothingAsync(
        ParseResult parsed, ReadWindows read, string name, short group, LocalDate bankDay, CancellationToken cancel)
    {
        if (!await read.IsThereAsync(group, bankDay, cancel))
        {
            throw new CommandException(
                $"There is no window {name}: windows are of bank days, and those of the next weeks alone are there. `egovpay day status` shows "
                + "the open ones.");
        }

        await parsed.InvocationConfiguration.Error.WriteLineAsync($"egovpay: nothing of what was asked for is in the window {name}.");
        return Exit.Done;
    }

    private static void Write(Utf8JsonWriter line, WindowView one, CatalogueSnapshot catalogue)
    {
        line.WriteString("provider", Name(catalogue, one.ProviderId));
        line.WriteString("window", string.Create(CultureInfo.InvariantCulture, $"C{one.Group}:{LocalDatePattern.Iso.Format(one.BankDay)}"));
        line.WriteBoolean("closed", one.Closed);
        line.WriteNumber("grossQepik", one.Sums.GrossQepik);
        line.WriteNumber("reversedQepik", one.Sums.ReversedQepik);
        line.WriteNumber("correctedQepik", one.Sums.CorrectedQepik);
        line.WriteNumber("providerFeeQepik", one.Sums.ProviderFeeQepik);
        line.WriteNumber("netQepik", one.Sums.NetQepik);
        foreach (var (name, leg) in new[] { ("register", one.Register), ("payout", one.Payout), ("bank", one.Bank) })
        {
            line.WriteStartObject(name);
            line.WriteNumber("saysQepik", leg.SaysQepik);
            line.WriteNumber("differenceQepik", leg.DifferenceQepik);
            line.WriteNumber("awaitedQepik", leg.AwaitedQepik);
            line.WriteNumber("explainedQepik", leg.ExplainedQepik);
            line.WriteNumber("unexplainedQepik", leg.RestQepik);
            line.WriteEndObject();
        }

        line.WriteStartArray("payouts");
        foreach (var payout in one.Payouts)
        {
            line.WriteStringValue(Number(payout));
        }

        line.WriteEndArray();
        line.WriteStartArray("breaks");
        foreach (var each in one.Breaks)
        {
            line.WriteStartObject();
            line.WriteString("break", Number(each.Id));
            line.WriteString("side", OpenBreaks.TextOf(each.Side));
            line.WriteString("kind", each.Kind.ToString());
            line.WriteString("state", each.State.ToString().ToLowerInvariant());
            line.WriteNumber("effectQepik", each.EffectQepik);
            line.WriteEndObject();
        }

        line.WriteEndArray();
    }

    private static string Name(CatalogueSnapshot catalogue, int id) =>
        catalogue.Providers.FirstOrDefault(one => one.Id == id)?.Code ?? Number(id);

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
