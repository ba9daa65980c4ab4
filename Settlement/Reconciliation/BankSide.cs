using EGovPay.Processing;
using EGovPay.Processing.PostgreSql;
using EGovPay.Settlement.Payouts;
using EGovPay.Settlement.Statements;
using EGovPay.Settlement.Terms;
using NodaTime;
using Npgsql;

namespace EGovPay.Settlement.Reconciliation;

/// <summary>
/// Reads what a look at banks compares: bookings, payouts that banks were told of, deposits, and the days that statements speak of. A statement
/// that came before the terms named its account stands under the bank's own spelling of it; it is read as the terms write it. An account that left
/// the terms is looked at for what was paid from it.
/// </summary>
internal sealed class BankSide
{
    /// <summary>A bank may book a payout so many days before it was to.</summary>
    private const int DaysEarly = 10;

    /// <summary>One reading of what banks, payouts and deposits of weeks are, in seconds.</summary>
    private const int Seconds = 300;

    private static readonly string BankAccounts = Sql.Load("Reconciliation/BankAccounts.sql");
    private static readonly string BankDebtors = Sql.Load("Reconciliation/BankDebtors.sql");
    private static readonly string BankEntries = Sql.Load("Reconciliation/BankEntries.sql");
    private static readonly string BankEarlier = Sql.Load("Reconciliation/BankEarlier.sql");
    private static readonly string BankTransactions = Sql.Load("Reconciliation/BankTransactions.sql");
    private static readonly string BankPayouts = Sql.Load("Reconciliation/BankPayouts.sql");
    private static readonly string BankDeposits = Sql.Load("Reconciliation/BankDeposits.sql");
    private static readonly string BankCovered = Sql.Load("Reconciliation/BankCovered.sql");

    private readonly NpgsqlConnection connection;
    private readonly Dictionary<string, OwnAccount> accountOf;
    private readonly int most;

    private BankSide(NpgsqlConnection connection, Dictionary<string, OwnAccount> accountOf, int most) =>
        (this.connection, this.accountOf, this.most) = (connection, accountOf, most);

    /// <summary>Our accounts, as any statement writes them.</summary>
    public string[] Spellings => [.. accountOf.Keys];

    /// <param name="most">Rows of one kind; where there are more, nothing is compared.</param>
    public static async Task<BankSide> OpenAsync(NpgsqlConnection connection, SettlementTerms terms, int most, CancellationToken cancel)
    {
        // Payouts are of manat, and so is the account that one was told from, whatever the terms are by now.
        var left = (await NamesAsync(connection, BankDebtors, cancel)).Where(iban => OurAccounts.Of(terms).Find(iban) is null)
            .Select(iban => new OwnAccount(iban, "", "", PayoutOrder.Currency, ""));
        var byIban = terms.Accounts.Concat(left).DistinctBy(one => one.Iban, StringComparer.Ordinal)
            .ToDictionary(one => one.Iban, StringComparer.Ordinal);
        var ours = new OurAccounts(byIban.Keys);
        var accountOf = new Dictionary<string, OwnAccount>(byIban, StringComparer.Ordinal);
        foreach (var spelling in await SpellingsAsync(connection, cancel))
        {
            if (ours.Find(spelling) is { } iban)
            {
                accountOf.TryAdd(spelling, byIban[iban]);
            }
        }

        return new BankSide(connection, accountOf, most);
    }

    /// <summary>Every account that any statement is of, as written there.</summary>
    public static Task<List<string>> SpellingsAsync(NpgsqlConnection connection, CancellationToken cancel) =>
        NamesAsync(connection, BankAccounts, cancel);

    private static async Task<List<string>> NamesAsync(NpgsqlConnection connection, string sql, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = Seconds };
        var names = new List<string>();
        await using var row = await command.ExecuteReaderAsync(cancel);
        while (await row.ReadAsync(cancel))
        {
            names.Add(row.GetString(0));
        }

        return names;
    }

    /// <summary>The account as the terms write it.</summary>
    public string IbanOf(string spelling) => accountOf[spelling].Iban;

    /// <summary>In which it is kept.</summary>
    public string CurrencyOf(string spelling) => accountOf[spelling].Currency;

    /// <summary>The days that statements speak of, by account, and how many statements and reports there are.</summary>
    public async Task<(List<SpokenRange> Spoken, long Statements)> SpokenAsync(CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(BankCovered, connection) { CommandTimeout = Seconds };
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = Spellings });
        AddMost(command);
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. accountOf.Values.Select(one => one.Iban)] });
        var (spoken, statements) = (new List<SpokenRange>(), 0L);
        await using var row = await command.ExecuteReaderAsync(cancel);
        while (await row.ReadAsync(cancel))
        {
            spoken.Add(new SpokenRange(row.GetString(0), row.GetLocalDate(1), row.GetLocalDate(2)));
            statements = row.GetInt64(3);
        }

        return (Whole(spoken, "stretches of statements"), statements);
    }

    /// <summary>What was booked on our accounts in some days.</summary>
    public Task<List<BankEntry>> EntriesAsync(LocalDate from, LocalDate to, CancellationToken cancel) => EntriesAsync(from, to, null, cancel);

    /// <summary>What was booked before of payouts that may have begun before; however long ago that is.</summary>
    public async Task<List<BankEntry>> EarlierAsync(LocalDate from, List<ToldPayout> payouts, CancellationToken cancel)
    {
        var begun = payouts.Where(one => one.Day.PlusDays(-DaysEarly) < from).ToList();
        return begun.Count == 0 ? [] : await EntriesAsync(
            begun.Min(one => one.Day).PlusDays(-DaysEarly), from.PlusDays(-1), [.. begun.Select(one => one.EndToEndId)], cancel);
    }

    /// <summary>Payouts that a bank was told to execute in some days, and those that bookings name, or whose files or blocks they name.</summary>
    public async Task<List<ToldPayout>> PayoutsAsync(LocalDate from, LocalDate to, string[] named, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(BankPayouts, connection) { CommandTimeout = Seconds };
        AddDays(command, from, to);
        AddMost(command);
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = named });
        var payouts = new List<ToldPayout>();
        await using var row = await command.ExecuteReaderAsync(cancel);
        while (await row.ReadAsync(cancel))
        {
            payouts.Add(new ToldPayout(
                row.GetInt64(0), row.GetInt32(1), row.GetInt64(2), row.GetString(3), row.GetLocalDate(4), row.GetString(5),
                row.GetInt64(6), row.GetString(7), row.GetString(8), row.GetBoolean(9), row.IsDBNull(10) ? null : row.GetString(10)));
        }

        return Whole(payouts, "payouts");
    }

    /// <summary>Deposits that people booked in some days.</summary>
    public async Task<List<BookedDeposit>> DepositsAsync(LocalDate from, LocalDate to, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(BankDeposits, connection) { CommandTimeout = Seconds };
        AddDays(command, from, to);
        AddMost(command);
        var deposits = new List<BookedDeposit>();
        await using var row = await command.ExecuteReaderAsync(cancel);
        while (await row.ReadAsync(cancel))
        {
            deposits.Add(new BookedDeposit(
                row.GetInt32(0), row.GetString(1), row.GetString(2), row.GetInt64(3), row.GetLocalDate(4),
                row.IsDBNull(5) ? null : (row.GetInt64(5), row.GetInt32(6))));
        }

        return Whole(deposits, "deposits");
    }

    private async Task<List<BankEntry>> EntriesAsync(LocalDate from, LocalDate to, string[]? ids, CancellationToken cancel)
    {
        var entries = new List<BankEntry>();
        await using (var command = new NpgsqlCommand(ids is null ? BankEntries : BankEarlier, connection) { CommandTimeout = Seconds })
        {
            command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = Spellings });
            AddDays(command, from, to);
            AddMost(command);
            if (ids is not null)
            {
                command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = ids });
            }

            await using var row = await command.ExecuteReaderAsync(cancel);
            string? Text(int column) => row.IsDBNull(column) ? null : row.GetString(column);
            while (await row.ReadAsync(cancel))
            {
                var account = accountOf[row.GetString(4)];
                entries.Add(new BankEntry(
                    row.GetInt64(0), row.GetInt32(1), row.GetInt64(2), row.GetInt32(3), account.Iban, Text(5) ?? account.Currency,
                    row.GetInt64(6), row.GetLocalDate(7), row.GetBoolean(8), Text(9), Text(10), Text(11), Text(12), Text(13))
                {
                    Foreign = Text(5) is { } booked && booked != account.Currency,
                    BatchMessage = Text(14),
                    BatchBlock = Text(15),
                });
            }
        }

        var of = await PartsAsync(Whole(entries, "bookings"), cancel);
        return [.. entries.Select(one => of.TryGetValue((one.StatementId, one.EntryNo), out var list) ? one with { Parts = list } : one)];
    }

    private async Task<Dictionary<(long Statement, int Entry), List<BankPart>>> PartsAsync(List<BankEntry> entries, CancellationToken cancel)
    {
        await using var parts = new NpgsqlCommand(BankTransactions, connection) { CommandTimeout = Seconds };
        parts.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = [.. entries.Select(one => one.StatementId)] });
        parts.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = [.. entries.Select(one => one.EntryNo)] });
        var of = new Dictionary<(long, int), List<BankPart>>();
        await using var part = await parts.ExecuteReaderAsync(cancel);
        while (await part.ReadAsync(cancel))
        {
            var key = (part.GetInt64(0), part.GetInt32(1));
            if (!of.TryGetValue(key, out var list))
            {
                of.Add(key, list = []);
            }

            string? Text(int column) => part.IsDBNull(column) ? null : part.GetString(column);
            list.Add(new BankPart(part.IsDBNull(3) ? null : part.GetInt64(3), Text(4), Text(5), Text(6), Text(7), Text(8)));
        }

        return of;
    }

    /// <summary>What is cut off would be missing on the other side: then nothing is compared.</summary>
    private List<T> Whole<T>(List<T> rows, string what) => rows.Count <= most ? rows : throw new InvalidOperationException(
        $"There are more than {most} {what} within the days of one look at banks; nothing was compared.");

    private static void AddDays(NpgsqlCommand command, LocalDate from, LocalDate to)
    {
        command.Parameters.Add(new NpgsqlParameter<DateOnly> { TypedValue = from.ToDateColumn() });
        command.Parameters.Add(new NpgsqlParameter<DateOnly> { TypedValue = to.ToDateColumn() });
    }

    private void AddMost(NpgsqlCommand command) =>
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = checked(most + 1) });
}
