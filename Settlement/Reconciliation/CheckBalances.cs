using System.Globalization;
using EGovPay.Processing;
using EGovPay.Processing.PostgreSql;
using EGovPay.Settlement.Breaks;
using EGovPay.Settlement.Payouts;
using NodaTime;
using NodaTime.Text;
using Npgsql;

namespace EGovPay.Settlement.Reconciliation;

/// <summary>
/// Finds statements that are not to be believed as they are: balances that are not opening and bookings, and openings that are not the
/// closing before. What is no more so, because another statement came, is closed.
/// </summary>
internal static class CheckBalances
{
    /// <summary>Days that are looked at: a bank's statements of a year, and a little.</summary>
    private const int Days = 400;

    private const int Most = 10_000;

    private static readonly string BankBalances = Sql.Load("Reconciliation/BankBalances.sql");
    private static readonly string CloseGoneBalances = Sql.Load("Reconciliation/CloseGoneBalances.sql");

    /// <summary>One look, in the caller's transaction. How many were found, and how many were closed.</summary>
    public static async Task<(int Found, int Closed)> RunAsync(
        NpgsqlConnection connection, BankSide side, LocalDate last, string by, CancellationToken cancel)
    {
        var from = last.PlusDays(-Days).ToDateColumn();
        var found = await FindAsync(connection, side, from, cancel);
        await OpenBreaks.AddAsync(connection, found, cancel);
        await using var close = new NpgsqlCommand(CloseGoneBalances, connection);
        close.Parameters.Add(new NpgsqlParameter<DateOnly> { TypedValue = from });
        close.Parameters.Add(new NpgsqlParameter<string> { TypedValue = by });
        close.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. found.Select(RegisterFacts.Name)] });
        return (found.Count, await close.ExecuteNonQueryAsync(cancel));
    }

    private static async Task<List<NewBreak>> FindAsync(
        NpgsqlConnection connection, BankSide side, DateOnly from, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(BankBalances, connection);
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = side.Spellings });
        command.Parameters.Add(new NpgsqlParameter<DateOnly> { TypedValue = from });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = Most });
        var found = new List<NewBreak>();
        await using var row = await command.ExecuteReaderAsync(cancel);
        while (await row.ReadAsync(cancel))
        {
            found.Add(row.GetBoolean(0) ? GapOf(row, side) : DifferenceOf(row, side));
        }

        return found.Count < Most ? [.. found.DistinctBy(one => one.Subject, StringComparer.Ordinal)] : throw new InvalidOperationException(
            $"{Most} statements or more do not add up, and what is not looked at would be taken for mended.");
    }

    /// <summary>However many messages bring these balances of a day, it is one difference.</summary>
    private static NewBreak DifferenceOf(NpgsqlDataReader row, BankSide side) => Of(
        row, side,
        string.Create(
            CultureInfo.InvariantCulture,
            $"{row.GetLocalDate(5):uuuu-MM-dd}{(row.GetBoolean(6) ? "/intraday" : "")}/{Number(row, 8)}..{Number(row, 9)}/{row.GetInt64(10)}/balance"),
        "balance-differs", "ask-statement") with
    {
        Theirs = BankTexts.Json(json =>
        {
            BankTexts.Write(json, "openingQepik", row.IsDBNull(8) ? null : row.GetInt64(8));
            BankTexts.Write(json, "closingQepik", row.IsDBNull(9) ? null : row.GetInt64(9));
            json.WriteNumber("differenceQepik", row.GetInt64(10));
            json.WriteString("currency", row.IsDBNull(4) ? null : row.GetString(4));
        }),
    };

    /// <summary>Two balances that do not meet are one gap, however many messages say so; another one before or after makes it another.</summary>
    private static NewBreak GapOf(NpgsqlDataReader row, BankSide side) => Of(
        row, side,
        string.Create(CultureInfo.InvariantCulture, $"{row.GetLocalDate(11):uuuu-MM-dd}/{row.GetInt64(8)}..{row.GetInt64(9)}/gap"),
        "statement-missing", "get-statement") with
    {
        Ours = BankTexts.Json(json =>
        {
            json.WriteString("closedDay", LocalDatePattern.Iso.Format(row.GetLocalDate(11)));
            json.WriteNumber("closingQepik", row.GetInt64(8));
        }),
        Theirs = BankTexts.Json(json =>
        {
            json.WriteNumber("openingQepik", row.GetInt64(9));
            json.WriteNumber("differenceQepik", row.GetInt64(10));
            json.WriteString("currency", row.IsDBNull(4) ? null : row.GetString(4));
        }),
    };

    private static NewBreak Of(NpgsqlDataReader row, BankSide side, string what, string cause, string step)
    {
        var (spelling, said) = (row.GetString(3), row.IsDBNull(4) ? null : row.GetString(4));
        return new NewBreak(
            BreakSide.Bank, BreakKind.BalanceDiffers, $"{side.IbanOf(spelling)}{(said is null ? "" : "/" + said)}/{what}", row.GetLocalDate(5),
            // Nobody knows what another currency is worth.
            (said ?? side.CurrencyOf(spelling)) == PayoutOrder.Currency ? Math.Abs(row.GetInt64(10)) : 0, cause, step)
        {
            StatementId = row.GetInt64(1),
            FileId = row.GetInt64(2),
        };
    }

    private static string Number(NpgsqlDataReader row, int at) => row.IsDBNull(at) ? "" : row.GetInt64(at).ToString(CultureInfo.InvariantCulture);
}
