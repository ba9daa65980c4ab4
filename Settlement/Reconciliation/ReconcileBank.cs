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

    /// <summary>A bank may book so many bank days after it was to: of what is missing nothing is said before they are over.</summary>
    public const int BankDaysLate = MatchBank.DaysLate;

    /// <summary>People book a deposit when they see it: some bank days after the bank did.</summary>
    private const int DaysSeen = 5;

    private static readonly string BankDue = Sql.Load("Reconciliation/BankDue.sql");
    private static readonly string CloseGoneBank = Sql.Load("Reconciliation/CloseGoneBank.sql");

    /// <summary>Hears how far it is; null: nobody does.</summary>
    public TellProgress? Tell { get; init; }

    /// <summary>Bookings, payouts or deposits of one look at most, 500 000 unless it is said; with more of them a look throws.</summary>
    internal int Most { get; init; } = 500_000;

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
        await using var connection = await engine.Database.OpenConnectionAsync(cancel);
        await using var writing = await connection.BeginTransactionAsync(cancel);
        await using (var take = new NpgsqlCommand($"select pg_advisory_xact_lock({Turn.Lock}, {Turn.OfBanks})", connection))
        {
            take.CommandTimeout = 0;
            await take.ExecuteNonQueryAsync(cancel);
        }

        var side = await BankSide.OpenAsync(connection, terms, Most, cancel);
        if (onlyIfDue && !await IsDueAsync(connection, side.Spellings, cancel))
        {
            return (null, false);
        }

        var (spoken, statements) = await side.SpokenAsync(cancel);
        if (spoken.Count == 0)
        {
            return (null, false);
        }

        var to = spoken.Max(one => one.To);
        var from = LocalDate.Max(spoken.Min(one => one.From), to.PlusDays(-Days));
        var days = new BankDays(await CalendarStore.ReadAsync(engine.Database, cancel));
        var coverage = new BankCoverage(
            spoken, terms.Accounts.Where(one => one.Currency == PayoutOrder.Currency).Select(one => one.Iban), days);
        var entries = await side.EntriesAsync(from, to, cancel);
        var aside = terms.Acquirers.Count == 0 ? []
            : await side.EntriesAsync(ReconcileAcquirers.FirstFor(terms, days, from), from.PlusDays(-1), cancel);
        var acquirers = await ReconcileAcquirers.RunAsync(engine.Database, terms, (aside, entries), from, to, (coverage, days), cancel);
        var match = await MatchAsync(side, terms, (from, to), (coverage, days), entries, acquirers.Others, cancel);
        if (await EnterBookings.RunAsync(connection, FactsOf(match), cancel) && factsFirst)
        {
            await writing.CommitAsync(cancel);
            return (null, true);
        }

        var found = match.Differences.Select(one => BankTexts.BreakOf(one, to)).Concat(acquirers.Found).ToList();
        await OpenBreaks.AddAsync(connection, found, cancel);
        var closed = await CloseAsync(connection, from, to, by, found, cancel) + await AnsweredBreaks.CloseRepeatedAsync(connection, cancel);
        var balances = await CheckBalances.RunAsync(connection, side, to, by, cancel);
        var result = new Reconciled(0, entries.Count, match.Matched + acquirers.Matched, 0, 0, found.Count + balances.Found, closed + balances.Closed);
        var id = await Reconciliations.EnterAsync(
            connection, ReconciliationKind.Bank, LocalDatePattern.Iso.Format(to), began, result, statements, by, cancel);
        await writing.CommitAsync(cancel);
        return (result with { Id = id }, false);
    }

    private static async Task<MatchBank> MatchAsync(
        BankSide side, SettlementTerms terms, (LocalDate From, LocalDate To) looked, (BankCoverage Coverage, BankDays Days) by,
        List<BankEntry> entries, List<BankEntry> others, CancellationToken cancel)
    {
        var match = new MatchBank(
            terms.Strategies.Bank,
            terms.Agents.SelectMany(agent => agent.DepositAccounts.Select(account => (Account: MatchBank.Plain(account), agent.Code)))
                .DistinctBy(one => one.Account, StringComparer.Ordinal).ToDictionary(one => one.Account, one => one.Code, StringComparer.Ordinal),
            looked.From, looked.To)
        {
            Days = by.Days,
            Coverage = by.Coverage,
        };
        string[] named = [.. entries.SelectMany(entry => entry.Ids.Concat(entry.Batches)).Distinct(StringComparer.Ordinal)];
        var late = terms.Strategies.Bank.Where(one => one.By == MatchBy.OneToMany).Select(one => one.WithinDays).Append(MatchBank.DaysLate).Max();
        var payouts = await side.PayoutsAsync(by.Days.Minus(looked.From, late), looked.To, named, cancel);
        var earlier = await side.EarlierAsync(looked.From, payouts, cancel);
        // A deposit and its booking may stand on two sides of the first day: so far back that what is near it is matched as it was before.
        var windows = terms.Strategies.Bank.Select(one => one.WithinDays).DefaultIfEmpty().Max();
        var back = by.Days.Minus(looked.From, 2 * windows);
        var aside = await side.EntriesAsync(back, looked.From.PlusDays(-1), cancel);
        var deposits = await side.DepositsAsync(back, by.Days.Plus(looked.To, Math.Max(windows, DaysSeen)), cancel);
        match.Run(others, payouts, deposits, earlier, aside);
        return match;
    }

    /// <summary>Payouts that statements show as we told them, and those that they show given back.</summary>
    private static List<StatementFact> FactsOf(MatchBank match)
    {
        static string Place(BankEntry entry) =>
            string.Create(CultureInfo.InvariantCulture, $"statement {entry.StatementId}, entry {entry.EntryNo}");
        // What came back of a sum was not paid by it.
        var named = match.Booked.Select(one => one.Payout.Id).ToHashSet();
        return
        [
            .. match.Booked.Where(one => one.Agrees).Select(one => new StatementFact(
                one.Payout.Id, one.Entry.FileId, GivenBack: false, "BOOK", Place(one.Entry))),
            .. match.Matches.Where(one => one.By != MatchBy.Number).SelectMany(
                one => one.Payouts.Where(payout => !payout.Returned && !named.Contains(payout.Id)), (one, payout) => new StatementFact(
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

    private static async Task<int> CloseAsync(
        NpgsqlConnection connection, LocalDate from, LocalDate to, string by, List<NewBreak> found, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(CloseGoneBank, connection);
        AddDays(command, from, to);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = by });
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. found.Select(RegisterFacts.Name)] });
        return await command.ExecuteNonQueryAsync(cancel);
    }

    private static void AddDays(NpgsqlCommand command, LocalDate from, LocalDate to)
    {
        command.Parameters.Add(new NpgsqlParameter<DateOnly> { TypedValue = from.ToDateColumn() });
        command.Parameters.Add(new NpgsqlParameter<DateOnly> { TypedValue = to.ToDateColumn() });
    }
}
