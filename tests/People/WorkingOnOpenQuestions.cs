using System.Text.Json;
using EGovPay.Processing.Audit;
using EGovPay.Processing.People;
using EGovPay.Tests.CommandLine;
using FluentAssertions;
using NodaTime;
using Xunit;
using static EGovPay.Processing.StateMachine.PaymentEvent;
using static EGovPay.Processing.StateMachine.PaymentState;
using Decision = EGovPay.Processing.People.PaymentDecision;

namespace EGovPay.Tests.People;

/// <summary>What is unknown and what is contradicted: seen by commands, and closed by two people alone.</summary>
public sealed class WorkingOnOpenQuestions : IDisposable
{
    private readonly ScratchFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(Decision.Stands, Declined)]
    [InlineData(Decision.Delivered, Confirmed)]
    public async Task A_late_truth_opens_a_contradiction_and_only_an_approved_decision_closes_it(
        Decision decision, Processing.StateMachine.PaymentState to)
    {
        await using var d = await Decisions.OpenAsync();
        await d.PaymentAsync("r", ProviderDeclined);
        var funds = await FundsAsync(d);
        (await Contradictions.ListAsync(d.Stage.Database.DataSource, closedToo: true)).Should().BeEmpty();

        await d.HappenAsync("r", LateTruth);
        await d.HappenAsync("r", LateTruth);
        var payment = await d.FindAsync("r");
        var open = (await Contradictions.ListAsync(d.Stage.Database.DataSource, closedToo: false)).Should()
            .ContainSingle("the second is one more voice in the first").Subject;
        open.Should().Match<Contradiction>(one => one.Number == payment.Number && one.Reference == "r" && one.AgentCode == "bank"
            && one.State == Declined && one.TotalQepik == 500 && one.ClosedAt == null && one.ProposalId == null);
        payment.State.Should().Be(Declined, "nothing is applied by itself");
        (await FundsAsync(d)).Should().Be(funds);

        var rejected = (await d.Engine.Proposals.ProposeAsync(Decisions.Other, payment, decision, "a call")).Id;
        await d.LetPassAsync(rejected);
        (await d.Engine.Decide.ApproveAsync(Decisions.Other, rejected)).Result.Should().Be(DecideResult.SamePerson);
        (await d.Engine.Decide.RejectAsync(Decisions.Approver, rejected, "no")).Result.Should().Be(DecideResult.Done);
        (await Contradictions.ListAsync(d.Stage.Database.DataSource, closedToo: false)).Should().ContainSingle();

        var id = await d.ProposeAsync(payment, decision);
        (await Contradictions.ListAsync(d.Stage.Database.DataSource, closedToo: false)).Should().ContainSingle("one has only proposed");
        (await d.Engine.Decide.ApproveAsync(Decisions.Approver, id)).Result.Should().Be(DecideResult.Done);

        (await Contradictions.ListAsync(d.Stage.Database.DataSource, closedToo: false)).Should().BeEmpty();
        (await Contradictions.ListAsync(d.Stage.Database.DataSource, closedToo: true)).Should().ContainSingle()
            .Which.Should().Match<Contradiction>(one => one.ProposalId == id && one.ClosedAt >= one.OpenedAt);
        (await d.FindAsync("r")).State.Should().Be(to);
        var report = await AuditBooks.RunAsync(d.Stage.Database.DataSource);
        report.Invariants.SelectMany(i => i.Offenders.Select(o => $"{i.Name}: {o}")).Should().BeEmpty();
        report.Invariants.Single(i => i.Name == "contradictions").Checked.Should().Be(2);
    }

    [Fact]
    public async Task A_late_truth_after_the_decision_opens_another_contradiction()
    {
        await using var d = await Decisions.OpenAsync();
        var payment = await d.PaymentAsync("r", ProviderDeclined, LateTruth);
        await d.Engine.Decide.ApproveAsync(Decisions.Approver, await d.ProposeAsync(payment, Decision.Stands));
        await d.HappenAsync("r", LateTruth);
        (await Contradictions.ListAsync(d.Stage.Database.DataSource, closedToo: false)).Should().ContainSingle();
        (await Contradictions.ListAsync(d.Stage.Database.DataSource, closedToo: true)).Should().HaveCount(2);
        (await AuditBooks.RunAsync(d.Stage.Database.DataSource)).Violations.Should().Be(0);
    }

    [Fact]
    public async Task Unknown_payments_are_listed_oldest_first_with_their_age_and_the_alarm()
    {
        await using var d = await Decisions.OpenAsync();
        var young = await d.PaymentAsync("young", ProviderSilent);
        var old = await d.PaymentAsync("old", ProviderSilent, ProviderSilent);
        await d.PaymentAsync("known", ProviderConfirmed);
        await d.Stage.Database.ExecuteAsync(
            $"update unknown_payment set since = since - interval '2 hours' where number = {old.Number}");
        var held = await d.ProposeAsync(young, Decision.Confirm);

        var all = await ReadAsync(d, "payment", "unknown", "--json");
        var payments = all.GetProperty("payments").EnumerateArray().ToList();
        payments.Select(one => one.GetProperty("reference").GetString()).Should().Equal("old", "young");
        payments[0].GetProperty("ageSeconds").GetInt64().Should().BeInRange(7_200, 7_800);
        payments[0].GetProperty("alarm").GetBoolean().Should().BeTrue();
        payments[0].GetProperty("provider").GetString().Should().Be("azerishiq");
        payments[0].GetProperty("totalQepik").GetInt64().Should().Be(500);
        payments[1].GetProperty("alarm").GetBoolean().Should().BeFalse();
        payments[1].GetProperty("heldBy").GetString().Should().Be(FormattableString.Invariant($"{held}"));
        var sum = all.GetProperty("providers").EnumerateArray().Should().ContainSingle().Subject;
        (sum.GetProperty("unknown").GetInt64(), sum.GetProperty("totalQepik").GetInt64(), sum.GetProperty("held").GetInt64(),
            sum.GetProperty("alarming").GetInt64()).Should().Be((2, 1_000, 1, 1));

        (await ReadAsync(d, "payment", "unknown", "--json", "--older-than", "60")).GetProperty("payments").EnumerateArray()
            .Should().ContainSingle().Which.GetProperty("reference").GetString().Should().Be("old");
        (await ReadAsync(d, "payment", "unknown", "--json", "--limit", "1")).GetProperty("payments").GetArrayLength().Should().Be(1);
        var other = await ReadAsync(d, "payment", "unknown", "--json", "--provider", "azercell");
        (other.GetProperty("payments").GetArrayLength(), other.GetProperty("providers").GetArrayLength()).Should().Be((0, 0));
        (await RunAsync(d, "payment", "unknown")).Output.Should().Contain("ALARM").And.Contain("young").And.Contain("5.00");
    }

    [Fact]
    public async Task Contradictions_are_listed_while_they_are_open_and_all_of_them_when_asked()
    {
        await using var d = await Decisions.OpenAsync();
        await d.PaymentAsync("worked", ProviderDeclined, LateTruth);
        await d.Engine.Decide.ApproveAsync(
            Decisions.Approver, await d.ProposeAsync(await d.FindAsync("worked"), Decision.Stands));
        await d.PaymentAsync("waits", ProviderConfirmed, LateTruth);

        var line = await ReadAsync(d, "payment", "contradictions", "--json");
        (line.GetProperty("reference").GetString(), line.GetProperty("state").GetString(), line.GetProperty("open").GetBoolean())
            .Should().Be(("waits", "Confirmed", true));
        (await RunAsync(d, "payment", "contradictions")).Output.Should().Contain("waits").And.NotContain("worked");
        (await RunAsync(d, "payment", "contradictions", "--all")).Output.Should().Contain("waits").And.Contain("worked");
        (await RunAsync(d, "payment", "contradictions", "--all", "--limit", "1")).Output.Should().NotContain("waits");
    }

    [Theory]
    [InlineData(2, "--older-than", "payment", "unknown", "--older-than", "-1")]
    [InlineData(2, "--older-than", "payment", "unknown", "--older-than", "525601")]
    [InlineData(2, "--limit", "payment", "unknown", "--limit", "0")]
    [InlineData(2, "--limit", "payment", "contradictions", "--limit", "10001")]
    [InlineData(1, "nobody", "payment", "unknown", "--provider", "nobody")]
    public async Task What_cannot_be_listed_is_refused_with_the_reason(int exit, string reason, params string[] line)
    {
        await using var database = await PostgreSql.TestDatabase.CreateAsync();
        var run = await RunningProgram.RunAsync(
            folder.Path, new Dictionary<string, string> { ["EGOVPAY_DATABASE"] = database.ConnectionString }, line);
        run.ExitCode.Should().Be(exit, run.Errors);
        run.Errors.Should().Contain(reason).And.NotContain("   at ");
    }

    [Fact]
    public async Task More_than_the_most_of_a_list_is_not_asked_of_the_database()
    {
        await using var database = await PostgreSql.TestDatabase.CreateAsync();
        var unknown = () => UnknownPayments.ListAsync(database.DataSource, null, Duration.Zero, UnknownPayments.ListLimit + 1);
        await unknown.Should().ThrowAsync<ArgumentOutOfRangeException>();
        var denied = () => Contradictions.ListAsync(database.DataSource, true, Contradictions.ListLimit + 1);
        await denied.Should().ThrowAsync<ArgumentOutOfRangeException>();
    }

    private static async Task<string> FundsAsync(Decisions d) => (await d.Stage.Database.AskAsync<string>(
        "select debits_pending || ' ' || debits_posted || ' ' || credits_posted from funds "
        + $"where agent_id = {d.Stage.Agent.AgentId}"))!;

    private async Task<ProgramRun> RunAsync(Decisions d, params string[] line)
    {
        var run = await RunningProgram.RunAsync(
            folder.Path, new Dictionary<string, string> { ["EGOVPAY_DATABASE"] = d.Stage.Database.ConnectionString }, line);
        run.ExitCode.Should().Be(0, run.Errors);
        return run;
    }

    private async Task<JsonElement> ReadAsync(Decisions d, params string[] line)
    {
        using var read = JsonDocument.Parse((await RunAsync(d, line)).LastLine);
        return read.RootElement.Clone();
    }
}
