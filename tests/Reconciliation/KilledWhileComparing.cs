using System.Globalization;
using System.Text;
using EGovPay.Processing.Payments;
using EGovPay.Processing.StateMachine;
using EGovPay.Settlement.Terms;
using EGovPay.Tests.CommandLine;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.Reconciliation;

/// <summary>The program is killed hard while it imports and compares; run again, it finds each difference once.</summary>
public sealed class KilledWhileComparing
{
    private const string Ours = "AZ02PAHA38020AZNHC0100012345";

    private static readonly byte[] Terms = Encoding.UTF8.GetBytes($$"""
        {"format": 1, "payer": {"name": "eGovPay", "voen": "1400057421"},
         "accounts": [{"iban": "{{Ours}}", "bic": "PAHAAZ22", "bankCode": "505141", "currency": "AZN", "name": "Əsas"} ],
         "providers": [{"code": "azerishiq", "beneficiary": {"name": "Azərişıq ASC", "voen": "1400057421",
            "iban": "AZ14IBAZ40060019449330218120", "bic": "IBAZAZ2X", "bankCode": "805250" } } ] }
        """);

    [Fact]
    public async Task A_register_whose_import_and_comparison_are_killed_gives_each_break_once_when_it_is_run_again()
    {
        using var folder = new ScratchFolder();
        await using var book = await RegisterBook.OpenAsync();
        var environment = (await TestPeople.OfAsync(book.Database)).Environment(book.Database.ConnectionString);
        var right = await book.PayAsync(PaymentState.Confirmed);
        var over = await book.PayAsync(PaymentState.Confirmed);
        var missing = await book.PayAsync(PaymentState.Confirmed);
        var unknown = await book.PayAsync(PaymentState.Unknown);
        var day = book.Today.ToString("uuuu-MM-dd", CultureInfo.InvariantCulture);
        folder.File("r.txt", Register(book, right, unknown, over));
        string[] import = ["register", "import", "r.txt", "--provider", "azercell", "--day", day];
        string[] compare = ["reconcile", "--provider", "azercell", "--day", day];

        await KilledProgram.WhereItWaitsAsync(book.Database, folder, environment, "register_in_line", import);
        (await book.Database.AskAsync<long>("select count(*) from settlement_file")).Should().Be(0, "a file is whole or it is not there");
        var imported = await RunningProgram.RunAsync(folder.Path, environment, import);
        imported.ExitCode.Should().Be(0, imported.Errors);

        foreach (var where in new[] { "settlement_break", "reconciliation" })
        {
            await KilledProgram.WhereItWaitsAsync(book.Database, folder, environment, where, compare);
            (await book.OpenAsync()).Should().BeEmpty("what it had written is undone");
            (await book.Database.AskAsync<long>("select count(*) from reconciliation")).Should().Be(0);
        }

        string[] planted = [RegisterBook.Named(over, "OverAmount"), RegisterBook.Named(missing, "MissingThere")];
        for (var again = 0; again < 2; again++)
        {
            var compared = await RunningProgram.RunAsync(folder.Path, environment, compare);
            compared.ExitCode.Should().Be(1, compared.Errors);
            (await book.OpenAsync()).Should().BeEquivalentTo(planted);
        }

        (await book.Database.AskAsync<long>("select count(*) from settlement_break")).Should().Be(2);
        (await book.FindAsync(unknown.Number)).State.Should().Be(PaymentState.Confirmed);
        (await book.Database.AskAsync<long>(
            $"select count(*) from transfer where number = {unknown.Number} and leg = 1")).Should().Be(1, "it was settled once");
    }

    [Fact]
    public async Task Statements_whose_comparison_is_killed_give_each_break_once_when_it_is_run_again()
    {
        using var folder = new ScratchFolder();
        await using var book = await RegisterBook.OpenAsync();
        var environment = (await TestPeople.OfAsync(book.Database)).Environment(book.Database.ConnectionString);
        var today = Processing.Baku.DateOf(book.Engine.Clock.GetCurrentInstant());
        (await TermsStore.ApplyAsync(book.Database.DataSource, Terms, today, today, TestPeople.Doer, TestContext.Current.CancellationToken))
            .Faults.Should().BeEmpty();
        await book.Database.ExecuteAsync($"""
            with f as (
                insert into settlement_file (kind, name, sha256, bytes, format, source, imported_by)
                values ('statement', 's.xml', sha256('s'), 1, 'camt.053.001.08', 'command', 'test') returning file_id
            ),
            s as (
                insert into statement (file_id, position, message, account, currency, from_day, to_day, entries, intraday)
                select f.file_id, 1, 'camt.053.001.08', '{Ours}', 'AZN', current_date - 10, current_date + 1, 2, false from f
                returning statement_id
            )
            insert into statement_entry (statement_id, entry_no, line, account, currency, amount_minor, booking_day, status, reversal, bank_reference)
            select s.statement_id, x.no, x.no, '{Ours}', 'AZN', x.amount, current_date, 'booked', false, 'doc-' || x.no
            from s cross join (values (1, 70000), (2, -900)) as x (no, amount)
            """);
        foreach (var where in new[] { "settlement_break", "reconciliation" })
        {
            await KilledProgram.WhereItWaitsAsync(book.Database, folder, environment, where, "reconcile", "--bank");
            (await book.Database.AskAsync<long>("select count(*) from settlement_break")).Should().Be(0, "what it had written is undone");
        }

        for (var again = 0; again < 2; again++)
        {
            var compared = await RunningProgram.RunAsync(folder.Path, environment, "reconcile", "--bank");
            compared.ExitCode.Should().Be(1, compared.Errors);
            (await book.Database.AskAsync<long>("select count(*) from settlement_break where side = 'bank'")).Should().Be(2);
        }
    }

    private static string Register(RegisterBook book, Payment right, Payment unknown, Payment over)
    {
        WrittenLine[] lines = [book.LineOf(unknown), book.LineOf(over) with { AmountQepik = over.AmountQepik + 7 }, book.LineOf(right)];
        var text = new StringBuilder();
        foreach (var line in lines)
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $"{line.Txn}\t{line.Day:uuuu-MM-dd}\t10:00:00\t{line.Account}\t{line.AmountQepik / 100}.{line.AmountQepik % 100:00}\n");
        }

        var total = lines.Sum(line => line.AmountQepik);
        return text.Append(CultureInfo.InvariantCulture, $"Total: {lines.Length} {total / 100}.{total % 100:00}\n").ToString();
    }
}
