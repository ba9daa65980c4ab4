using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using EGovPay.Processing;
using EGovPay.Processing.PostgreSql;
using EGovPay.Settlement.Breaks;
using EGovPay.Settlement.Terms;
using NodaTime;
using NodaTime.Text;
using Npgsql;

namespace EGovPay.Settlement.Reconciliation;

/// <summary>
/// Compares what banks booked on our accounts with our payouts and the agents' deposits. Each look is at all of the last days; what it
/// does not find again is gone. Written in one transaction; two at once come one after the other.
/// </summary>
public sealed class ReconcileBank(Engine engine)
{
    /// <summary>Days before the last statement that are looked at.</summary>
    public const int Days = 40;

    /// <summary>Entries, payouts or deposits of one look at most; more of them is no day of a centre.</summary>
    private const int Most = 500_000;

    private static readonly string BankEntries = Sql.Load("Reconciliation/BankEntries.sql");
    private static readonly string BankTransactions = Sql.Load("Reconciliation/BankTransactions.sql");
    private static readonly string BankPayouts = Sql.Load("Reconciliation/BankPayouts.sql");
    private static readonly string BankDeposits = Sql.Load("Reconciliation/BankDeposits.sql");
    private static readonly string BankDue = Sql.Load("Reconciliation/BankDue.sql");
    private static readonly string BankCovered = Sql.Load("Reconciliation/BankCovered.sql");
    private static readonly string CloseGoneBank = Sql.Load("Reconciliation/CloseGoneBank.sql");

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
        var began = engine.Clock.GetCurrentInstant();
        string[] accounts = [.. terms.Accounts.Select(one => one.Iban)];
        await using var connection = await engine.Database.OpenConnectionAsync(cancel);
        await using var writing = await connection.BeginTransactionAsync(cancel);
        await using (var take = new NpgsqlCommand($"select pg_advisory_xact_lock({ReconcileRegister.Lock}, 0)", connection))
        {
            take.CommandTimeout = 0;
            await take.ExecuteNonQueryAsync(cancel);
        }

        if ((onlyIfDue && !await IsDueAsync(connection, accounts, cancel))
            || await CoveredAsync(connection, accounts, cancel) is not var (first, to, statements))
        {
            return null;
        }

        var from = LocalDate.Max(first, to.PlusDays(-Days));
        var entries = await EntriesAsync(connection, accounts, from, to, cancel);
        var match = new MatchBank(
            terms.Agents.SelectMany(agent => agent.DepositAccounts.Select(account => (Account: MatchBank.Plain(account), agent.Code)))
                .DistinctBy(one => one.Account, StringComparer.Ordinal).ToDictionary(one => one.Account, one => one.Code, StringComparer.Ordinal),
            from, to);
        match.Run(entries, await PayoutsAsync(connection, from, to, cancel), await DepositsAsync(connection, from, to, cancel));
        var found = match.Differences.Select(one => BreakOf(one, to)).ToList();
        await OpenBreaks.AddAsync(connection, found, cancel);
        var closed = await CloseAsync(connection, from, to, by, found, cancel);
        var result = new Reconciled(0, entries.Count, match.Matched, 0, 0, found.Count, closed);
        var id = await Reconciliations.EnterAsync(
            connection, ReconciliationKind.Bank, LocalDatePattern.Iso.Format(to), began, result, statements, by, cancel);
        await writing.CommitAsync(cancel);
        return result with { Id = id };
    }

    private static NewBreak BreakOf(BankDifference one, LocalDate last)
    {
        var subject = one.Entry is { } entry
            ? string.Create(CultureInfo.InvariantCulture, $"{entry.Account}/{entry.StatementId}.{entry.EntryNo}")
                + (one.Payout is { } named ? $"/{named.EndToEndId}" : "")
            : one.Payout?.EndToEndId ?? $"{one.Deposit!.Agent}/{one.Deposit.Reference}";
        return new NewBreak(
            BreakSide.Bank, one.Kind, subject, one.Entry?.Day ?? one.Payout?.Day ?? one.Deposit?.Day ?? last, one.AtRiskQepik, one.Cause,
            one.Step)
        {
            ProviderId = one.Payout?.ProviderId,
            AgentId = one.Deposit?.AgentId,
            PayoutId = one.Payout?.Id,
            FileId = one.Entry?.FileId,
            Line = one.Entry is { Line: > 0 } lined ? lined.Line : null,
            StatementId = one.Entry?.StatementId,
            EntryNo = one.Entry?.EntryNo,
            Ours = Ours(one),
            Theirs = one.Entry is { } said ? Theirs(said) : null,
            Suggestion = one.SuggestedAgent is { } agent ? Json(json =>
            {
                json.WriteString("agent", agent);
                json.WriteNumber("amountQepik", one.Entry!.AmountQepik);
                json.WriteString("reference", one.Entry.BankReference ?? one.Entry.OwnReference);
            }) : null,
        };
    }

    private static string? Ours(BankDifference one) => one.Payout is { } payout ? Json(json =>
    {
        json.WriteNumber("payout", payout.Id);
        json.WriteNumber("amountQepik", payout.AmountQepik);
        json.WriteString("account", payout.Creditor);
        json.WriteString("endToEndId", payout.EndToEndId);
        json.WriteString("day", LocalDatePattern.Iso.Format(payout.Day));
    }) : one.Deposit is { } deposit ? Json(json =>
    {
        json.WriteString("agent", deposit.Agent);
        json.WriteNumber("amountQepik", deposit.AmountQepik);
        json.WriteString("reference", deposit.Reference);
        json.WriteString("day", LocalDatePattern.Iso.Format(deposit.Day));
    }) : null;

    private static string Theirs(BankEntry entry) => Json(json =>
    {
        json.WriteNumber("amountQepik", entry.AmountQepik);
        json.WriteString("currency", entry.Currency);
        json.WriteString("account", entry.Account);
        json.WriteString("counterparty", entry.Counterparty);
        json.WriteString("day", LocalDatePattern.Iso.Format(entry.Day));
        json.WriteString("reference", entry.BankReference ?? entry.OwnReference);
        json.WriteString("endToEndId", entry.EndToEndId);
        json.WriteBoolean("reversal", entry.Reversal);
    });

    private static string Json(Action<Utf8JsonWriter> write)
    {
        var text = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(text))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(text.WrittenSpan);
    }

    private static async Task<bool> IsDueAsync(NpgsqlConnection connection, string[] accounts, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(BankDue, connection);
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = accounts });
        return await command.ExecuteScalarAsync(cancel) is true;
    }

    private static async Task<(LocalDate From, LocalDate To, long Statements)?> CoveredAsync(
        NpgsqlConnection connection, string[] accounts, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(BankCovered, connection);
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = accounts });
        await using var row = await command.ExecuteReaderAsync(cancel);
        return await row.ReadAsync(cancel) && !row.IsDBNull(0) ? (row.GetLocalDate(0), row.GetLocalDate(1), row.GetInt64(2)) : null;
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

    private static async Task<List<BankEntry>> EntriesAsync(
        NpgsqlConnection connection, string[] accounts, LocalDate from, LocalDate to, CancellationToken cancel)
    {
        var entries = new List<BankEntry>();
        await using (var command = new NpgsqlCommand(BankEntries, connection))
        {
            command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = accounts });
            AddDays(command, from, to);
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = Most });
            await using var row = await command.ExecuteReaderAsync(cancel);
            string? Text(int column) => row.IsDBNull(column) ? null : row.GetString(column);
            while (await row.ReadAsync(cancel))
            {
                entries.Add(new BankEntry(
                    row.GetInt64(0), row.GetInt32(1), row.GetInt64(2), row.GetInt32(3), row.GetString(4), row.GetString(5),
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
                part.IsDBNull(5) ? null : part.GetString(5)));
        }

        return [.. entries.Select(one => of.TryGetValue((one.StatementId, one.EntryNo), out var list) ? one with { Parts = list } : one)];
    }

    private static async Task<List<ToldPayout>> PayoutsAsync(
        NpgsqlConnection connection, LocalDate from, LocalDate to, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(BankPayouts, connection);
        AddDays(command, from.PlusDays(-5), to);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = Most });
        var payouts = new List<ToldPayout>();
        await using var row = await command.ExecuteReaderAsync(cancel);
        while (await row.ReadAsync(cancel))
        {
            payouts.Add(new ToldPayout(
                row.GetInt64(0), row.GetInt32(1), row.GetInt64(2), row.GetString(3), row.GetLocalDate(4), row.GetString(5),
                row.GetInt64(6), row.GetString(7), row.GetBoolean(8)));
        }

        return payouts;
    }

    private static async Task<List<BookedDeposit>> DepositsAsync(
        NpgsqlConnection connection, LocalDate from, LocalDate to, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(BankDeposits, connection);
        // People book a deposit when they see it: some days after the bank did.
        AddDays(command, from, to.PlusDays(5));
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
