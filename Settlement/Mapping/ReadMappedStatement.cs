using EGovPay.Settlement.Statements;
using NodaTime;

namespace EGovPay.Settlement.Mapping;

/// <summary>Reads a statement that a bank gives as CSV: each run of lines of one account is a statement, all of it booked, without balances.</summary>
internal static class ReadMappedStatement
{
    /// <summary>Reads a file to its end or to what is wrong with it.</summary>
    public static async Task<StatementReading> From(Stream file, FileMapping mapping, IStatementSink sink, CancellationToken cancel)
    {
        var counted = new Reckoning(sink);
        try
        {
            using var rows = new MappedRows(file, mapping);
            string? account = null;
            var sum = (Int128)0;
            while (rows.Next())
            {
                cancel.ThrowIfCancellationRequested();
                var here = (rows.Has("account") ? rows.Some("account") : mapping.Account!).Replace(" ", "", StringComparison.Ordinal);
                if (here != account)
                {
                    if (account is not null)
                    {
                        await counted.Closed(new StatementFoot { Balances = [], Totals = [] });
                    }

                    account = here;
                    await counted.Opened(Head(here, mapping, rows.Line));
                }

                var entry = Entry(rows, mapping, counted.NextIndex);
                sum += entry.SignedMinor;
                await counted.Entered(entry);
            }

            if (account is not null)
            {
                await counted.Closed(new StatementFoot { Balances = [], Totals = [] });
            }

            return new StatementReading(counted.Format, counted.Statements, counted.Entries, Compare(rows, sum));
        }
        catch (RefusedFileException refused)
        {
            var why = refused.Refusal;
            return new StatementReading(
                counted.Format, counted.Statements, counted.Entries,
                new StatementRefusal(StatementRefusalReason.Malformed, Math.Max(1, why.Line), why.Column, why.Where, why.Text));
        }
        catch (RefusedStatementException refused)
        {
            return new StatementReading(counted.Format, counted.Statements, counted.Entries, refused.Refusal);
        }
    }

    private static StatementRefusal? Compare(MappedRows rows, Int128 sum)
    {
        var text = rows.Count == 0 ? "The file has no line."
            : rows.SaidCount is { } count && count != rows.Count ? $"The last line counts {count} lines, there are {rows.Count}."
            : rows.SaidAmount is { } amount && amount != sum ? $"The last line says {amount} minor units, the lines make {sum}: {amount - sum} more."
            : null;
        return text is null ? null : new StatementRefusal(
            rows.Count == 0 ? StatementRefusalReason.NoStatement : StatementRefusalReason.Malformed, Math.Max(1, rows.Line), 0, "totals", text);
    }

    private static StatementHead Head(string account, FileMapping mapping, int line) => new()
    {
        Format = StatementFormat.Csv,
        Account = new StatementAccount("Othr", account, mapping.Columns.ContainsKey("currency") ? null : mapping.Currency, null, null),
        Line = line,
    };

    private static StatementEntry Entry(MappedRows rows, FileMapping mapping, long index)
    {
        var currency = rows.Text("currency") is { Length: > 0 } own ? own : mapping.Currency;
        if (!BankAmount.IsCurrency(currency))
        {
            throw rows.Fault("currency", "A currency is three capital letters.");
        }

        var signed = Signed(rows, currency);
        var booked = rows.Day("date").Date;
        LocalDate? valued = rows.Text("valueDate").Length > 0 ? rows.Day("valueDate").Date : null;
        var way = signed < 0 ? Direction.Debit : Direction.Credit;
        var references = new EntryReferences
        {
            AccountServicer = Given(rows.Text("bankReference")), Own = Given(rows.Text("ownReference")), EndToEndId = Given(rows.Text("endToEndId")),
        };
        return new StatementEntry
        {
            Index = index,
            Line = rows.Line,
            Amount = new BankAmount(Math.Abs(signed), currency, BankAmount.DecimalsOf(currency)),
            Direction = way,
            Status = EntryStatus.Booked,
            BookingDate = booked,
            ValueDate = valued ?? booked,
            References = references,
            Transactions =
            [
                new EntryTransaction
                {
                    Direction = way,
                    References = references,
                    Counterparty = new BankParty(
                        Given(rows.Text("counterpartyName")), Given(rows.Text("counterpartyAccount")), null, null),
                    Unstructured = Given(rows.Text("text")) is { } text ? [text] : [],
                },
            ],
        };
    }

    private static long Signed(MappedRows rows, string currency)
    {
        if (rows.Has("amount"))
        {
            return rows.Amount("amount", currency);
        }

        var debit = rows.Text("debit").Length > 0 ? rows.Amount("debit", currency) : 0;
        var credit = rows.Text("credit").Length > 0 ? rows.Amount("credit", currency) : 0;
        return (debit, credit) switch
        {
            (0, 0) => throw rows.Fault("credit", "Neither a debit nor a credit stands there."),
            (not 0, not 0) => throw rows.Fault("credit", "Both a debit and a credit stand there."),
            // Some write debits with their sign.
            _ => credit - Math.Abs(debit),
        };
    }

    private static string? Given(string text) => text.Length == 0 ? null : text;
}
