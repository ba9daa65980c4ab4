using System.Globalization;
using EGovPay.Processing;
using EGovPay.Processing.PostgreSql;
using EGovPay.Settlement.Breaks;
using EGovPay.Settlement.Terms;
using NodaTime;
using NodaTime.Text;
using Npgsql;

namespace EGovPay.Settlement.Reconciliation;

/// <summary>
/// Compares acquirers' reports with what banks booked from their accounts, and with themselves: lines that are said twice, or taken back without
/// their sale. Of our own payments only those are known that a terminal took with a card and named the reference number of.
/// </summary>
internal static class ReconcileAcquirers
{
    /// <summary>A report's day may be so many bank days before its booking.</summary>
    private const int DaysBefore = 10;

    private const int Most = 100_000;

    /// <summary>A look at the lines of weeks, in seconds; it holds no lock of the others.</summary>
    private const int Seconds = 300;

    private static readonly string AcquirerDays = Sql.Load("Reconciliation/AcquirerDays.sql");
    private static readonly string AcquirerFaults = Sql.Load("Reconciliation/AcquirerFaults.sql");

    /// <summary>What differs, and how many bookings match; the bookings that are acquirers' are taken out of the others.</summary>
    /// <param name="entries">Those that are looked at, and those before the first day: what these pay competes with nothing, and is not told.</param>
    public static async Task<(List<NewBreak> Found, int Matched, List<BankEntry> Others)> RunAsync(
        NpgsqlDataSource database, SettlementTerms terms, (IReadOnlyList<BankEntry> Aside, IReadOnlyList<BankEntry> Looked) entries,
        LocalDate from, LocalDate to, (BankCoverage Coverage, BankDays Days) spoken, CancellationToken cancel)
    {
        var match = new MatchAcquirers(
            terms.Strategies.Acquirer,
            terms.Acquirers.SelectMany(one => one.PayAccounts.Select(account => (Account: MatchBank.Plain(account), one.Code)))
                .DistinctBy(one => one.Account, StringComparer.Ordinal).ToDictionary(one => one.Account, one => one.Code, StringComparer.Ordinal),
            from, to)
        {
            Days = spoken.Days,
            Coverage = spoken.Coverage,
        };
        // In a transaction of its own: of what is written beside it nothing waits, and nothing of it is waited for.
        await using var connection = await database.OpenConnectionAsync(cancel);
        match.Run(
            [.. entries.Aside, .. entries.Looked],
            await DaysAsync(
                connection, [.. terms.Acquirers.Select(one => one.Code)],
                FirstFor(terms, spoken.Days, entries.Aside.Select(one => one.Day).Append(from).Min()), to, cancel));
        var found = match.Differences.Select(one => BreakOf(one, to)).ToList();
        found.AddRange(await FaultsAsync(connection, from, to, cancel));
        return (found, match.Matched, [.. entries.Looked.Where(entry => !match.IsOf(entry))]);
    }

    /// <summary>So far back reaches what has to do with the bookings from a day on.</summary>
    public static LocalDate FirstFor(SettlementTerms terms, BankDays days, LocalDate from) =>
        days.Minus(from, terms.Strategies.Acquirer.Select(one => one.WithinDays).Append(DaysBefore).Max());

    private static NewBreak BreakOf(AcquirerDifference one, LocalDate last) => new(
        BreakSide.Acquirer, one.Kind,
        one.Entry is { } entry
            ? string.Create(CultureInfo.InvariantCulture, $"{one.Acquirer}/{entry.StatementId}.{entry.EntryNo}")
            : string.Create(CultureInfo.InvariantCulture, $"{one.Acquirer}/{one.Day!.FileId}/{one.Day.Day:uuuu-MM-dd}"),
        one.Entry?.Day ?? one.Day?.Day ?? last, one.AtRiskQepik, one.Cause, one.Step)
    {
        FileId = one.Day?.FileId ?? one.Entry?.FileId,
        StatementId = one.Entry?.StatementId,
        EntryNo = one.Entry?.EntryNo,
        Ours = one.Day is { } day ? BankTexts.Json(json =>
        {
            json.WriteString("acquirer", day.Acquirer);
            json.WriteString("report", day.File);
            json.WriteString("day", LocalDatePattern.Iso.Format(day.Day));
            json.WriteNumber("grossQepik", day.GrossQepik);
            json.WriteNumber("feeQepik", day.FeeQepik);
            json.WriteNumber("netQepik", day.NetQepik);
        }) : null,
        Theirs = one.Entry is { } booked ? BankTexts.Theirs(booked) : null,
    };

    private static async Task<List<AcquirerDay>> DaysAsync(
        NpgsqlConnection connection, string[] acquirers, LocalDate from, LocalDate to, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(AcquirerDays, connection) { CommandTimeout = Seconds };
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = acquirers });
        command.Parameters.Add(new NpgsqlParameter<DateOnly> { TypedValue = from.ToDateColumn() });
        command.Parameters.Add(new NpgsqlParameter<DateOnly> { TypedValue = to.ToDateColumn() });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = Most });
        var days = new List<AcquirerDay>();
        await using var row = await command.ExecuteReaderAsync(cancel);
        while (await row.ReadAsync(cancel))
        {
            days.Add(new AcquirerDay(
                row.GetString(0), row.GetInt64(1), row.GetString(2), row.GetLocalDate(3), row.GetInt64(4), row.GetInt64(5), row.GetInt64(6)));
        }

        return days.Count < Most ? days : throw TooMany("days");
    }

    private static async Task<List<NewBreak>> FaultsAsync(
        NpgsqlConnection connection, LocalDate from, LocalDate to, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(AcquirerFaults, connection) { CommandTimeout = Seconds };
        command.Parameters.Add(new NpgsqlParameter<DateOnly> { TypedValue = from.ToDateColumn() });
        command.Parameters.Add(new NpgsqlParameter<DateOnly> { TypedValue = to.ToDateColumn() });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = Most });
        var found = new List<NewBreak>();
        await using var row = await command.ExecuteReaderAsync(cancel);
        while (await row.ReadAsync(cancel))
        {
            var (rrn, cause) = (row.IsDBNull(4) ? null : row.GetString(4), row.GetString(7));
            // One that is said twice is one break, in whatever files; the others are of their line.
            var place = rrn ?? string.Create(CultureInfo.InvariantCulture, $"{row.GetInt64(2)}.{row.GetInt32(3)}");
            found.Add(new NewBreak(
                BreakSide.Acquirer, Enum.Parse<BreakKind>(row.GetString(0)), $"{row.GetString(1)}/{place}/{cause}", row.GetLocalDate(5),
                row.GetInt64(6), cause, "ask-acquirer")
            {
                FileId = row.GetInt64(2),
                Line = row.GetInt32(3),
                AgentId = row.IsDBNull(8) ? null : row.GetInt32(8),
                Number = row.IsDBNull(9) ? null : row.GetInt64(9),
                Ours = row.IsDBNull(10) ? null : BankTexts.Json(json => json.WriteNumber("totalQepik", row.GetInt64(10))),
                Theirs = BankTexts.Json(json =>
                {
                    json.WriteString("rrn", rrn);
                    json.WriteNumber(cause == "acquirer-repeated" ? "lines" : "grossQepik", row.GetInt64(11));
                }),
            });
        }

        return found.CountBy(one => one.Cause).All(one => one.Value < Most) ? found : throw TooMany("lines of one fault");
    }

    /// <summary>What was cut off would look like what is gone.</summary>
    private static InvalidOperationException TooMany(string what) =>
        new(string.Create(CultureInfo.InvariantCulture, $"Acquirers' reports have {Most} {what} or more, and not all of them can be looked at."));
}
