using System.Text.Json;
using EGovPay.Tests.PostgreSql;
using EGovPay.Tests.Telling;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.CommandLine;

/// <summary>`egovpay payment show`: what an operator reads before a telephone call with a provider.</summary>
public sealed class ShowingPayments : IDisposable
{
    private const string Account = "012345678901234";

    private readonly ScratchFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task What_was_asked_and_answered_and_who_decided_is_shown_with_the_account_masked()
    {
        await using var centre = await TellingCentre.StartAsync();
        var number = (await centre.PayAsync("S-1", account: Account)).Number;
        await centre.Database.ExecuteAsync(
            "update event set made_by = 'aysel', approved_by = 'resad' where step = 1; "
            + "insert into exchange (agent_id, number, step, elapsed_ms, request, answer) select agent_id, number, 1, 1234, "
            + $"'POST https://provider.example/pay?to={Account}' || E'\\n\\n' || '{{\"account\":\"{Account}\"}}', "
            + "E'HTTP 200\\n\\nwait\\x1b[2J' || repeat('y', 10000) from payment");

        var run = await ShowAsync(centre.Database, $"{number}");
        run.ExitCode.Should().Be(0, run.Errors);
        run.Output.Should().Contain("aysel, resad").And.Contain("1234 ms").And.Contain("provider.example/pay?to=0123*******1234")
            .And.Contain("HTTP 200").And.Contain("more: --full").And.NotContain(Account).And.NotContain("\u001b");
        run.Output.Length.Should().BeLessThan(6_000);

        var line = JsonDocument.Parse((await ShowAsync(centre.Database, $"{number}", "--json")).LastLine).RootElement;
        line.GetRawText().Should().NotContain(Account);
        var exchange = line.GetProperty("exchanges")[0];
        exchange.GetProperty("step").GetInt32().Should().Be(1);
        exchange.GetProperty("request").GetString().Should().Contain("POST https://provider.example");
        line.GetProperty("events")[1].GetProperty("approvedBy").GetString().Should().Be("resad");
        (await ShowAsync(centre.Database, $"{number}", "--full")).Output.Should().Contain($"to={Account}").And.Contain(new string('y', 10_000));
    }

    private Task<ProgramRun> ShowAsync(TestDatabase database, params string[] rest) => RunningProgram.RunAsync(
        folder.Path, new Dictionary<string, string> { ["EGOVPAY_DATABASE"] = database.ConnectionString }, ["payment", "show", .. rest]);
}
