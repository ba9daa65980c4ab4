using System.Globalization;
using EGovPay.Processing;
using EGovPay.Processing.Calendar;
using EGovPay.Processing.PostgreSql;
using EGovPay.Settlement.Breaks;
using EGovPay.Settlement.Payouts;
using EGovPay.Settlement.Terms;
using NodaTime;
using NodaTime.Text;
using Npgsql;

namespace EGovPay.Settlement.Reconciliation;

/// <summary>
/// Compares what banks booked on our accounts with our payouts, the agents' deposits and acquirers' reports, and looks whether their statements add up. What
/// they say of payouts is entered; what they gave back is put back. Each look is at all of the last days; what it does not find again is
/// gone. Written in one transaction; two at once come one after the other.
/// </summary>
public sealed class ReconcileBank(Engine engine)
{
    /// <summary>Days before the last statement that are looked at.</summary>
    public const int Days = 40;

    /// <summary>A bank may book a payout so many days before it was to.</summary>
    private const int DaysEarly = 10;

    /// <summary>People book a deposit when they see it: some bank days after the bank did.</summary>
    private const int DaysSeen = 5;

    /// <summary>Entries, payouts or deposits of one look at most; more of them is no day of a centre.</summary>
    private const int Most = 500_000;

    private static readonly string BankEntries = Sql.Load("Reconciliation/BankEntries.sql");
    private static readonly string BankEarlier = Sql.Load("Reconciliation/BankEarlier.sql");
    private static readonly string BankTransactions = Sql.Load("Reconciliation/BankTransactions.sql");
    private static readonly string BankPayouts = Sql.Load("Reconciliation/BankPayouts.sql");
    private static readonly string BankDeposits = Sql.Load("Reconciliation/BankDeposits.sql");
    private static readonly string BankDue = Sql.Load("Reconciliation/BankDue.sql");
    private static readonly string BankCovered = Sql.Load("Reconciliation/BankCovered.sql");
    private static readonly string CloseGoneBank = Sql.Load("Reconciliation/CloseGoneBank.sql");

    /// <summary>Hears how far it is; null: nobody does.</summary>
    public TellProgress? Tell { get; init; }

    /// <summary>Compares. Null: no statement of an account of ours came.</summary>
    /// <param name="by">Who runs it: a login, or the name of a job.</param>
    public Task<Reconciled?> RunAsync(SettlementTerms terms, string by, CancellationToken cancel = default) =>
        RunAsync(terms, by, onlyIfDue: false, cancel);

    /// <summary>
    /// Compares where statements came since the last look, or it left something open and was an hour ago; of two at once the second
    /// finds nothing to do. Null: nothing is due.
    /// </summary>
    /// <param name="by">Who runs it: a login, or the name of a job.</param>
    public Task<Reconciled?> RunDueAsync(SettlementTerms terms, string by, CancellationToken cancel = default) =>
        RunAsync(terms, by, onlyIfDue: true, cancel);

    private async Task<Reconciled?> RunAsync(SettlementTerms terms, string by, bool onlyIfDue, CancellationToken cancel)
    {
        await (Tell?.Invoke(0, "bookings against payouts and deposits") ?? Task.CompletedTask);
        var (found, back) = await LookAsync(terms, by, onlyIfDue, factsFirst: true, cancel);
        if (!back)
        {
            return found;
        }

        await (Tell?.Invoke(45, "what banks gave back is put back") ?? Task.CompletedTask);
        // What came back stands in the payables again before anything is compared: else it would be missing twice.
        await new ImportPaymentStatus(engine.Database, engine.Postings).FinishReturnsAsync(cancel);
        await new AnsweredBreaks(engine.Database).RoundAsync(cancel);
        await (Tell?.Invoke(55, "bookings against payouts and deposits once more") ?? Task.CompletedTask);
        return (await LookAsync(terms, by, onlyIfDue: false, factsFirst: false, cancel)).Found;
    }

    /// <summary>One look. Given back: payouts were, of which no statement had said so; where facts are first, nothing else was written.</summary>
    private async Task<(Reconciled? Found, bool GivenBack)> LookAsync(
        SettlementTerms terms, string by, bool onlyIfDue, bool factsFirst, CancellationToken cancel)
    {
        var began = engine.Clock.GetCurrentInstant();
        string[] accounts = [.. terms.Accounts.Select(one => one.Iban)];
        var currencyOf = terms.Accounts.ToDictionary(one => one.Iban, one => one.Currency, StringComparer.Ordinal);
        await using var connection = await engine.Database.OpenConnectionAsync(cancel);
        await using var writing = await connection.BeginTransactionAsync(cancel);
        await using (var take = new NpgsqlCommand($"select pg_advisory_xact_lock({ReconcileRegister.Lock}, 0)", connection))
        {
            take.CommandTimeout = 0;
            await take.ExecuteNonQueryAsync(cancel);
        }

        if (onlyIfDue && !await IsDueAsync(connection, accounts, cancel))
        {
            return (null, false);
        }

        var (spoken, statements) = await SpokenAsync(connection, accounts, cancel);
        if (spoken.Count == 0)
        {
            return (null, false);
        }

        var to = spoken.Max(one => one.To);
        var from = LocalDate.Max(spoken.Min(one => one.From), to.PlusDays(-Days));
        var days = new BankDays(await CalendarStore.ReadAsync(engine.Database, cancel));
        var entries = await EntriesAsync(connection, currencyOf, from, to, null, cancel);
        string[] named = [.. entries.SelectMany(entry => entry.Ids).Distinct(StringComparer.Ordinal)];
        var late = terms.Strategies.Bank.Where(one => one.By == MatchBy.OneToMany).Select(one => one.WithinDays).Append(MatchBank.DaysLate).Max();
        var payouts = await PayoutsAsync(connection, days.Minus(from, late), to, named, cancel);
        var earlier = await EarlierAsync(connection, currencyOf, from, payouts, cancel);
        var coverage = new BankCoverage(
            spoken, terms.Accounts.Where(one => one.Currency == PayoutOrder.Currency).Select(one => one.Iban), days);
        var match = new MatchBank(
            terms.Strategies.Bank,
            terms.Agents.SelectMany(agent => agent.DepositAccounts.Select(account => (Account: MatchBank.Plain(account), agent.Code)))
                .DistinctBy(one => one.Account, StringComparer.Ordinal).ToDictionary(one => one.Account, one => one.Code, StringComparer.Ordinal),
            from, to)
        {
            Days = days,
            Coverage = coverage,
        };
        var acquirers = await ReconcileAcquirers.RunAsync(connection, terms, entries, from, to, coverage, days, cancel);
        // A deposit and its booking may stand on two sides of the first day: so far back that what is near it is matched as it was before.
        var windows = terms.Strategies.Bank.Select(one => one.WithinDays).DefaultIfEmpty().Max();
        var back = days.Minus(from, 2 * windows);
        var aside = await EntriesAsync(connection, currencyOf, back, from.PlusDays(-1), null, cancel);
        match.Run(acquirers.Others, payouts, await DepositsAsync(connection, back, days.Plus(to, Math.Max(windows, DaysSeen)), cancel), earlier, aside);
        if (await EnterBookings.RunAsync(connection, FactsOf(match), cancel) && factsFirst)
        {
            await writing.CommitAsync(cancel);
            return (null, true);
        }

        var found = match.Differences.Select(one => BankTexts.BreakOf(one, to)).Concat(acquirers.Found).ToList();
        await OpenBreaks.AddAsync(connection, found, cancel);
        var closed = await CloseAsync(connection, from, to, by, found, cancel) + await AnsweredBreaks.CloseRepeatedAsync(connection, cancel);
        var balances = await CheckBalances.RunAsync(connection, accounts, to, by, cancel);
        var result = new Reconciled(0, entries.Count, match.Matched + acquirers.Matched, 0, 0, found.Count + balances.Found, closed + balances.Closed);
        var id = await Reconciliations.EnterAsync(
            connection, ReconciliationKind.Bank, LocalDatePattern.Iso.Format(to), began, result, statements, by, cancel);
        await writing.CommitAsync(cancel);
        return (result with { Id = id }, false);
    }

    /// <summary>Payouts that statements show as we told them, and those that they show given back.</summary>
    private static List<StatementFact> FactsOf(MatchBank match)
    {
        static string Place(BankEntry entry) =>
            string.Create(CultureInfo.InvariantCulture, $"statement {entry.StatementId}, entry {entry.EntryNo}");
        return
        [
            .. match.Booked.Where(one => one.Agrees).Select(one => new StatementFact(
                one.Payout.Id, one.Entry.FileId, GivenBack: false, "BOOK", Place(one.Entry))),
            .. match.Matches.Where(one => one.By != MatchBy.Number).SelectMany(one => one.Payouts, (one, payout) => new StatementFact(
                payout.Id, one.Entries[0].FileId, GivenBack: false, "BOOK", Place(one.Entries[0]))),
            .. match.GivenBack.Select(one => new StatementFact(
                one.Payout.Id, one.Entry.FileId, GivenBack: true, "RTRN", Place(one.Entry))),
        ];
    }

    private static async Task<bool> IsDueAsync(NpgsqlConnection connection, string[] accounts, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(BankDue, connection);
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = accounts });
        return await command.ExecuteScalarAsync(cancel) is true;
    }

    /// <summary>The days that statements speak of, by account, and how many statements and reports there are.</summary>
    private static async Task<(List<SpokenRange> Spoken, long Statements)> SpokenAsync(
        NpgsqlConnection connection, string[] accounts, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(BankCovered, connection);
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = accounts });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = Most });
        var (spoken, statements) = (new List<SpokenRange>(), 0L);
        await using var row = await command.ExecuteReaderAsync(cancel);
        while (await row.ReadAsync(cancel))
        {
            spoken.Add(new SpokenRange(row.GetString(0), row.GetLocalDate(1), row.GetLocalDate(2)));
            statements = row.GetInt64(3);
        }

        return (spoken, statements);
    }

    private static async Task<int> CloseAsync(
        NpgsqlConnection connection, LocalDate from, LocalDate to, string by, List<NewBreak> found, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(CloseGoneBank, connection);
        AddDays(command, from, to);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = by });
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. found.Select(RegisterFacts.Name)] });
        return await command.ExecuteNonQueryAsync(cancel);
    }

    /// <summary>What was booked before of payouts that may have begun before; however long ago that is.</summary>
    private static async Task<List<BankEntry>> EarlierAsync(
        NpgsqlConnection connection, Dictionary<string, string> currencyOf, LocalDate from, List<ToldPayout> payouts, CancellationToken cancel)
    {
        var begun = payouts.Where(one => one.Day.PlusDays(-DaysEarly) < from).ToList();
        return begun.Count == 0 ? [] : await EntriesAsync(
            connection, currencyOf, begun.Min(one => one.Day).PlusDays(-DaysEarly), from.PlusDays(-1), [.. begun.Select(one => one.EndToEndId)], cancel);
    }

    private static async Task<List<BankEntry>> EntriesAsync(
        NpgsqlConnection connection, Dictionary<string, string> currencyOf, LocalDate from, LocalDate to, string[]? ids, CancellationToken cancel)
    {
        var entries = new List<BankEntry>();
        await using (var command = new NpgsqlCommand(ids is null ? BankEntries : BankEarlier, connection))
        {
            command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. currencyOf.Keys] });
            AddDays(command, from, to);
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = Most });
            if (ids is not null)
            {
                command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = ids });
            }

            await using var row = await command.ExecuteReaderAsync(cancel);
            string? Text(int column) => row.IsDBNull(column) ? null : row.GetString(column);
            while (await row.ReadAsync(cancel))
            {
                entries.Add(new BankEntry(
                    row.GetInt64(0), row.GetInt32(1), row.GetInt64(2), row.GetInt32(3), row.GetString(4), Text(5) ?? currencyOf[row.GetString(4)],
                    row.GetInt64(6), row.GetLocalDate(7), row.GetBoolean(8), Text(9), Text(10), Text(11), Text(12), Text(13)));
            }
        }

        await using var parts = new NpgsqlCommand(BankTransactions, connection);
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

            list.Add(new BankPart(
                part.IsDBNull(3) ? null : part.GetInt64(3), part.IsDBNull(4) ? null : part.GetString(4),
                part.IsDBNull(5) ? null : part.GetString(5), part.IsDBNull(6) ? null : part.GetString(6)));
        }

        return [.. entries.Select(one => of.TryGetValue((one.StatementId, one.EntryNo), out var list) ? one with { Parts = list } : one)];
    }

    private static async Task<List<ToldPayout>> PayoutsAsync(
        NpgsqlConnection connection, LocalDate from, LocalDate to, string[] named, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(BankPayouts, connection);
        AddDays(command, from, to);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = Most });
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = named });
        var payouts = new List<ToldPayout>();
        await using var row = await command.ExecuteReaderAsync(cancel);
        while (await row.ReadAsync(cancel))
        {
            payouts.Add(new ToldPayout(
                row.GetInt64(0), row.GetInt32(1), row.GetInt64(2), row.GetString(3), row.GetLocalDate(4), row.GetString(5),
                row.GetInt64(6), row.GetString(7), row.GetString(8), row.GetBoolean(9)));
        }

        return payouts;
    }

    private static async Task<List<BookedDeposit>> DepositsAsync(
        NpgsqlConnection connection, LocalDate from, LocalDate to, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(BankDeposits, connection);
        AddDays(command, from, to);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = Most });
        var deposits = new List<BookedDeposit>();
        await using var row = await command.ExecuteReaderAsync(cancel);
        while (await row.ReadAsync(cancel))
        {
            deposits.Add(new BookedDeposit(
                row.GetInt32(0), row.GetString(1), row.GetString(2), row.GetInt64(3), row.GetLocalDate(4)));
        }

        return deposits;
    }

    private static void AddDays(NpgsqlCommand command, LocalDate from, LocalDate to)
    {
        command.Parameters.Add(new NpgsqlParameter<DateOnly> { TypedValue = from.ToDateColumn() });
        command.Parameters.Add(new NpgsqlParameter<DateOnly> { TypedValue = to.ToDateColumn() });
    }
}
