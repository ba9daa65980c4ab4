using EGovPay.Processing.Days;
using EGovPay.Processing.Journal;
using EGovPay.Processing.StateMachine;
using EGovPay.Tests.PostgreSql;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.Journal;

public sealed class CorrectionTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    [Fact]
    public async Task A_reversal_mirrors_the_legs_in_the_settlement_window_of_its_own_moment_not_in_one_that_is_closed()
    {
        await using var book = await OpenBook.OnAsync(database);
        await book.AddAgentAsync(480, 10_000);
        (await book.Journal.AcceptAsync(await book.AcceptanceAsync("r1", 1_000, 480))).Verdict
            .Should().Be(AcceptVerdict.Entered);
        await HappenAsync(book, PaymentEvent.ProviderConfirmed);
        (await new SettlementWindows(database.DataSource).CloseNowAsync(1)).Should().NotBeNull();

        await HappenAsync(book, PaymentEvent.ReversalRequested);
        await HappenAsync(book, PaymentEvent.ProviderReversed);

        (await book.FundsAsync(480)).Should().Be((0, 1_000, 11_000));
        (await database.AskAsync<long>("select count(distinct window_day) from transfer where agent_id = 480")).Should().Be(2);
        (await database.AskAsync<long>("select count(*) from transfer t join settlement_window w "
            + "on w.cutoff_group = t.cutoff_group and w.bank_day = t.window_day where t.agent_id = 480 and t.step = 3 "
            + "and w.closes_at < now()")).Should().Be(0, "a window that is closed never changes");
    }

    private static async Task HappenAsync(OpenBook book, PaymentEvent happened) =>
        (await book.HappenAsync((await book.Book.FindAsync(480, "r1"))!, happened)).Done.Should().BeTrue();
}
