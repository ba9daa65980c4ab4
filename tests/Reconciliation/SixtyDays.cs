using System.Globalization;
using System.Text;
using EGovPay.Processing;
using EGovPay.Processing.Calendar;
using EGovPay.Settlement.Payouts;
using EGovPay.Tests.Statements;
using FluentAssertions;
using NodaTime;
using NodaTime.Text;
using Npgsql;
using Xunit;
using static EGovPay.Tests.Reconciliation.BankBook;

namespace EGovPay.Tests.Reconciliation;

/// <summary>
/// Two months in one database: each day payouts, deposits and statements as they really come, and a look. A world without faults has no break on any
/// day: not while Novruz lasts, nor where a statement is late, nor when its days leave those that are looked at.
/// </summary>
public sealed class SixtyDays(ITestOutputHelper output)
{
    private const int Length = 60;
    private const long OpeningMinor = 1_000_000_00;
    private static readonly LocalDate First = new(2026, 2, 16);

    /// <summary>Its statement comes four bank days late.</summary>
    private static readonly LocalDate Late = new(2026, 3, 4);

    /// <summary>A payout of this day is never booked; T+3 is after Novruz and Ramazan bayramı.</summary>
    private static readonly LocalDate Lost = new(2026, 3, 18);

    private readonly WorkingCalendar calendar = EmbeddedCalendar.Load();
    private readonly Dictionary<LocalDate, List<Line>> manat = [];
    private readonly Dictionary<LocalDate, List<Line>> dollars = [];
    private readonly List<(string What, LocalDate Since)> planted = [];
    private int amounts;
    private int files;

    /// <param name="Document">Of a deposit that people book when they see this in a statement.</param>
    private sealed record Line(
        long Minor, string? EndToEnd = null, string? Other = null, string? Reference = null, string? Block = null, string? Document = null);

    [Fact]
    public async Task No_day_has_a_break_that_is_none_and_each_that_is_one_is_found_on_its_day()
    {
        await using var book = await RegisterBook.OpenAsync();
        var began = TimeProvider.System.GetTimestamp();
        for (var day = First; day < First.PlusDays(Length); day = day.PlusDays(1))
        {
            await MorningAsync(book, day);
            await AgentsPayAsync(book, day);
            await PayOutAsync(book, day);
            if (day == First)
            {
                continue;
            }

            var open = await LookAsync(book);
            open.Should().Be(string.Join(", ", planted.Where(one => one.Since <= day).Select(one => one.What)
                .OrderBy(one => one.Split(' ')[0], StringComparer.Ordinal).ThenBy(one => long.Parse(one.Split(' ')[1], CultureInfo.InvariantCulture))), $"it is {day}");
            (await book.Database.AskAsync<long>("select count(*) from break_now where kind = 'BalanceDiffers' and state <> 'settled'"))
                .Should().Be(day > calendar.NextBankDay(Late) && day < LateArrives ? 1 : 0, $"it is {day}");
        }

        planted.Should().HaveCount(6).And.OnlyContain(one => one.Since < First.PlusDays(Length));
        (await book.Database.AskAsync<long>("select count(*) from settlement_break where kind <> 'BalanceDiffers'")).Should().Be(6);
        (await book.Database.AskAsync<long>("select count(*) from payout p where not exists (select from payout_status s where s.payout_id = p.payout_id)"))
            .Should().BeLessThan(16, "the rest is settled but for the lost one, the one of another amount, and those of the last days");
        output.WriteLine($"{TimeProvider.System.GetElapsedTime(began).TotalSeconds:0.0} s");
    }

    private LocalDate LateArrives => calendar.PlusBankDays(Late, 5);

    /// <summary>On a bank day the statements of the one before come, and people book the deposits that they see there.</summary>
    private async Task MorningAsync(RegisterBook book, LocalDate today)
    {
        if (!calendar.IsBankDay(today) || today == First)
        {
            return;
        }

        var day = calendar.PreviousBankDay(today);
        await ImportAsync(book, Dollar, day, dollars);
        if (day != Late)
        {
            await ArriveAsync(book, day, today);
        }

        if (today == LateArrives)
        {
            await ArriveAsync(book, Late, today);
        }
    }

    private async Task ArriveAsync(RegisterBook book, LocalDate day, LocalDate today)
    {
        await ImportAsync(book, Manat, day, manat);
        foreach (var line in manat.GetValueOrDefault(day) ?? [])
        {
            if (line.Document is { } document)
            {
                await DepositAsync(book, document, line.Minor, today);
            }
        }
    }

    /// <summary>Of some deposits people know before the bank books them, also on days on which it does not; of others by its statement.</summary>
    private async Task AgentsPayAsync(RegisterBook book, LocalDate today)
    {
        if (today.DayOfYear % 3 == 0)
        {
            var document = $"order-{today.DayOfYear}";
            var qepik = Next();
            await DepositAsync(book, document, qepik, today);
            var named = today.DayOfYear % 2 == 0;
            Book(manat, calendar.PlusBankDays(today, today.DayOfYear % 4), new Line(qepik, Other: Payer, Reference: named ? document : null));
        }

        if (calendar.IsBankDay(today))
        {
            var document = $"seen-{today.DayOfYear}";
            var named = today == Late || today.DayOfYear % 2 == 0;
            Book(manat, today, new Line(Next(), Other: Payer, Reference: named ? document : null, Document: document));
        }

        if (today == new LocalDate(2026, 2, 23))
        {
            Plant("MissingHere 77", calendar.NextBankDay(today));
            Book(manat, today, new Line(77, Other: Payer));
            Plant("Unidentified 0", calendar.NextBankDay(today));
            Book(dollars, today, new Line(-250, Reference: "fee"));
        }

        if (today == Lost.PlusDays(1))
        {
            Plant("MissingThere 99", calendar.NextBankDay(calendar.PlusBankDays(today, 3)));
            await DepositAsync(book, "never", 99, today);
        }
    }

    /// <summary>Two payouts a bank day, told on it or, of each fifth, on the day after, whatever day that is.</summary>
    private async Task PayOutAsync(RegisterBook book, LocalDate today)
    {
        var late = today.DayOfYear % 5 == 0;
        if (calendar.IsBankDay(today))
        {
            await ApproveAsync(book, Next(), today);
            await ApproveAsync(book, Next(), today);
        }

        if (late)
        {
            return;
        }

        var export = await new ExportPayouts(book.Database.DataSource, new Noon(today)).RunAsync(
            Decisions.Doer, PayoutFormat.Pain00100109, cancel: TestContext.Current.CancellationToken);
        if (export.File is { } file)
        {
            var told = await ToldAsync(book, file.MessageId);
            Carry(today, told, files++ % 4);
        }
    }

    /// <summary>A bank books by the id, some bank days late; or by amount and account alone; or the block as one sum.</summary>
    private void Carry(LocalDate today, List<Told> told, int way)
    {
        if (today == Lost)
        {
            Plant($"MissingThere {told[0].Qepik}", calendar.NextBankDay(calendar.PlusBankDays(told[0].Day, 3)));
            (told, way) = ([.. told.Skip(1)], 0);
        }
        else if (today == new LocalDate(2026, 2, 26))
        {
            var (one, day) = (told[0], told[0].Day);
            Plant("OverAmount 1", calendar.NextBankDay(day));
            Book(manat, day, new Line(-one.Qepik - 1, one.Id, Receiver));
            Plant($"Duplicate {told[1].Qepik}", calendar.NextBankDay(calendar.NextBankDay(day)));
            Book(manat, calendar.NextBankDay(day), new Line(-told[1].Qepik, told[1].Id, Receiver));
            (told, way) = ([.. told.Skip(1)], 0);
        }

        if (way == 3)
        {
            foreach (var block in told.GroupBy(one => (one.Block, one.Day)))
            {
                Book(manat, calendar.PlusBankDays(block.Key.Day, 1), new Line(-block.Sum(one => one.Qepik), Block: block.Key.Block));
            }

            return;
        }

        foreach (var one in told)
        {
            Book(manat, calendar.PlusBankDays(one.Day, way == 1 ? 3 : 0), new Line(-one.Qepik, way == 2 ? null : one.Id, Receiver));
        }
    }

    private sealed record Told(string Id, long Qepik, LocalDate Day, string Block);

    private static async Task<List<Told>> ToldAsync(RegisterBook book, string messageId)
    {
        await using var command = book.Database.DataSource.CreateCommand("""
            select o.end_to_end_id, o.amount_qepik, to_char(x.execution_day, 'YYYY-MM-DD'), x.block_id
            from payout_file f
            join payout_in_file x using (payout_file_id)
            join payout o using (payout_id)
            where f.message_id = $1
            order by o.payout_id
            """);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = messageId });
        var told = new List<Told>();
        await using var row = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        while (await row.ReadAsync(TestContext.Current.CancellationToken))
        {
            told.Add(new Told(row.GetString(0), row.GetInt64(1), LocalDatePattern.Iso.Parse(row.GetString(2)).Value, row.GetString(3)));
        }

        return told;
    }

    private long Next() => 1_000 + (7 * ++amounts);

    private void Plant(string what, LocalDate since) => planted.Add((what, since));

    private static void Book(Dictionary<LocalDate, List<Line>> account, LocalDate day, Line line)
    {
        if (!account.TryGetValue(day, out var lines))
        {
            account.Add(day, lines = []);
        }

        lines.Add(line);
    }

    private static async Task ImportAsync(RegisterBook book, string account, LocalDate day, Dictionary<LocalDate, List<Line>> lines)
    {
        var opening = OpeningMinor + lines.Where(one => one.Key < day).Sum(one => one.Value.Sum(line => line.Minor));
        var today = lines.GetValueOrDefault(day) ?? [];
        var iso = LocalDatePattern.Iso.Format(day);
        var currency = account == Dollar ? "USD" : "AZN";
        string Money(long minor) => string.Create(CultureInfo.InvariantCulture, $"<Amt Ccy=\"{currency}\">{Math.Abs(minor) / 100m:0.00}</Amt><CdtDbtInd>{(minor < 0 ? "DBIT" : "CRDT")}</CdtDbtInd>");
        string Balance(string kind, long minor) => $"<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp>{Money(minor)}<Dt><Dt>{iso}</Dt></Dt></Bal>";
        var text = new StringBuilder("<?xml version=\"1.0\"?>\n<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\"><BkToCstmrStmt><GrpHdr><MsgId>M</MsgId></GrpHdr><Stmt>")
            .Append(CultureInfo.InvariantCulture, $"<Id>{iso}</Id><Acct><Id><IBAN>{account}</IBAN></Id><Ccy>{currency}</Ccy></Acct>")
            .Append(Balance("OPBD", opening)).Append(Balance("CLBD", opening + today.Sum(one => one.Minor)));
        foreach (var line in today)
        {
            text.Append("\n<Ntry>").Append(Money(line.Minor)).Append(CultureInfo.InvariantCulture, $"<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{iso}</Dt></BookgDt>");
            text.Append(line.Reference is null ? "" : $"<AcctSvcrRef>{line.Reference}</AcctSvcrRef>").Append("<NtryDtls>");
            text.Append(line.Block is null ? "" : $"<Btch><PmtInfId>{line.Block}</PmtInfId></Btch>").Append("<TxDtls>");
            text.Append(line.EndToEnd is null ? "" : $"<Refs><EndToEndId>{line.EndToEnd}</EndToEndId></Refs>");
            var side = line.Minor < 0 ? "CdtrAcct" : "DbtrAcct";
            text.Append(line.Other is null ? "" : $"<RltdPties><{side}><Id><IBAN>{line.Other}</IBAN></Id></{side}></RltdPties>");
            text.Append("</TxDtls></NtryDtls></Ntry>");
        }

        text.Append("</Stmt></BkToCstmrStmt></Document>");
        (await Bank.ImportAsync(book.Database, text.ToString(), null, Manat, Dollar)).Receipt.Refusal.Should().BeNull();
    }

    private sealed class Noon(LocalDate day) : IClock
    {
        public Instant GetCurrentInstant() => day.At(new LocalTime(12, 0)).InZoneStrictly(Baku.Zone).ToInstant();
    }
}
