using System.Globalization;
using System.Text;
using EGovPay.Settlement.Incoming;
using EGovPay.Settlement.Statements;
using EGovPay.Tests.PostgreSql;

namespace EGovPay.Tests.Statements;

/// <summary>A booking as a test's bank writes it.</summary>
internal sealed record Booking(
    long Minor, string Day = "2026-11-20", string? Reference = null, string? EndToEnd = null, string? Text = null, string Status = "BOOK");

/// <summary>A bank that writes statements, and what imports them.</summary>
internal static class Bank
{
    public const string Account = "AZ21NABZ00000000137010001944";

    private static int files;

    public static Task<StatementImport> ImportAsync(TestDatabase database, string text, string? name = null, params string[] ours) =>
        ImportAsync(database, Encoding.UTF8.GetBytes(text), name, ours);

    public static Task<StatementImport> ImportAsync(TestDatabase database, byte[] bytes, string? name = null, params string[] ours) =>
        new ImportStatements(database.DataSource, new OurAccounts(ours.Length == 0 ? [Account] : ours)).FromAsync(File(bytes, name));

    public static IncomingFile File(string text) => File(Encoding.UTF8.GetBytes(text), null);

    private static IncomingFile File(byte[] bytes, string? name) =>
        new(name ?? $"file-{Interlocked.Increment(ref files)}", new MemoryStream(bytes), FileSource.Command, "aysel");

    /// <summary>A camt of one statement.</summary>
    /// <param name="kind">052, 053 or 054.</param>
    public static string Camt(string kind, string id, long? opening, long? closing, params Booking[] bookings) => Camt(kind, id, Account, opening, closing, bookings);

    public static string Camt(string kind, string id, string account, long? opening, long? closing, params Booking[] bookings)
    {
        var (message, part) = kind switch
        {
            "052" => ("BkToCstmrAcctRpt", "Rpt"), "053" => ("BkToCstmrStmt", "Stmt"), _ => ("BkToCstmrDbtCdtNtfctn", "Ntfctn"),
        };
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.{kind}.001.08\"><{message}>");
        text.Append(CultureInfo.InvariantCulture, $"<GrpHdr><MsgId>M-{id}</MsgId></GrpHdr><{part}><Id>{id}</Id>\n<Acct><Id><IBAN>{account}</IBAN></Id><Ccy>AZN</Ccy></Acct>\n");
        Balance(text, "OPBD", opening, bookings.FirstOrDefault()?.Day);
        Balance(text, "CLBD", closing, bookings.LastOrDefault()?.Day);
        foreach (var one in bookings)
        {
            text.Append(CultureInfo.InvariantCulture, $"<Ntry><Amt Ccy=\"AZN\">{Manat(one.Minor)}</Amt><CdtDbtInd>{(one.Minor < 0 ? "DBIT" : "CRDT")}</CdtDbtInd><Sts><Cd>{one.Status}</Cd></Sts>");
            text.Append(CultureInfo.InvariantCulture, $"<BookgDt><Dt>{one.Day}</Dt></BookgDt><ValDt><Dt>{one.Day}</Dt></ValDt>");
            text.Append(one.Reference is null ? "" : $"<AcctSvcrRef>{one.Reference}</AcctSvcrRef>");
            text.Append("<NtryDtls><TxDtls>").Append(one.EndToEnd is null ? "" : $"<Refs><EndToEndId>{one.EndToEnd}</EndToEndId></Refs>");
            text.Append(one.Text is null ? "" : $"<RmtInf><Ustrd>{one.Text}</Ustrd></RmtInf>").Append("</TxDtls></NtryDtls></Ntry>\n");
        }

        return text.Append(CultureInfo.InvariantCulture, $"</{part}></{message}></Document>").ToString();
    }

    /// <summary>An MT940, or an MT942 where there are no balances.</summary>
    public static string Mt(string id, long? opening, long? closing, params Booking[] bookings)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $":20:{id}\r\n:25:{Account}\r\n:28C:{id}/1\r\n");
        text.Append(opening is { } from ? $":60F:{Mark(from)}261119AZN{Comma(from)}\r\n" : ":34F:AZN0,\r\n:13D:2611201200+0400\r\n");
        foreach (var one in bookings)
        {
            var day = one.Day.Replace("-", "", StringComparison.Ordinal);
            text.Append(CultureInfo.InvariantCulture, $":61:{day[2..]}{day[4..]}{Mark(one.Minor)}{Comma(one.Minor)}NTRF{one.EndToEnd ?? "NONREF"}");
            text.Append(one.Reference is null ? "\r\n" : $"//{one.Reference}\r\n");
            text.Append(CultureInfo.InvariantCulture, $":86:166?00PAYMENT?20EREF+{one.EndToEnd}?21SVWZ+{one.Text}\r\n");
        }

        text.Append(closing is { } to ? $":62F:{Mark(to)}261120AZN{Comma(to)}\r\n" : "");
        return text.Append("-\r\n").ToString();
    }

    /// <summary>How many entries count, and what they make.</summary>
    public static async Task<(long Count, long Sum)> CountedAsync(TestDatabase database, string account = Account) => (
        await database.AskAsync<long>($"select count(*) from statement_entry where account = '{account}' and status = 'booked' and same_as_statement is null"),
        (long)(await database.AskAsync<decimal>($"select coalesce(sum(amount_minor), 0) from statement_entry where account = '{account}' and status = 'booked' and same_as_statement is null")));

    private static void Balance(StringBuilder text, string kind, long? minor, string? day)
    {
        if (minor is { } known)
        {
            text.Append(CultureInfo.InvariantCulture, $"<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp><Amt Ccy=\"AZN\">{Manat(known)}</Amt><CdtDbtInd>{(known < 0 ? "DBIT" : "CRDT")}</CdtDbtInd><Dt><Dt>{day ?? "2026-11-20"}</Dt></Dt></Bal>\n");
        }
    }

    private static string Mark(long minor) => minor < 0 ? "D" : "C";

    private static string Manat(long minor) => string.Create(CultureInfo.InvariantCulture, $"{Math.Abs(minor) / 100}.{Math.Abs(minor) % 100:00}");

    private static string Comma(long minor) => Manat(minor).Replace('.', ',');
}
