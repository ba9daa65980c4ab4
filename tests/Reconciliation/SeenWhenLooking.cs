using EGovPay.Settlement.Reconciliation;
using EGovPay.Settlement.Statements;
using EGovPay.Tests.Statements;
using FluentAssertions;
using NodaTime;
using Xunit;
using static EGovPay.Tests.Reconciliation.BankBook;

namespace EGovPay.Tests.Reconciliation;

/// <summary>A look sees all that concerns our accounts, however banks write them, or says that it cannot.</summary>
public sealed class SeenWhenLooking
{
    private const string Spaced = "AZ21 NABZ 0000 0000 1370 1000 1944";
    private const string Number = "00000000137010001944";
    private static readonly LocalDate Day = new(2026, 2, 3);

    [Theory]
    [InlineData(Spaced)]
    [InlineData(Number)]
    [InlineData("az21nabz00000000137010001944")]
    public async Task A_statement_that_came_before_the_terms_is_seen_once_they_name_its_account(string spelling)
    {
        await using var book = await RegisterBook.OpenAsync();
        var id = await TellAsync(book, 1_000, Day);
        await SayAsync(book, spelling, Day, Day.PlusDays(5), (0, 69_000), new Said(-1_000, id) { Day = Day }, new Said(70_000, From: Payer));
        (await LookAsync(book)).Should().Be("MissingHere 70000");
        (await book.Database.AskAsync<string>("select subject from settlement_break")).Should().StartWith(Manat);
    }

    [Fact]
    public async Task What_came_under_two_spellings_of_an_account_counts_once()
    {
        await using var book = await RegisterBook.OpenAsync();
        var text = Bank.Camt("053", "S1", Manat, 0, 120_00, new Booking(120_00, "2026-02-03", "B1"));
        await new ImportStatements(book.Database.DataSource, OurAccounts.None).FromAsync(Bank.File(
            text.Replace($"<IBAN>{Manat}</IBAN>", $"<Othr><Id>{Number}</Id></Othr>", StringComparison.Ordinal)));
        (await Bank.ImportAsync(book.Database, text, null, Manat)).Statements[0].Repeated.Should().Be(1);
        (await Bank.ImportAsync(book.Database, text + "\n", null, Dollar)).Statements[0].Repeated.Should().Be(1, "of an account that is not ours, too");
        (await LookAsync(book)).Should().Be("Unidentified 12000");
    }

    [Theory]
    [InlineData(3, 0, 0)]
    [InlineData(0, 3, 0)]
    [InlineData(0, 0, 3)]
    public async Task More_than_a_look_can_hold_is_refused_and_never_cut_off(int bookings, int payouts, int deposits)
    {
        await using var book = await RegisterBook.OpenAsync();
        await SayAsync(book, Manat, Day, Day.PlusDays(9), null, [.. Enumerable.Range(0, bookings).Select(n => new Said(n + 1))]);
        for (var n = 0; n < payouts; n++)
        {
            await TellAsync(book, 1_000, Day);
        }

        for (var n = 0; n < deposits; n++)
        {
            await DepositAsync(book, $"doc-{n}", 1_000, Day);
        }

        var look = () => new ReconcileBank(book.Engine) { Most = 2 }.RunAsync(BankBook.Terms, "test");
        await look.Should().ThrowAsync<InvalidOperationException>();
        (await book.Database.AskAsync<long>("select count(*) from reconciliation")).Should().Be(0);
        (await new ReconcileBank(book.Engine) { Most = 3 }.RunAsync(BankBook.Terms, "test"))!.Breaks.Should().Be(bookings + payouts + deposits);
    }
}
