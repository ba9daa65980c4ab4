using System.CommandLine;
using System.Globalization;
using EGovPay.Processing;
using EGovPay.Processing.Days;
using EGovPay.Processing.People;
using EGovPay.Processing.PostgreSql;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;
using NodaTime.Text;

namespace EGovPay.Terminals.CommandLine;

/// <summary>`egovpay day …`: the business day.</summary>
internal static class DayCommands
{
    private static readonly string DayStatus = Sql.Load("CommandLine/DayStatus.sql");
    private static readonly string WindowStatus = Sql.Load("CommandLine/WindowStatus.sql");

    public static Verb Build() =>
        new Verb("day", "The business day: the Baku calendar day, fixed at the commit that confirms.")
        .With(Status(), Close());

    private static Verb Status()
    {
        var json = Print.JsonOption();
        return new Verb(
                "status",
                "Shows the open day, the last closed ones, the open settlement windows and how many payments are "
                + "unknown.",
                "egovpay day status", "egovpay day status --json")
            .With(json)
            .Does(async (parsed, cancel) =>
            {
                await using var store = await Store.UseAsync(ReadSettings.From(parsed), cancel);
                await using var connection = await store.Database.OpenConnectionAsync(cancel);
                var days = new List<DayRow>();
                await using (var command = new Npgsql.NpgsqlCommand(DayStatus, connection))
                await using (var reader = await command.ExecuteReaderAsync(cancel))
                {
                    while (await reader.ReadAsync(cancel))
                    {
                        days.Add(new DayRow(
                            reader.GetLocalDate(0), reader.GetInstant(1), reader.GetInstantOrNull(2),
                            reader.GetBoolean(3), ReadSeal(reader)));
                    }
                }

                var windows = new List<(short Group, Instant Closes, LocalDate BankDay)>();
                await using (var command = new Npgsql.NpgsqlCommand(WindowStatus, connection))
                await using (var reader = await command.ExecuteReaderAsync(cancel))
                {
                    while (await reader.ReadAsync(cancel))
                    {
                        windows.Add((reader.GetInt16(0), reader.GetInstant(1), reader.GetLocalDate(2)));
                    }
                }

                await using var count = new Npgsql.NpgsqlCommand("select count(*) from unknown_payment", connection);
                var unknown = (long)(await count.ExecuteScalarAsync(cancel))!;
                var output = parsed.InvocationConfiguration.Output;
                if (parsed.GetValue(json))
                {
                    Print.Json(output, line => Write(line, days, windows, unknown));
                    return Exit.Done;
                }

                Print.Table(
                    output, null,
                    ["business day", "opened (UTC)", "closed (UTC)", "totals", ">transfers", ">qəpik", "seal"],
                    days.Select(day => new[]
                    {
                        Text(day.Day), Text(day.Opened), day.Closed is { } closed ? Text(closed) : "open",
                        day.Totalled ? "summed" : day.Closed is null ? "" : "being summed",
                        Number(day.Seal?.Transfers), Number(day.Seal?.AmountQepik),
                        day.Seal?.Hash ?? (day.Closed is null ? "" : "not yet"),
                    }));
                Print.Table(
                    output, null, ["cut-off", "open window closes (UTC)", "bank day"],
                    windows.Select(window => new[] { $"C{window.Group}", Text(window.Closes), Text(window.BankDay) }));
                await output.WriteLineAsync(
                    string.Create(CultureInfo.InvariantCulture, $"Unknown payments: {unknown}."));
                return Exit.Done;
            });
    }

    private static Verb Close()
    {
        var day = new Option<string?>("--day")
        {
            Description = "the day to close, so that a repeat does not close the next; default: whichever is open",
            HelpName = "YYYY-MM-DD",
        };
        var early = new Option<bool>("--early") { Description = "although the day is not over in Baku" };
        var json = Print.JsonOption();
        return new Verb(
                "close", "Closes the open business day and opens the next; payments go on meanwhile.",
                "egovpay day close --day 2026-11-22 --early")
            .With(day, early, json)
            .Does(Acts.DayClose, async (parsed, cancel) =>
            {
                var asked = ReadDay(parsed.GetValue(day));
                await using var desk = await Desk.OpenAsync(parsed, cancel);
                var days = new BusinessDays(desk.Store.Database, NullLogger<BusinessDays>.Instance);
                await days.PrepareAsync(cancel);
                // The day that was looked at, and no other that opens meanwhile.
                asked ??= await days.OpenDayAsync(cancel);
                if (await days.RefusesAsync(asked, parsed.GetValue(early), cancel) is { } why)
                {
                    throw new CommandException(why.En.Replace("Say so if it is to end early.", "--early ends it now.", StringComparison.Ordinal));
                }

                if (await days.CloseAsync(asked, desk.Person, cancel) is not { } closed)
                {
                    throw new CommandException("Somebody else has closed it in this moment. Nothing more was closed.");
                }

                await AgentCommands.SayAsync(
                    parsed, json,
                    string.Create(CultureInfo.InvariantCulture,
                        $"{Text(closed.Closed)} is closed, {Text(closed.Opened)} is open; waited "
                        + $"{closed.Waited.TotalMilliseconds:0} ms. ")
                    + (closed.Seal is { } seal
                        ? string.Create(CultureInfo.InvariantCulture,
                            $"Sealed: {seal.Transfers} transfers over {seal.AmountQepik} qəpik, {seal.HashText}.")
                        : "It could not be sealed: a seal before it is missing; run `egovpay audit`."),
                    line =>
                    {
                        line.WriteString("closed", Text(closed.Closed));
                        line.WriteString("opened", Text(closed.Opened));
                        line.WriteNumber("waitedMilliseconds", (long)closed.Waited.TotalMilliseconds);
                        WriteSeal(line, closed.Seal is { } made
                            ? new SealRow(made.Transfers, made.AmountQepik, made.HashText) : null);
                    });
                return Exit.Done;
            });
    }

    private static void Write(
        System.Text.Json.Utf8JsonWriter line, List<DayRow> days,
        List<(short Group, Instant Closes, LocalDate BankDay)> windows, long unknown)
    {
        var open = days.Find(day => day.Closed is null);
        line.WriteString("open", open is null ? null : Text(open.Day));
        line.WriteStartArray("closed");
        foreach (var day in days.Where(day => day.Closed is not null))
        {
            line.WriteStartObject();
            line.WriteString("day", Text(day.Day));
            line.WriteString("closedAt", Text(day.Closed!.Value));
            line.WriteBoolean("totalled", day.Totalled);
            WriteSeal(line, day.Seal);
            line.WriteEndObject();
        }

        line.WriteEndArray();
        line.WriteStartArray("windows");
        foreach (var window in windows)
        {
            line.WriteStartObject();
            line.WriteString("cutOff", $"C{window.Group}");
            line.WriteString("closesAt", Text(window.Closes));
            line.WriteString("bankDay", Text(window.BankDay));
            line.WriteEndObject();
        }

        line.WriteEndArray();
        line.WriteNumber("unknown", unknown);
    }

    private static void WriteSeal(System.Text.Json.Utf8JsonWriter line, SealRow? seal)
    {
        line.WriteBoolean("sealed", seal is not null);
        if (seal is not null)
        {
            line.WriteNumber("transfers", seal.Transfers);
            line.WriteNumber("amountQepik", seal.AmountQepik);
            line.WriteString("seal", seal.Hash);
        }
    }

    private static SealRow? ReadSeal(Npgsql.NpgsqlDataReader row) => row.IsDBNull(6)
        ? null
        : new SealRow(row.GetInt64(4), row.GetInt64(5), Convert.ToHexStringLower(row.GetFieldValue<byte[]>(6)));

    private static LocalDate? ReadDay(string? text)
    {
        if (text is null)
        {
            return null;
        }

        var read = LocalDatePattern.Iso.Parse(text);
        return read.Success ? read.Value
            : throw CommandException.Usage($"--day '{text}' is no date such as 2026-11-22.");
    }

    private static string Number(long? value) => value?.ToString("N0", CultureInfo.InvariantCulture) ?? "";

    private static string Text(LocalDate day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static string Text(Instant at) => at.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private sealed record DayRow(LocalDate Day, Instant Opened, Instant? Closed, bool Totalled, SealRow? Seal);

    private sealed record SealRow(long Transfers, long AmountQepik, string Hash);
}
