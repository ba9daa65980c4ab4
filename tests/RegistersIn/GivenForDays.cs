using System.Text;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.StateMachine;
using EGovPay.Settlement.Acquirers;
using EGovPay.Settlement.Incoming;
using EGovPay.Settlement.Reconciliation;
using EGovPay.Settlement.RegistersIn;
using EGovPay.Tests.Mapping;
using FluentAssertions;
using NodaTime;
using Xunit;
using RegisterBook = EGovPay.Tests.Reconciliation.RegisterBook;

namespace EGovPay.Tests.RegistersIn;

/// <summary>The same bytes about another provider or day are another register.</summary>
public sealed class GivenForDays
{
    [Theory]
    [InlineData("Total: 0 0.00\n")]
    [InlineData("[]")]
    public async Task Empty_registers_of_two_providers_and_of_two_days_are_entered_and_compared(string empty)
    {
        await using var book = await RegisterBook.OpenAsync();
        var ours = await book.PayAsync(PaymentState.Confirmed);
        var others = await book.PayAsync(PaymentState.Confirmed, provider: book.Other);
        var yesterday = book.Today.PlusDays(-1);

        var entered = new List<RegisterImport>();
        foreach (var (provider, day) in new[] { (book.Provider, yesterday), (book.Provider, book.Today), (book.Other, book.Today) })
        {
            entered.Add(await GiveAsync(book, empty, provider, day));
        }

        entered.Should().OnlyContain(one => one.Receipt.Verdict == FileVerdict.Imported);
        entered.Select(one => one.Receipt.Sha256).Distinct().Should().ContainSingle("it is the hash of the bytes");
        (await new ReconcileDue(book.Engine).RoundAsync("test", TestContext.Current.CancellationToken)).Should().HaveCount(3);
        (await book.OpenAsync()).Should().BeEquivalentTo(
            RegisterBook.Named(ours, "MissingThere"), RegisterBook.Named(others, "MissingThere"));

        var again = await GiveAsync(book, empty, book.Provider, book.Today);
        (again.Receipt.Verdict, again.Receipt.FileId).Should().Be((FileVerdict.KnownBefore, entered[1].Receipt.FileId));
        (await book.Database.AskAsync<long>("select count(*) from register_in")).Should().Be(3);
        (await book.Database.AskAsync<long>("select count(distinct sha256) from settlement_file")).Should().Be(1);
        (await new ReconcileDue(book.Engine).RoundAsync("test", TestContext.Current.CancellationToken)).Should().BeEmpty();
    }

    [Fact]
    public async Task A_register_that_was_given_for_the_wrong_day_is_given_again_for_the_right_one()
    {
        await using var book = await RegisterBook.OpenAsync();
        var paid = await book.PayAsync(PaymentState.Confirmed);
        var line = book.LineOf(paid);
        var day = NodaTime.Text.LocalDatePattern.Iso.Format(line.Day);
        var text = FormattableString.Invariant($"{line.Txn}\t{day}\t09:30:01\t{line.Account}\t10.00\nTotal: 1 10.00\n");

        (await GiveAsync(book, text, book.Provider, book.Today.PlusDays(-20))).Receipt.Verdict.Should().Be(FileVerdict.Imported);
        (await GiveAsync(book, text, book.Provider, book.Today)).Receipt.Verdict.Should().Be(FileVerdict.Imported);

        (await book.ReconcileAsync()).Should().BeEquivalentTo(new { Lines = 1, Matched = 1, Breaks = 0 });
        (await GiveAsync(book, text, book.Provider, book.Today)).Receipt.Verdict.Should().Be(FileVerdict.KnownBefore);
        (await GiveAsync(book, text, book.Provider, book.Today.PlusDays(-20))).Receipt.Verdict.Should().Be(FileVerdict.KnownBefore);
    }

    [Fact]
    public async Task Many_who_give_the_same_register_for_two_days_enter_it_once_for_each()
    {
        await using var book = await RegisterBook.OpenAsync();

        var given = await Task.WhenAll(Enumerable.Range(0, 8).Select(
            one => GiveAsync(book, "Total: 0 0.00\n", book.Provider, book.Today.PlusDays(-(one % 2)))));

        given.Count(one => one.Receipt.Verdict == FileVerdict.Imported).Should().Be(2);
        (await book.Database.AskAsync<long>("select count(distinct day) from register_in")).Should().Be(2);
        (await book.Database.AskAsync<long>("select count(*) from register_in")).Should().Be(2);
    }

    [Fact]
    public async Task Empty_reports_of_two_acquirers_are_two_files()
    {
        await using var book = await RegisterBook.OpenAsync();
        var mappings = new[] { "millikart", "azericard" }.Select(name => Mappings.One($$$"""
            {"name":"{{{name}}}","for":"acquirer","words":{"S":"sale"},
             "columns":{"date":"date","kind":"kind","gross":"gross","fee":"fee","net":"net"}}
            """)).ToList();
        async Task<FileReceipt> GiveReportAsync(string acquirer) => (await new ImportAcquirers(book.Database.DataSource, mappings).FromAsync(
            new IncomingFile("report.csv", new MemoryStream("date,kind,gross,fee,net\n"u8.ToArray()), FileSource.Command, "aysel"), acquirer,
            TestContext.Current.CancellationToken)).Receipt;

        (await GiveReportAsync("millikart")).Verdict.Should().Be(FileVerdict.Imported);
        (await GiveReportAsync("azericard")).Verdict.Should().Be(FileVerdict.Imported);
        (await GiveReportAsync("azericard")).Verdict.Should().Be(FileVerdict.KnownBefore);
    }

    private static Task<RegisterImport> GiveAsync(RegisterBook book, string text, ProviderSettings provider, LocalDate day) =>
        new ImportRegisters(book.Database.DataSource, []).FromAsync(
            new IncomingFile("register.txt", new MemoryStream(Encoding.UTF8.GetBytes(text)), FileSource.Command, "aysel"),
            new RegisterOf(provider.Id, provider.Code, day), TestContext.Current.CancellationToken);
}
