using System.Globalization;
using System.Text.Json;
using EGovPay.Settlement.Breaks;
using EGovPay.Settlement.Payouts;
using EGovPay.Tests.Payouts;
using EGovPay.Tests.PostgreSql;
using FluentAssertions;
using NodaTime;
using Xunit;

namespace EGovPay.Tests.CommandLine;

/// <summary>What commands show of settlement: what is so, in words that people can use.</summary>
public sealed class ShowingSettlement(TestDatabase database) : IClassFixture<TestDatabase>, IDisposable
{
    private readonly ScratchFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task What_is_not_there_is_said_and_not_shown_as_empty()
    {
        var history = await RunAsync("jobs", "history", "nosuch");
        (history.ExitCode, history.Errors).Should().Be((1, "egovpay: There is no job 'nosuch'. `egovpay jobs list` shows them.\n"));
        (await RunAsync("jobs", "history", "audit")).ExitCode.Should().Be(0, "it has not run yet, and is a job");
        var far = await RunAsync("settle", "window", "C1:2099-01-04");
        far.ExitCode.Should().Be(1);
        far.Errors.Should().Contain("There is no window C1:2099-01-04").And.Contain("egovpay day status");
        foreach (var wrong in new[] { "C9:2026-11-23", "C1:2026-13-01", "C1" })
        {
            var run = await RunAsync("settle", "window", wrong);
            run.ExitCode.Should().Be(2);
            run.Errors.Should().Contain("window: a cut-off group, C1 to C4, and a bank day").And.NotContain("--");
        }
    }

    [Fact]
    public async Task Breaks_are_counted_as_they_are_filtered_and_say_who_settled_them_and_what_each_side_says()
    {
        await using (var connection = await database.DataSource.OpenConnectionAsync(TestContext.Current.CancellationToken))
        {
            await OpenBreaks.AddAsync(connection, [.. Breaks()], TestContext.Current.CancellationToken);
        }

        var listed = await RunAsync("breaks", "list", "--kind", "Duplicate", "--day", "2020-01-02");
        listed.Output.Split('\n').Single(line => line.Contains("0-1 days", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Should().Equal("0-1", "days", "1", "3.00");
        await database.ExecuteAsync("update settlement_break set settled_at = now(), settled_by = 'demo-finance' where subject = 's/1'");
        (await RunAsync("breaks", "list", "--all")).Output.Should().Contain("settled by itself").And.NotContain("settled by demo-finance");

        var id = await database.AskAsync<long>("select break_id from settlement_break where subject = 's/3'");
        var shown = await RunAsync("breaks", "show", id.ToString(CultureInfo.InvariantCulture));
        shown.Output.Should().Contain("amount: 15.00").And.Contain("end to end id: P-1").And.Contain("reversal: no").And.Contain("nothing")
            .And.NotContain("{").And.NotContain("counterparty");
        JsonDocument.Parse((await RunAsync("breaks", "show", id.ToString(CultureInfo.InvariantCulture), "--json")).LastLine).RootElement
            .GetProperty("theirs").GetProperty("amountQepik").GetInt64().Should().Be(1_500);
    }

    [Fact]
    public async Task A_window_has_a_line_of_sums_and_its_payouts_stand_in_one_place()
    {
        await using var stage = await PayoutStage.SetAsync();
        var own = stage.Decisions.Stage.Database;
        await stage.PayAsync(PayoutStage.Utility, 1_001);
        await stage.PayAsync(PayoutStage.Treasury, 2_001, budget: new BudgetLine("1", "111100"));
        await stage.CloseWindowAsync();
        await stage.ApproveAsync(await stage.ProposeAsync());
        var day = await own.AskAsync<DateOnly>("select max(window_day) from transfer where cutoff_group = 1");
        var window = string.Create(CultureInfo.InvariantCulture, $"C1:{day:yyyy-MM-dd}");
        Task<ProgramRun> RunAsync(params string[] arguments) => RunningProgram.RunAsync(
            folder.Path, new Dictionary<string, string> { ["EGOVPAY_DATABASE"] = own.ConnectionString }, ["settle", .. arguments]);

        var sides = await RunAsync("window", window);
        sides.Output.Should().Contain("all of these").And.Contain(" 30.00 ");
        var shown = await RunAsync("show", "--window", window);
        shown.Errors.Should().Contain("`egovpay settle window` shows");
        var cut = await RunAsync("show", "--window", window, "--json");
        JsonDocument.Parse(cut.LastLine).RootElement.GetProperty("paidOutQepik").ValueKind.Should().Be(JsonValueKind.Null);
        (await RunAsync("show", "--json")).Output.Should().Contain("\"paidOutQepik\":1000");
    }

    private static IEnumerable<NewBreak> Breaks()
    {
        NewBreak Of(BreakKind kind, string subject, int day, long qepik) =>
            new(BreakSide.Bank, kind, subject, new LocalDate(2020, 1, day), qepik, "bank-unknown", "ask-bank");
        yield return Of(BreakKind.Unidentified, "s/1", 2, 100);
        yield return Of(BreakKind.Duplicate, "s/2", 1, 200);
        yield return Of(BreakKind.Duplicate, "s/3", 2, 300) with
        {
            Theirs = """{"amountQepik":1500,"endToEndId":"P-1","reversal":false,"counterparty":null}""",
        };
    }

    private async Task<ProgramRun> RunAsync(params string[] arguments) => await RunningProgram.RunAsync(
        folder.Path, (await TestPeople.OfAsync(database)).Environment(database.ConnectionString), arguments);
}
