using System.Text.Json;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.CommandLine;

/// <summary>The demo, from nothing, in a folder of its own, with a private PostgreSQL of its own.</summary>
public sealed class DayOfADemo : IDisposable
{
    private static readonly string[] Keys =
    [
        "payments", "confirmed", "declined", "cancelled", "unknown", "refused", "repeats", "confirmedUncredited",
        "creditedUnconfirmed", "creditedTwice", "auditViolations", "seconds", "perSecond", "reversed",
        "breaksPlanted", "breaksFound", "falseBreaks", "payoutsQepik", "sealed",
    ];

    private readonly ScratchFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_day_with_every_kind_of_trouble_and_a_killed_server_ends_with_both_books_equal()
    {
        var run = await RunAsync("--payments", "300", "--seed", "5", "--exit", "--kill-server-after", "120");
        run.ExitCode.Should().Be(0, run.Errors);
        run.Errors.Should().Contain("The server is killed").And.NotContain("unexpected:");
        var line = JsonDocument.Parse(run.LastLine).RootElement;
        line.EnumerateObject().Select(member => member.Name).Should().Equal(Keys);
        long Of(string key) => line.GetProperty(key).GetInt64();
        Of("payments").Should().Be(300);
        Of("payments").Should().Be(Of("confirmed") + Of("declined") + Of("cancelled"));
        foreach (var none in new[]
        {
            "unknown", "confirmedUncredited", "creditedUnconfirmed", "creditedTwice", "auditViolations",
        })
        {
            Of(none).Should().Be(0, none);
        }

        Of("reversed").Should().BePositive();
        Of("breaksPlanted").Should().Be(6, "a missing, an extra and a changed line in registers, and as many in the bank's statement");
        Of("breaksFound").Should().Be(6);
        Of("falseBreaks").Should().Be(0);
        Of("payoutsQepik").Should().BePositive();
        line.GetProperty("sealed").GetBoolean().Should().BeTrue();
        foreach (var some in new[] { "declined", "cancelled", "refused", "repeats" })
        {
            Of(some).Should().BeGreaterThanOrEqualTo(3, "each trouble is at least 1 % of the payments: {0}", some);
        }

        run.Output.Trim().Should().NotContain("\n", "everything for people goes to stderr");
        Directory.EnumerateFiles(folder.Path, "*", SearchOption.AllDirectories).Should().NotBeEmpty();

        // The next start finds everything there: the audit runs on what the demo left.
        var audit = await RunningProgram.RunAsync(folder.Path, null, "audit");
        audit.ExitCode.Should().Be(0, audit.Errors);
        var audited = JsonDocument.Parse(audit.LastLine).RootElement;
        audited.GetProperty("payments").GetInt64().Should().Be(300);
        audited.GetProperty("violations").GetInt64().Should().Be(0);
    }

    [Fact]
    public async Task A_demo_that_is_killed_takes_its_children_along_and_the_next_one_adopts_its_database()
    {
        var data = new DirectoryInfo(Path.Combine(folder.Path, ".egovpay"));
        await using (var demo = RunningProgram.Start(folder.Path, null, "demo", "--payments", "20"))
        {
            await demo.LineAsync("\"payments\":20");
            var listed = await RunningProgram.RunAsync(folder.Path, null, "agent", "list", "--json");
            listed.ExitCode.Should().Be(0, "a command works beside the owner: {0}", listed.Errors);
            listed.Output.Should().Contain("\"btb\"").And.Contain("\"sebeke\"").And.Contain("\"portal\"");
            demo.KillHard();
            await demo.EndAsync();
        }

        data.Exists.Should().BeTrue();
        var next = await RunAsync("--payments", "20", "--exit");
        next.ExitCode.Should().Be(0, next.Errors);
        var line = JsonDocument.Parse(next.LastLine).RootElement;
        line.GetProperty("payments").GetInt64().Should().Be(20, "earlier days are not counted again");

        // The first one closed today; unless midnight came between them, the second's payments lie in a day that has not begun.
        var days = await RunningProgram.RunAsync(folder.Path, null, "day", "status", "--json");
        var open = JsonDocument.Parse(days.LastLine).RootElement.GetProperty("open").GetString()!;
        var ahead = next.Errors.Contains($"this day is {open}, which has not begun and stays open", StringComparison.Ordinal);
        line.GetProperty("sealed").GetBoolean().Should().Be(!ahead);
        next.Errors.Contains("The day is closed and sealed", StringComparison.Ordinal).Should().Be(!ahead);
    }

    private Task<ProgramRun> RunAsync(params string[] arguments) =>
        RunningProgram.RunAsync(folder.Path, null, ["demo", .. arguments]);
}
