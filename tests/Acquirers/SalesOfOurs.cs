using System.Text;
using EGovPay.Processing.StateMachine;
using EGovPay.Settlement.Acquirers;
using EGovPay.Settlement.Breaks;
using EGovPay.Settlement.Incoming;
using EGovPay.Settlement.Reconciliation;
using EGovPay.Settlement.Terms;
using EGovPay.Tests.Mapping;
using EGovPay.Tests.Reconciliation;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.Acquirers;

/// <summary>Which sales of an acquirer are of payments of ours, and what they are to amount to.</summary>
public sealed class SalesOfOurs
{
    private const string Account = "AZ21NABZ00000000137010001944";

    private static readonly SettlementTerms Terms = new(
        new Payer("MHM", "1234567891"), [new OwnAccount(Account, "NABZAZ2X", "200004", "AZN", "main")], [], []);

    [Fact]
    public async Task A_charge_is_held_against_all_that_was_paid_with_it_by_its_card_around_its_day()
    {
        await using var book = await RegisterBook.OpenAsync();
        await StatementAsync(book);
        async Task PayAsync(string rrn, long qepik, string? pan = null, int daysAgo = 0, int terminal = 1,
            PaymentState state = PaymentState.Confirmed)
        {
            var payment = await book.PayAsync(state, qepik);
            await book.Database.ExecuteAsync(FormattableString.Invariant(
                $"update payment set rrn = '{rrn}', masked_pan = nullif('{pan}', ''), terminal_id = {terminal} where number = {payment.Number}"));
            await book.AgeAsync(payment, daysAgo);
        }

        foreach (var bill in new[] { 1_000, 2_000, 3_000 })
        {
            await PayAsync("three-bills", bill);
        }

        await PayAsync("of-another-month", 500, daysAgo: 30);
        await PayAsync("another-card", 500, "411111******2222");
        await PayAsync("its-card", 500, "411111******1111");
        await PayAsync("two-terminals", 700, terminal: 1);
        await PayAsync("two-terminals", 900, terminal: 2);
        await PayAsync("less", 5_000);
        await PayAsync("one-of-two", 300);
        await PayAsync("one-of-two", 400);
        await PayAsync("retried", 800, state: PaymentState.Declined);
        await PayAsync("retried", 800, state: PaymentState.Unknown);
        await PayAsync("retried-less", 800, state: PaymentState.Declined);
        await PayAsync("retried-less", 900);
        await PayAsync("given-back", 600, state: PaymentState.Declined);
        await PayAsync("given-back", 600, state: PaymentState.Reversed);
        var today = FormattableString.Invariant($"{book.Today:uuuu-MM-dd}");
        await ImportAsync(book, string.Concat(new[]
        {
            "three-bills,,61.20", "of-another-month,,99.00", "another-card,411111******1111,99.00", "its-card,411111******1111,6.40",
            "two-terminals,,9.40", "less,,50.00", "one-of-two,,3.40", "retried,,8.40", "retried-less,,8.00", "given-back,,6.40",
        }.Select(line => $"{today},S,{line},0,{line.Split(',')[2]}\n")));

        (await LookAsync(book)).Should().Equal(
            "OverAmount 100 its-card", "UnderAmount 140 retried-less", "UnderAmount 40 less", "UnderAmount 440 one-of-two");
        (await book.Database.AskAsync<string>("select indexdef from pg_indexes where indexname = 'payment_rrn'"))
            .Should().EndWith("(rrn) WHERE (rrn IS NOT NULL)");
    }

    [Fact]
    public async Task More_faults_than_are_looked_at_are_not_cut_off()
    {
        await using var book = await RegisterBook.OpenAsync();
        await StatementAsync(book);
        await ImportAsync(book, FormattableString.Invariant($"{book.Today:uuuu-MM-dd},V,first,,-1.00,0,-1.00\n"));
        await book.Database.ExecuteAsync("""
            insert into acquirer_line (file_id, line, kind, rrn, gross_qepik, fee_qepik, net_qepik, day)
            select l.file_id, 1000 + g, 'reversal', 'r' || g, -1, 0, -1, l.day from acquirer_line l, generate_series(1, 100000) as g;
            analyze acquirer_line
            """);
        await book.Invoking(LookAsync).Should().ThrowAsync<InvalidOperationException>().WithMessage("*not all of them*");
        (await book.Database.AskAsync<long>("select count(*) from settlement_break")).Should().Be(0);
    }

    private static async Task<List<string>> LookAsync(RegisterBook book)
    {
        (await new ReconcileBank(book.Engine).RunAsync(Terms, "test", TestContext.Current.CancellationToken)).Should().NotBeNull();
        return [.. (await new BreakBook(book.Database.DataSource).ListAsync(new BreakFilter(), cancel: TestContext.Current.CancellationToken))
            .Select(one => $"{one.Kind} {one.AmountAtRiskQepik} {one.Subject.Split('/')[1]}").Order(StringComparer.Ordinal)];
    }

    private static Task<AcquirerImport> ImportAsync(RegisterBook book, string lines)
    {
        var mapping = Mappings.One("""
            {"name":"kart","for":"acquirer","words":{"S":"sale","V":"reversal"},
             "columns":{"date":"date","kind":"kind","rrn":"rrn","pan":"pan","gross":"gross","fee":"fee","net":"net"}}
            """);
        return new ImportAcquirers(book.Database.DataSource, [mapping]).FromAsync(
            new IncomingFile(
                "a.csv", new MemoryStream(Encoding.UTF8.GetBytes("date,kind,rrn,pan,gross,fee,net\n" + lines)), FileSource.Folder, IncomingFile.Engine),
            "kart", TestContext.Current.CancellationToken);
    }

    private static Task StatementAsync(RegisterBook book) => book.Database.ExecuteAsync($"""
        with f as (
            insert into settlement_file (kind, name, sha256, bytes, format, source, imported_by)
            values ('statement', 's', sha256('s'), 1, 'MT940', 'command', 'test') returning file_id
        )
        insert into statement (file_id, position, message, account, currency, from_day, to_day, entries, intraday)
        select f.file_id, 1, 'MT940', '{Account}', 'AZN', current_date - 35, current_date + 1, 0, false from f
        """);
}
