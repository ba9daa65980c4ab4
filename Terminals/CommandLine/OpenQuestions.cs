using System.CommandLine;
using System.Globalization;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.People;
using EGovPay.Terminals.Observing;
using NodaTime;
using NodaTime.Text;

namespace EGovPay.Terminals.CommandLine;

/// <summary>`egovpay payment unknown` and `egovpay payment contradictions`: what is open, how old it is, and how much it is.</summary>
internal static class OpenQuestions
{
    private const int MostMinutes = 525_600;

    public static Verb Unknown()
    {
        var provider = new Option<string?>("--provider") { Description = "only of this provider", HelpName = "CODE" };
        var older = new Option<int>("--older-than")
        {
            Description = "only those that many minutes old", HelpName = "MINUTES", DefaultValueFactory = _ => 0,
        };
        var listing = new Listing(UnknownPayments.ListLimit, 1_000);
        return new Verb(
                "unknown",
                "Shows the payments whose outcome is not known, oldest first, and totals by provider. What is older than an hour is "
                + "an alarm: unknown-too-old in RUNBOOK.md.",
                "egovpay payment unknown", "egovpay payment unknown --older-than 60 --json",
                "egovpay payment unknown --format csv")
            .With([provider, older, .. listing.Options])
            .Does((parsed, cancel) =>
            {
                if (parsed.GetValue(older) is < 0 or > MostMinutes)
                {
                    throw CommandException.Usage(FormattableString.Invariant($"--older-than: 0 to {MostMinutes}."));
                }

                return ShowUnknownAsync(
                    parsed, listing, parsed.GetValue(provider), Duration.FromMinutes(parsed.GetValue(older)), cancel);
            });
    }

    private static async Task<int> ShowUnknownAsync(
        ParseResult parsed, Listing listing, string? provider, Duration older, CancellationToken cancel)
    {
        var most = listing.Ask(parsed);
        var settings = ReadSettings.From(parsed);
        var alarm = Duration.FromSeconds(Alarms.UnknownTooOldSeconds);
        await using var store = await Store.UseAsync(settings, cancel);
        var codes = await CodesAsync(store, cancel);
        int? only = provider is not { } named ? null
            : codes.Where(one => one.Value == named).Select(one => (int?)one.Key).FirstOrDefault()
                ?? throw new CommandException($"There is no provider '{named}' in the catalogue.");
        var found = await UnknownPayments.ListAsync(
            store.Database, only, older, most, cancel);
        var ages = (await UnknownPayments.AgesAsync(store.Database, alarm, cancel))
            .Where(age => only is null || age.ProviderId == only).ToList();
        var output = parsed.InvocationConfiguration.Output;
        if (listing.Json(parsed))
        {
            Print.Json(output, line => Write(line, listing.Shown(parsed, found), ages, codes, alarm));
            return Exit.Done;
        }

        listing.Show(
            parsed, found, [">number", "agent", "reference", "provider", ">total", "age", ">asks", "next ask (UTC)", ""],
            one =>
            [
                Number(one.Number), one.AgentCode, one.Reference, Code(codes, one.ProviderId), Print.Manat(one.TotalQepik),
                Age(one.Age), Number(one.Asks),
                one.HeldBy is { } held ? $"proposal {Number(held)}" : InstantPattern.General.Format(one.NextAskAt),
                one.Age >= alarm ? "ALARM" : "",
            ],
            (_, _) => { });
        if (listing.Csv(parsed))
        {
            return Exit.Done;
        }

        Print.Table(
            output, null, ["provider", ">unknown", ">total", "oldest", ">held by proposals", ">alarming"],
            ages.Select(age => new[]
            {
                Code(codes, age.ProviderId), Number(age.Payments), Print.Manat(age.TotalQepik), Age(age.Oldest),
                Number(age.Held), Number(age.Alarming),
            }));
        return Exit.Done;
    }

    public static Verb Contradictions()
    {
        var all = new Option<bool>("--all") { Description = "also those that were decided" };
        var listing = new Listing(Processing.People.Contradictions.ListLimit, 1_000);
        return new Verb(
                "contradictions",
                "Shows the payments of which a provider said late what their state denies, until two people have decided: egovpay "
                + "payment propose NUMBER --delivered, --absent or --stands.",
                "egovpay payment contradictions", "egovpay payment contradictions --all --json")
            .With([all, .. listing.Options])
            .Does(async (parsed, cancel) =>
            {
                var most = listing.Ask(parsed);
                await using var store = await Store.UseAsync(ReadSettings.From(parsed), cancel);
                var codes = await CodesAsync(store, cancel);
                var found = await Processing.People.Contradictions.ListAsync(store.Database, parsed.GetValue(all), most, cancel);
                return listing.Show(
                    parsed, found, [">number", "agent", "reference", "provider", ">total", "state", "age", "decided by"],
                    one =>
                    [
                        Number(one.Number), one.AgentCode, one.Reference, Code(codes, one.ProviderId),
                        Print.Manat(one.TotalQepik), one.State.ToString(), Age(one.Age),
                        one.ProposalId is { } by ? $"proposal {Number(by)}" : "open",
                    ],
                    (line, one) => Write(line, one, codes));
            });
    }

    private static void Write(System.Text.Json.Utf8JsonWriter line, Contradiction one, Dictionary<int, string> codes)
    {
        line.WriteString("number", Number(one.Number));
        line.WriteString("agent", one.AgentCode);
        line.WriteString("reference", one.Reference);
        line.WriteString("provider", Code(codes, one.ProviderId));
        line.WriteNumber("totalQepik", one.TotalQepik);
        line.WriteString("state", one.State.ToString());
        line.WriteString("openedAt", InstantPattern.ExtendedIso.Format(one.OpenedAt));
        line.WriteNumber("ageSeconds", (long)one.Age.TotalSeconds);
        line.WriteBoolean("open", one.ClosedAt is null);
    }

    /// <summary>Providers by number, of the catalogue in force; of the program's own before there is one.</summary>
    private static async Task<Dictionary<int, string>> CodesAsync(Store store, CancellationToken cancel)
    {
        var catalogue = await CatalogueStore.LatestAsync(store.Database, cancel) ?? EmbeddedCatalogue.Load();
        return catalogue.Providers.ToDictionary(provider => provider.Id, provider => provider.Code);
    }

    private static string Code(Dictionary<int, string> codes, int provider) =>
        codes.GetValueOrDefault(provider, Number(provider));

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Age(Duration age) => string.Create(
        CultureInfo.InvariantCulture, $"{(long)age.TotalHours}:{age.Minutes:00}:{age.Seconds:00}");

    private static void Write(
        System.Text.Json.Utf8JsonWriter line, IReadOnlyList<UnknownPayment> found, List<UnknownAge> ages,
        Dictionary<int, string> codes, Duration alarm)
    {
        line.WriteStartArray("payments");
        foreach (var one in found)
        {
            line.WriteStartObject();
            line.WriteString("number", Number(one.Number));
            line.WriteString("agent", one.AgentCode);
            line.WriteString("reference", one.Reference);
            line.WriteString("provider", Code(codes, one.ProviderId));
            line.WriteNumber("totalQepik", one.TotalQepik);
            line.WriteString("since", InstantPattern.ExtendedIso.Format(one.Since));
            line.WriteNumber("ageSeconds", (long)one.Age.TotalSeconds);
            line.WriteNumber("asks", one.Asks);
            line.WriteString("nextAskAt", one.HeldBy is null ? InstantPattern.ExtendedIso.Format(one.NextAskAt) : null);
            line.WriteString("heldBy", one.HeldBy?.ToString(CultureInfo.InvariantCulture));
            line.WriteBoolean("alarm", one.Age >= alarm);
            line.WriteEndObject();
        }

        line.WriteEndArray();
        line.WriteStartArray("providers");
        foreach (var age in ages)
        {
            line.WriteStartObject();
            line.WriteString("provider", Code(codes, age.ProviderId));
            line.WriteNumber("unknown", age.Payments);
            line.WriteNumber("totalQepik", age.TotalQepik);
            line.WriteNumber("oldestSeconds", (long)age.Oldest.TotalSeconds);
            line.WriteNumber("held", age.Held);
            line.WriteNumber("alarming", age.Alarming);
            line.WriteEndObject();
        }

        line.WriteEndArray();
    }
}
