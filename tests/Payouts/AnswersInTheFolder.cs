using EGovPay.Settlement.Incoming;
using EGovPay.Settlement.Payouts;
using EGovPay.Terminals.Jobs;
using EGovPay.Tests.CommandLine;
using FluentAssertions;
using NodaTime;
using Xunit;

namespace EGovPay.Tests.Payouts;

/// <summary>What banks say of payouts comes into the watched folder, as statements do.</summary>
public sealed class AnswersInTheFolder
{
    [Fact]
    public async Task An_answer_is_read_once_its_refusal_put_back_in_the_same_round_and_what_is_none_lies_apart()
    {
        using var folder = new ScratchFolder();
        await using var stage = await PayoutStage.SetAsync();
        await stage.PayAsync(PayoutStage.Utility, 1_001);
        await stage.CloseWindowAsync();
        await stage.ApproveAsync(await stage.ProposeAsync());
        var file = await stage.ExportAsync();
        var payout = (await new ReadPayouts(stage.A.Database).ListAsync(null, open: true, cancel: TestContext.Current.CancellationToken)).Single();
        var answer = PayingOut.Answer(file, "transfer", "RJCT", payout);
        Put(folder, "answer.xml", answer);
        Put(folder, "none.xml", [.. "<Document/>"u8]);
        Put(folder, "empty.xml", []);

        (await RunAsync(stage, folder)).Should().Be("1 read, 0 known before, 2 refused, 0 not complete yet; 1 payouts put back, 1 breaks opened");
        (await stage.OwedAsync(PayoutStage.Utility)).Should().Be(1_000);
        (await new ReadPayouts(stage.A.Database).FindAsync(payout.Id, TestContext.Current.CancellationToken))!.State.Should().Be(PayoutState.Returned);
        File.Exists(Path.Combine(folder.Path, "done", "statuses", "answer.xml")).Should().BeTrue();
        File.ReadAllText(Path.Combine(folder.Path, "refused", "statuses", "none.xml.reason")).Should().Contain("line 1");
        (await stage.Decisions.Stage.Database.AskAsync<string>(
            "select string_agg(source || ' ' || imported_by || ' ' || (refused_because is null), ', ' order by refused_because nulls first) "
            + "from settlement_file where kind = 'payment-status'")).Should().Be("folder engine true, folder engine false, folder engine false");

        Put(folder, "again.xml", answer);
        (await RunAsync(stage, folder)).Should().Be("0 read, 1 known before, 0 refused, 0 not complete yet");
        (await stage.OwedAsync(PayoutStage.Utility)).Should().Be(1_000);
        (await stage.FaultsAsync()).Should().BeEmpty();
    }

    private static Task<string> RunAsync(PayoutStage stage, ScratchFolder folder) =>
        JobTable.Of(new JobTools(stage.A, null!, null!, folder.Path, 1)).Single(one => one.Name == "import-files").Run(
            new Settlement.Jobs.JobProgress(TimeProvider.System, null, (_, _) => Task.CompletedTask), TestContext.Current.CancellationToken);

    private static void Put(ScratchFolder folder, string name, byte[] bytes)
    {
        var at = Path.Combine(folder.Path, "statuses", name);
        Directory.CreateDirectory(Path.GetDirectoryName(at)!);
        File.WriteAllBytes(at, bytes);
        File.SetLastWriteTimeUtc(at, (SystemClock.Instance.GetCurrentInstant() - ImportFolder.Quiet - Duration.FromMinutes(1)).ToDateTimeUtc());
    }
}
