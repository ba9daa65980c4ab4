using System.Xml.Linq;
using EGovPay.Processing;
using EGovPay.Settlement.Payouts;
using EGovPay.Tests.Reconciliation;
using FluentAssertions;
using NodaTime;
using Xunit;

namespace EGovPay.Tests.Payouts;

/// <summary>A payout is compared with the day that its bank was told in the file, not with the one on which it was proposed.</summary>
public sealed class ToldDays
{
    /// <summary>A Thursday; the next bank day is the thirty-first, after Novruz and Ramazan bayramı.</summary>
    private static readonly LocalDate Proposed = new(2026, 3, 19);
    private static readonly LocalDate After = new(2026, 3, 31);

    [Fact]
    public async Task What_is_exported_late_is_told_for_the_next_bank_day_and_awaited_from_then_on()
    {
        await using var book = await RegisterBook.OpenAsync();
        await BankBook.ApproveAsync(book, 1_000, Proposed);
        var export = await new ExportPayouts(book.Database.DataSource, new Fixed(new LocalDate(2026, 3, 21))).RunAsync(
            Decisions.Doer, PayoutFormat.Pain00100109, cancel: TestContext.Current.CancellationToken);
        var told = XDocument.Parse(System.Text.Encoding.UTF8.GetString(export.File!.Body.Span)).Descendants()
            .Single(one => one.Name.LocalName == "ReqdExctnDt");
        told.Value.Should().Be("2026-03-31", "banks are closed until then");
        (await book.Database.AskAsync<string>("select to_char(execution_day, 'YYYY-MM-DD') from payout_in_file")).Should().Be("2026-03-31");

        var id = (await book.Database.AskAsync<string>("select end_to_end_id from payout"))!;
        await BankBook.SayAsync(book, BankBook.Manat, Proposed.PlusDays(-3), After.PlusDays(-1), null);
        (await BankBook.LookAsync(book)).Should().BeEmpty("no bank executes it before");
        await BankBook.SayAsync(book, BankBook.Manat, After, After.PlusDays(2), null, new Said(-1_000, id) { Day = After.PlusDays(2) });
        (await BankBook.LookAsync(book)).Should().BeEmpty("it is two days late, and not a fortnight");
    }

    [Fact]
    public async Task What_no_statement_shows_after_the_told_day_is_missing()
    {
        await using var book = await RegisterBook.OpenAsync();
        await BankBook.ApproveAsync(book, 1_000, Proposed);
        await new ExportPayouts(book.Database.DataSource, new Fixed(new LocalDate(2026, 3, 21))).RunAsync(
            Decisions.Doer, PayoutFormat.Pain00100109, cancel: TestContext.Current.CancellationToken);
        await BankBook.SayAsync(book, BankBook.Manat, Proposed, After.PlusDays(3), null);
        (await BankBook.LookAsync(book)).Should().Be("MissingThere 1000");
        (await book.Database.AskAsync<string>("select to_char(day, 'YYYY-MM-DD') from settlement_break")).Should().Be("2026-03-31");
    }

    [Fact]
    public async Task A_file_from_before_told_days_were_kept_is_compared_with_the_day_on_which_it_was_made()
    {
        await using var book = await RegisterBook.OpenAsync();
        var id = await BankBook.TellAsync(book, 1_000, new LocalDate(2026, 2, 2), made: new LocalDate(2026, 2, 12));
        await BankBook.SayAsync(book, BankBook.Manat, new LocalDate(2026, 2, 2), new LocalDate(2026, 2, 11), null);
        (await BankBook.LookAsync(book)).Should().BeEmpty();
        await BankBook.SayAsync(book, BankBook.Manat, new LocalDate(2026, 2, 12), new LocalDate(2026, 2, 13), null, new Said(-1_000, id));
        (await BankBook.LookAsync(book)).Should().BeEmpty();
    }

    /// <summary>Noon of a day.</summary>
    private sealed class Fixed(LocalDate day) : IClock
    {
        public Instant GetCurrentInstant() => day.At(new LocalTime(12, 0)).InZoneStrictly(Baku.Zone).ToInstant();
    }
}
