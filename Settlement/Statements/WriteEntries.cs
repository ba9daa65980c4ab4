using EGovPay.Processing.PostgreSql;
using EGovPay.Settlement.Incoming;
using NodaTime;
using Npgsql;
using NpgsqlTypes;

namespace EGovPay.Settlement.Statements;

/// <summary>Copies entries and their transactions into their tables.</summary>
internal static class WriteEntries
{
    private const string Entries =
        "copy statement_entry (statement_id, entry_no, line, account, currency, amount_minor, booking_day, value_day, status, reversal, "
        + "bank_reference, own_reference, end_to_end_id, counterparty_name, counterparty_account, remittance, info, "
        + "batch_message, batch_block) from stdin (format binary)";

    private const string Transactions =
        "copy statement_transaction (statement_id, entry_no, tx_no, amount_minor, currency, end_to_end_id, counterparty_name, "
        + "counterparty_account, remittance, return_code, message_id, block_id) from stdin (format binary)";

    public static async Task WriteAsync(NpgsqlConnection connection, long statementId, string account, List<StatementEntry> entries)
    {
        await using (var rows = await connection.BeginBinaryImportAsync(Entries))
        {
            foreach (var entry in entries)
            {
                await rows.StartRowAsync();
                await WriteAsync(rows, statementId, account, entry);
            }

            await rows.CompleteAsync();
        }

        if (!entries.Exists(SaysMore))
        {
            return;
        }

        await using var parts = await connection.BeginBinaryImportAsync(Transactions);
        foreach (var entry in entries.Where(SaysMore))
        {
            var number = 0;
            foreach (var one in entry.Transactions)
            {
                await parts.StartRowAsync();
                await parts.WriteAsync(statementId, NpgsqlDbType.Bigint);
                await parts.WriteAsync(checked((int)entry.Index + 1), NpgsqlDbType.Integer);
                await parts.WriteAsync(++number, NpgsqlDbType.Integer);
                await WriteAsync(parts, one);
            }
        }

        await parts.CompleteAsync();
    }

    /// <summary>A single transaction that says what its entry does stands with the entry alone.</summary>
    private static bool SaysMore(StatementEntry entry) => entry.Transactions.Count > 1
        || (entry.Transactions.Count == 1 && (entry.Transactions[0].ReturnCode is not null
            || (entry.Transactions[0].Amount is { } amount && amount.Minor != entry.Amount.Minor)));

    private static async Task WriteAsync(NpgsqlBinaryImporter rows, long statementId, string account, StatementEntry entry)
    {
        var only = entry.Transactions.Count == 1 ? entry.Transactions[0] : null;
        var own = entry.References;
        await rows.WriteAsync(statementId, NpgsqlDbType.Bigint);
        await rows.WriteAsync(checked((int)entry.Index + 1), NpgsqlDbType.Integer);
        await rows.WriteAsync(entry.Line, NpgsqlDbType.Integer);
        await rows.WriteAsync(account, NpgsqlDbType.Text);
        await TextAsync(rows, entry.Amount.Currency);
        await rows.WriteAsync(entry.SignedMinor, NpgsqlDbType.Bigint);
        await DayAsync(rows, entry.BookingDate);
        await DayAsync(rows, entry.ValueDate);
        await rows.WriteAsync(
            entry.Status switch { EntryStatus.Booked => "booked", EntryStatus.Pending => "pending", _ => "info" }, NpgsqlDbType.Text);
        await rows.WriteAsync(entry.Reversal, NpgsqlDbType.Boolean);
        await TextAsync(rows, own.AccountServicer ?? only?.References.AccountServicer);
        await TextAsync(rows, own.Own ?? only?.References.Own);
        await TextAsync(rows, own.EndToEndId ?? only?.References.EndToEndId);
        await TextAsync(rows, only?.Counterparty?.Name);
        await TextAsync(rows, only?.Counterparty?.Account);
        await TextAsync(rows, only is null ? null : Remittance(only));
        await TextAsync(rows, Joined(entry.Info, entry.Supplement, only?.Info));
        await TextAsync(rows, entry.Batch?.MessageId ?? only?.References.MessageId);
        await TextAsync(rows, entry.Batch?.PaymentInformationId ?? only?.References.PaymentInformationId);
    }

    private static async Task WriteAsync(NpgsqlBinaryImporter rows, EntryTransaction one)
    {
        if (one.Amount is { } amount)
        {
            await rows.WriteAsync(one.Direction == Direction.Debit ? -amount.Minor : amount.Minor, NpgsqlDbType.Bigint);
        }
        else
        {
            await rows.WriteNullAsync();
        }

        await TextAsync(rows, one.Amount?.Currency);
        await TextAsync(rows, one.References.EndToEndId);
        await TextAsync(rows, one.Counterparty?.Name);
        await TextAsync(rows, one.Counterparty?.Account);
        await TextAsync(rows, Remittance(one));
        await TextAsync(rows, one.ReturnCode);
        await TextAsync(rows, one.References.MessageId);
        await TextAsync(rows, one.References.PaymentInformationId);
    }

    /// <summary>What the payer wrote, and creditor's references; each on a line of its own.</summary>
    private static string? Remittance(EntryTransaction one) => Joined(
        [.. one.Unstructured, .. one.Structured.SelectMany(part => new[] { part.Reference, part.Additional })]);

    private static string? Joined(params IEnumerable<string?> parts) =>
        string.Join('\n', parts.Where(part => !string.IsNullOrEmpty(part)).Distinct(StringComparer.Ordinal)) is { Length: > 0 } text
            ? text : null;

    private static Task TextAsync(NpgsqlBinaryImporter rows, string? text) => text is null
        ? rows.WriteNullAsync()
        : rows.WriteAsync(ReceiveFile.Storable(text), NpgsqlDbType.Text);

    private static Task DayAsync(NpgsqlBinaryImporter rows, LocalDate? day) => day is { } known
        ? rows.WriteAsync(known.ToDateColumn(), NpgsqlDbType.Date)
        : rows.WriteNullAsync();
}
