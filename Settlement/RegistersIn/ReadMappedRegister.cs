using System.Text;
using EGovPay.Settlement.Mapping;
using EGovPay.Settlement.Statements;

namespace EGovPay.Settlement.RegistersIn;

/// <summary>Reads a register that a provider gives as a table of its own, by its mapping.</summary>
internal static class ReadMappedRegister
{
    public const string Format = "csv";

    private const int LinesBetweenFlushes = 4_096;

    /// <summary>Reads a file to its end.</summary>
    /// <exception cref="RefusedFileException">What is wrong with it, and where.</exception>
    public static async Task<RegisterTotals> From(Stream file, FileMapping mapping, IRegisterSink sink, CancellationToken cancel)
    {
        using var rows = new MappedRows(file, mapping);
        var sum = 0L;
        while (rows.Next())
        {
            sum += Add(rows, mapping, sink);
            if (rows.Count > RegisterText.MostLines)
            {
                throw RefusedFileException.At(rows.Line, 0, "", $"There are more than {RegisterText.MostLines} lines.");
            }

            if (rows.Count % LinesBetweenFlushes == 0)
            {
                await sink.FlushAsync(cancel);
            }
        }

        return new RegisterTotals(Format, rows.Count, sum, rows.SaidCount, rows.SaidAmount);
    }

    private static long Add(MappedRows rows, FileMapping mapping, IRegisterSink sink)
    {
        var currency = rows.Has("currency") && rows.Text("currency") is { Length: > 0 } own ? own : mapping.Currency;
        if (!BankAmount.IsCurrency(currency))
        {
            throw rows.Fault("currency", "A currency is three capital letters.");
        }

        var amount = rows.Amount("amount", currency);
        var reversal = rows.Text("reversal") is { Length: > 0 } word && mapping.Words.GetValueOrDefault(word) == "reversal";
        if (amount is < 0 or > RegisterText.MostQepik)
        {
            throw rows.Fault("amount", amount < 0 ? "The amount is negative; what was taken back is said in the column reversal."
                : "The amount is larger than any payment.");
        }

        var at = rows.Day("date");
        var time = rows.Has("time") ? rows.Time("time") : at.TimeOfDay == NodaTime.LocalTime.Midnight ? null : at.TimeOfDay;
        var txn = rows.Bytes("txn");
        var account = rows.Bytes("account");
        RegisterText.Check(txn, RegisterText.MostTxn, rows.Line, 0, "txn");
        RegisterText.Check(account, RegisterText.MostAccount, rows.Line, 0, "account");
        var theirs = rows.Bytes("providerTransaction");
        if (theirs.Length > 0)
        {
            RegisterText.Check(theirs, RegisterText.MostTxn, rows.Line, 0, "providerTransaction");
        }

        sink.Add(new RegisterLine
        {
            Line = rows.Line,
            Txn = txn,
            AmountQepik = amount,
            Currency = currency == "AZN" ? [] : Encoding.ASCII.GetBytes(currency),
            Account = account,
            Day = at.Date,
            TimeMicroseconds = time is { } known ? known.TickOfDay / 10 : -1,
            ProviderTransaction = theirs,
            Reversal = reversal,
        });
        return reversal ? -amount : amount;
    }
}
