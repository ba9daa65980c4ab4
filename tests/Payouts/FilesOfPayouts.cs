using System.Globalization;
using EGovPay.Processing.People;
using EGovPay.Tests.CommandLine;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.Payouts;

/// <summary>`egovpay payout export` and `show`, as who makes the file sees them.</summary>
public sealed class FilesOfPayouts
{
    [Fact]
    public async Task A_file_keeps_its_form_and_overwrites_none_and_what_is_not_made_is_explained()
    {
        using var folder = new ScratchFolder();
        await using var stage = await PayoutStage.SetAsync();
        var database = stage.Decisions.Stage.Database;
        var people = new TestPeople(database.DataSource);
        var variables = people.Environment(database.ConnectionString, await people.AddAsync(new Person("maliyye", "M", [Role.Finance])));
        Task<ProgramRun> RunAsync(params string[] arguments) => RunningProgram.RunAsync(folder.Path, variables, ["payout", .. arguments]);
        await stage.PayAsync(PayoutStage.Utility, 1_001);
        await stage.CloseWindowAsync();
        var round = await stage.ProposeAsync();
        var payout = round.Proposals.Single().PayoutId.ToString(CultureInfo.InvariantCulture);

        var none = await RunAsync("export", "--payout", "999999");
        (none.ExitCode, none.Errors).Should().Be((1, "egovpay: There is no payout 999999. `egovpay payout list --all` shows them.\n"));
        (await RunAsync("export", "--payout", payout)).Errors.Should().Contain($"Payout {payout} is not approved yet");
        await stage.ApproveAsync(round);
        var there = folder.File("there.xml", "what was there");
        var refused = await RunAsync("export", "--file", "there.xml");
        refused.ExitCode.Should().Be(1);
        refused.Errors.Should().Contain("'there.xml' is there already").And.Contain("--overwrite");
        (await database.AskAsync<long>("select count(*) from payout_file")).Should().Be(0, "nothing is told of that has no file");
        (await File.ReadAllTextAsync(there, TestContext.Current.CancellationToken)).Should().Be("what was there");
        var nowhere = await RunAsync("export", "--file", "no-folder/out.xml");
        nowhere.ExitCode.Should().Be(1);
        var file = (await stage.ExportOn(stage.A).AgainAsync(null, round.Proposals.Single().PayoutId, TestContext.Current.CancellationToken))!;
        nowhere.Errors.Should().Contain($"egovpay payout export --again {file.MessageId} --file PATH").And.NotContain("   at ");

        foreach (var which in new[] { new[] { "--again", file.MessageId }, ["--payout", payout] })
        {
            var other = await RunAsync(["export", .. which, "--format", "dm-csv", "--file", "other.csv"]);
            other.ExitCode.Should().Be(1);
            other.Errors.Should().Contain($"{file.MessageId} was made as pain.001.001.09, and stays so");
            File.Exists(Path.Combine(folder.Path, "other.csv")).Should().BeFalse();
        }

        (await RunAsync("export", "--again", file.MessageId, "--latin")).ExitCode.Should().Be(2);
        var again = await RunAsync("export", "--again", file.MessageId, "--file", "there.xml", "--overwrite");
        again.ExitCode.Should().Be(0, again.Errors);
        again.Errors.Should().Contain(": 1 payout, ").And.Contain("it was made before");
        (await File.ReadAllBytesAsync(there, TestContext.Current.CancellationToken)).Should().Equal(file.Body.ToArray());

        await database.ExecuteAsync(
            "insert into payout_status (payout_id, source, level, code, verdict, reason) "
            + $"values ({payout}, 'pain.002', 'group', 'RJCT', 'rejected', 'AC04 closed')");
        var shown = await RunAsync("show", payout);
        shown.Output.Should().Contain("Proposed by aysel on ").And.Contain("approved by resad").And.Contain($"In the file {file.MessageId}.")
            .And.Contain("The bank says: RJCT AC04 closed");
    }
}
