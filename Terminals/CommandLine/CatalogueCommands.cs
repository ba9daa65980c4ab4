using System.CommandLine;
using System.Globalization;
using EGovPay.Processing;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.People;
using NodaTime;

namespace EGovPay.Terminals.CommandLine;

/// <summary>`egovpay catalogue …`: the services that can be paid.</summary>
internal static class CatalogueCommands
{
    public static Verb Build() => new Verb("catalogue", "The services that can be paid, with their rules by date.")
        .With(Check(), Apply(), Show());

    private static Argument<string> FileArgument() => new("file") { Description = "the catalogue, JSON in UTF-8" };

    private static Verb Check()
    {
        var file = FileArgument();
        return new Verb(
                "check", "Names every fault of a catalogue file with its line; touches nothing.",
                "egovpay catalogue check new-catalogue.json")
            .With(file)
            .Does(async (parsed, _) =>
            {
                var path = parsed.GetValue(file)!;
                var check = CheckCatalogue.Run(CatalogueFiles.Read(path), inForce: null);
                if (check.Catalogue is not { } good)
                {
                    return await NameFaultsAsync(path, check.Faults);
                }

                await parsed.InvocationConfiguration.Output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
                    $"{path} is good: {good.Services.Count} services of {good.Providers.Count} providers."));
                return Exit.Done;
            });
    }

    private static Verb Apply()
    {
        var file = FileArgument();
        var json = Print.JsonOption();
        return new Verb(
                "apply",
                "Puts a catalogue file in force as a new version, on all nodes, without a restart; or refuses it "
                + "whole.",
                "egovpay catalogue apply new-catalogue.json")
            .With(file, json)
            .Does(Acts.CatalogueApply, async (parsed, cancel) =>
            {
                var path = parsed.GetValue(file)!;
                var bytes = CatalogueFiles.Read(path);
                await using var desk = await Desk.OpenAsync(parsed, cancel);
                // A database that is only migrated gets the program's own first: a file is judged as its successor.
                await CatalogueStore.LatestOrEmbeddedAsync(desk.Store.Database, cancel);
                var applied = await CatalogueStore.ApplyAsync(desk.Store.Database, bytes, desk.Person, cancel);
                if (applied.Result == CatalogueApplied.Refused)
                {
                    return await NameFaultsAsync(path, applied.Faults);
                }

                var isNew = applied.Result == CatalogueApplied.NewVersion;
                await AgentCommands.SayAsync(
                    parsed, json,
                    isNew
                        ? FormattableString.Invariant($"Version {applied.Version} is in force.")
                        : FormattableString.Invariant(
                            $"{path} is version {applied.Version}, in force already; nothing was changed."),
                    line =>
                    {
                        line.WriteNumber("version", applied.Version);
                        line.WriteBoolean("changed", isNew);
                    });
                return Exit.Done;
            });
    }

    private static Verb Show()
    {
        var query = new Argument<string?>("query")
        {
            Description = "the beginning of a code, or words of a name in any of the three languages",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var group = new Option<string?>("--group")
        {
            Description = "only this group, such as kommunal", HelpName = "CODE",
        };
        var language = new Option<string>("--lang")
        {
            Description = "az, en or ru", HelpName = "LANGUAGE", DefaultValueFactory = _ => "az",
        };
        language.AcceptOnlyFromAmong("az", "en", "ru");
        var json = Print.JsonOption();
        return new Verb(
                "show", "Shows the catalogue in force.",
                "egovpay catalogue show", "egovpay catalogue show azerisiq --lang en",
                "egovpay catalogue show --group budce --json")
            .With(query, group, language, json)
            .Does(async (parsed, cancel) =>
            {
                await using var store = await Store.UseAsync(ReadSettings.From(parsed), cancel);
                var catalogue = await CatalogueStore.LatestOrEmbeddedAsync(store.Database, cancel);
                if (parsed.GetValue(group) is { } named && catalogue.Group(named) is null)
                {
                    throw CommandException.Usage(
                        $"--group: there is no group '{named}'. There are: "
                        + $"{string.Join(", ", catalogue.Groups.Select(one => one.Code))}.");
                }

                var services = catalogue.Search(parsed.GetValue(query), parsed.GetValue(group)).ToList();
                var today = Baku.DateOf(SystemClock.Instance.GetCurrentInstant());
                Show(parsed, parsed.GetValue(json), catalogue, services, today, parsed.GetValue(language)!);
                return services.Count > 0 ? Exit.Done : throw new CommandException("No service answers to that.");
            });
    }

    private static void Show(
        ParseResult parsed, bool json, CatalogueSnapshot catalogue, List<Service> services, LocalDate today,
        string language)
    {
        var output = parsed.InvocationConfiguration.Output;
        var rows = services.Select(service => (Service: service, Rule: service.RuleOn(today))).ToList();
        if (!json)
        {
            Print.Table(
                output,
                string.Create(
                    CultureInfo.InvariantCulture, $"Catalogue, version {catalogue.Version}, on {today:yyyy-MM-dd}"),
                ["code", "group", "name", "provider", ">min", ">max", "fee", "amount", "delivery", "inquiry", "open"],
                rows.Select(row => new[]
                {
                    row.Service.CodeText, row.Service.Group, row.Service.Name.In(language), row.Service.Provider,
                    row.Rule is null ? "" : Print.Manat(row.Rule.Min.Qepik), row.Rule is null ? ""
                        : Print.Manat(row.Rule.Max.Qepik),
                    FeeOf(row.Rule), Word(row.Rule?.Mode), Word(row.Rule?.Delivery), Word(row.Rule?.Inquiry),
                    row.Rule is { Open: true } ? "yes" : "no",
                }));
            return;
        }

        foreach (var (service, rule) in rows)
        {
            Print.Json(output, line =>
            {
                line.WriteString("code", service.CodeText);
                line.WriteString("group", service.Group);
                line.WriteString("name", service.Name.In(language));
                line.WriteString("provider", service.Provider);
                line.WriteNumber("version", catalogue.Version);
                if (rule is not null)
                {
                    line.WriteNumber("minQepik", rule.Min.Qepik);
                    line.WriteNumber("maxQepik", rule.Max.Qepik);
                    line.WriteString("fee", FeeOf(rule));
                    line.WriteString("amount", Word(rule.Mode));
                    line.WriteString("delivery", Word(rule.Delivery));
                    line.WriteString("inquiry", Word(rule.Inquiry));
                }

                line.WriteBoolean("open", rule is { Open: true });
            });
        }
    }

    private static string Word(Enum? value) => value?.ToString().ToLowerInvariant() ?? "";

    private static string FeeOf(ServiceRule? rule) => rule?.Fee switch
    {
        null => "",
        { Kind: FeeKind.None } => "none",
        { Kind: FeeKind.Flat } fee => $"{Print.Manat(fee.Floor.Qepik)}{Payer(fee)}",
        var fee =>
            $"{Print.Manat(fee.HundredthsOfPercent)} %, "
            + $"{Print.Manat(fee.Floor.Qepik)}–{Print.Manat(fee.Cap.Qepik)}{Payer(fee)}",
    };

    private static string Payer(FeeRule fee) => fee.PaidBy == FeePaidBy.Provider ? " (provider)" : "";

    internal static async Task<int> NameFaultsAsync(string path, IReadOnlyList<CatalogueFault> faults)
    {
        foreach (var fault in faults)
        {
            await Console.Error.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture, $"{path}:{fault.Line}: {fault.Message}"));
        }

        await Console.Error.WriteLineAsync($"egovpay: {path} has {faults.Count} faults; nothing was applied.");
        return Exit.Failed;
    }
}
