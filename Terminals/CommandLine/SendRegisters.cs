using System.CommandLine;
using System.Globalization;
using EGovPay.Processing;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.People;
using EGovPay.Processing.PostgreSql;
using EGovPay.Providers.Register;
using EGovPay.Settlement.Breaks;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;
using NodaTime.Text;
using Npgsql;

namespace EGovPay.Terminals.CommandLine;

/// <summary>`egovpay register send|sent`: registers that providers are sent.</summary>
internal static class SendRegisters
{
    private const int MostListed = 100_000;
    private static readonly string ListRegisters = Sql.Load(typeof(DeliverRegisters).Assembly, "Register/ListRegisters.sql");

    public static Verb Send()
    {
        var provider = Provider("with --again: whose register");
        var again = new Option<string?>("--again")
        {
            Description = "send this window's register once more, the same bytes", HelpName = "C1..C4:YYYY-MM-DD",
        };
        var json = Print.JsonOption();
        return new Verb(
                "send",
                "Writes the registers of windows that have closed, hands them over and reads what receivers say; the server does so by itself. "
                + "A window's register is sent once; again, it is the same file.",
                "egovpay register send", "egovpay register send --provider azeristilik --again C4:2026-11-23")
            .With(provider, again, json)
            .Does(Acts.RegisterSend, async (parsed, cancel) =>
            {
                var window = Window(parsed.GetValue(again));
                if ((window is null) != (parsed.GetValue(provider) is null))
                {
                    throw CommandException.Usage("--again and --provider go together.");
                }

                var settings = ReadSettings.From(parsed);
                await using var desk = await Desk.OpenAsync(parsed, cancel);
                var catalogue = await CatalogueStore.LatestOrEmbeddedAsync(desk.Store.Database, cancel);
                var folder = new RegisterFolder(settings.Registers);
                using var handOver = new HandOverRegister(
                    settings.Providers, folder, NullLogger.Instance, ReadAccess.From(settings.AccessFile, settings.ProviderCa));
                var deliver = new DeliverRegisters(
                    desk.Store.Database, () => catalogue, folder, handOver, NullLogger<DeliverRegisters>.Instance);
                if (window is { } one)
                {
                    return await AgainAsync(parsed, json, desk.Person, deliver, Find(catalogue, parsed.GetValue(provider)!), one, cancel);
                }

                var round = await deliver.RoundAsync(desk.Person, null, cancel);
                await new AnsweredBreaks(desk.Store.Database).RoundAsync(cancel);
                await AgentCommands.SayAsync(
                    parsed, json,
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{round.Written} registers written, {round.HandedOver} handed over, {round.Acknowledged} acknowledged, "
                        + $"{round.RejectedLines} lines rejected."),
                    line =>
                    {
                        line.WriteNumber("written", round.Written);
                        line.WriteNumber("handedOver", round.HandedOver);
                        line.WriteNumber("acknowledged", round.Acknowledged);
                        line.WriteNumber("rejectedLines", round.RejectedLines);
                    });
                return Exit.Done;
            });
    }

    public static Verb Sent()
    {
        var provider = Provider("only of this provider");
        var listing = new Listing(MostListed, 100);
        return new Verb(
                "sent", "Shows the registers that were written for providers, newest first, and what receivers said of them.",
                "egovpay register sent", "egovpay register sent --provider azeristilik --format csv")
            .With([provider, .. listing.Options])
            .Does(async (parsed, cancel) =>
            {
                await using var store = await Store.UseAsync(ReadSettings.From(parsed), cancel);
                // Only read: a database without a catalogue gets none by being looked at.
                var catalogue = await CatalogueStore.LatestAsync(store.Database, cancellation: cancel) ?? EmbeddedCatalogue.Load();
                var found = await ReadSentAsync(
                    store.Database, catalogue, parsed.GetValue(provider) is { } code ? Find(catalogue, code).Id : null, listing.Ask(parsed), cancel);
                return listing.Show(
                    parsed, found,
                    ["provider", "group", "bank day", "file", ">payments", ">manat", "written (UTC)", "acknowledged (UTC)", ">rejected"],
                    row =>
                    [
                        row.Provider, row.Group, LocalDatePattern.Iso.Format(row.Day), row.File, Number(row.Payments),
                        Print.Manat(row.TotalQepik), InstantPattern.General.Format(row.Written),
                        row.Acknowledged is { } at ? InstantPattern.General.Format(at) : "", Number(row.Rejected),
                    ],
                    (line, row) =>
                    {
                        line.WriteString("provider", row.Provider);
                        line.WriteString("group", row.Group);
                        line.WriteString("bankDay", LocalDatePattern.Iso.Format(row.Day));
                        line.WriteString("file", row.File);
                        line.WriteNumber("payments", row.Payments);
                        line.WriteNumber("totalQepik", row.TotalQepik);
                        line.WriteString("written", InstantPattern.ExtendedIso.Format(row.Written));
                        line.WriteString("acknowledged", row.Acknowledged is { } at ? InstantPattern.ExtendedIso.Format(at) : null);
                        line.WriteNumber("rejected", row.Rejected);
                    });
            });
    }

    /// <summary>Registers that were written for providers, newest first.</summary>
    /// <param name="providerId">Null: for all.</param>
    /// <param name="after">Only those that follow this one; null: from the newest.</param>
    internal static async Task<IReadOnlyList<SentRegister>> ReadSentAsync(
        NpgsqlDataSource database, CatalogueSnapshot catalogue, int? providerId, int limit, CancellationToken cancel,
        (LocalDate Day, int ProviderId, short Group)? after = null)
    {
        await using var command = database.CreateCommand(ListRegisters);
        command.Parameters.Add(new NpgsqlParameter<int?> { TypedValue = providerId });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
        command.Parameters.Add(new NpgsqlParameter
        {
            Value = (object?)after?.Day.ToDateColumn() ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Date,
        });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = after?.ProviderId ?? 0 });
        command.Parameters.Add(new NpgsqlParameter<short> { TypedValue = after?.Group ?? 0 });
        var found = new List<SentRegister>();
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
        {
            var id = reader.GetInt32(0);
            found.Add(new SentRegister(
                id, catalogue.Provider(id)?.Code ?? id.ToString(CultureInfo.InvariantCulture), $"C{reader.GetInt16(1)}",
                reader.GetLocalDate(2), reader.GetString(3), reader.GetInt32(4), reader.GetInt64(5), reader.GetInstant(6),
                reader.GetInstantOrNull(7), reader.GetInt64(8)));
        }

        return found;
    }

    private static async Task<int> AgainAsync(
        ParseResult parsed, Option<bool> json, Person by, DeliverRegisters deliver, ProviderSettings provider,
        (short Group, LocalDate Day) window, CancellationToken cancel)
    {
        bool? sent;
        try
        {
            sent = await deliver.AgainAsync(by, provider, window.Group, window.Day, cancel);
        }
        catch (InvalidDataException changed)
        {
            throw new CommandException(changed.Message, inner: changed);
        }

        await AgentCommands.SayAsync(
            parsed, json,
            sent switch
            {
                true => "The same register was handed over and acknowledged.",
                false => "The same register lies in the folder; nobody acknowledged it now.",
                _ => throw new CommandException("This window has no register for this provider. `egovpay register sent` shows them."),
            },
            line => line.WriteBoolean("acknowledged", sent == true));
        return Exit.Done;
    }

    private static (short Group, LocalDate Day)? Window(string? text) =>
        text is null ? null : WindowOf(text)
            ?? throw CommandException.Usage("--again: a cut-off group and its bank day, such as C4:2026-11-23.");

    /// <summary>The window of a text such as <c>C4:2026-11-23</c>, or null.</summary>
    internal static (short Group, LocalDate Day)? WindowOf(string text) =>
        text.Length == 13 && text[0] == 'C' && text[1] is >= '1' and <= '4' && text[2] == ':'
            && LocalDatePattern.Iso.Parse(text[3..]) is { Success: true, Value: var day }
            ? ((short)(text[1] - '0'), day) : null;

    private static ProviderSettings Find(CatalogueSnapshot catalogue, string code) =>
        catalogue.Provider(code) ?? throw new CommandException($"The catalogue has no provider '{code}'.");

    private static Option<string?> Provider(string description) => new("--provider") { Description = description, HelpName = "CODE" };

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}

/// <summary>A register that was written for a provider, and what became of it.</summary>
/// <param name="Group">C1 to C4.</param>
internal sealed record SentRegister(
    int ProviderId, string Provider, string Group, LocalDate Day, string File, int Payments, long TotalQepik, Instant Written, Instant? Acknowledged,
    long Rejected);
