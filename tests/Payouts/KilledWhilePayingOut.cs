using System.Globalization;
using System.Text;
using EGovPay.Processing.People;
using EGovPay.Settlement.Payouts;
using EGovPay.Settlement.Terms;
using EGovPay.Tests.CommandLine;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.Payouts;

/// <summary>The program is killed hard between the steps of a payout; whoever comes next finishes, and nothing is done twice.</summary>
public sealed class KilledWhilePayingOut
{
    private static readonly byte[] Terms = Encoding.UTF8.GetBytes("""
        {"format": 1, "payer": {"name": "eGovPay", "voen": "1400057421"},
         "accounts": [{"iban": "AZ02PAHA38020AZNHC0100012345", "bic": "PAHAAZ22", "bankCode": "505141", "currency": "AZN", "name": "Əsas"}],
         "providers": [{"code": "azerishiq", "beneficiary": {"name": "Azərişıq ASC", "voen": "1400057421",
            "iban": "AZ14IBAZ40060019449330218120", "bic": "IBAZAZ2X", "bankCode": "805250"}}]}
        """);

    [Fact]
    public async Task Killed_at_every_step_a_payout_leaves_once_comes_back_once_and_leaves_again()
    {
        using var folder = new ScratchFolder();
        await using var stage = await PayoutStage.SetAsync();
        var database = stage.Decisions.Stage.Database;
        var people = new TestPeople(database.DataSource);
        var proposer = people.Environment(
            database.ConnectionString, await people.AddAsync(new Person("teklif", "T", [Role.Finance])));
        var approver = people.Environment(
            database.ConnectionString, await people.AddAsync(new Person("tesdiq", "T", [Role.Approver])));
        var today = Processing.Baku.DateOf(stage.A.Clock.GetCurrentInstant());
        (await TermsStore.ApplyAsync(database.DataSource, Terms, today, today, TestPeople.Doer, TestContext.Current.CancellationToken))
            .Version.Should().NotBeNull();
        await stage.PayAsync(PayoutStage.Utility, 1_001);
        await stage.PayAsync(PayoutStage.Utility, 501, stage.Second);
        await stage.CloseWindowAsync();

        await KillWhereItWaitsAsync(stage, folder, proposer, "proposal_posting", "payout", "propose");
        (await RunningProgram.RunAsync(folder.Path, proposer, "payout", "propose")).ExitCode.Should().Be(0);
        (await CountAsync(stage, "payout")).Should().Be(1);
        var proposal = await database.AskAsync<long>("select proposal_id from proposal where state = 'open' and kind = 'payout'");

        await KillWhereItWaitsAsync(stage, folder, approver, "movement", "payout", "approve", Text(proposal));
        var approved = await RunningProgram.RunAsync(folder.Path, approver, "payout", "approve", Text(proposal));
        approved.ExitCode.Should().Be(0, approved.Errors);
        (await stage.OwedAsync(PayoutStage.Utility)).Should().Be(0);
        (await CountAsync(stage, "movement where kind = 'payout'")).Should().Be(2, "one for each agent");

        await KillWhereItWaitsAsync(stage, folder, proposer, "payout_in_file", "payout", "export", "--file", "killed.xml");
        var payout = (await new ReadPayouts(stage.A.Database).ListAsync(null, true, cancel: TestContext.Current.CancellationToken)).Single();
        var exported = await RunningProgram.RunAsync(
            folder.Path, proposer, "payout", "export", "--payout", Text(payout.Id), "--file", "out.xml");
        exported.ExitCode.Should().Be(0, exported.Errors);
        (await CountAsync(stage, "payout_file")).Should().Be(1);
        var file = (await stage.ExportOn(stage.A).AgainAsync(null, payout.Id, TestContext.Current.CancellationToken))!;
        (await File.ReadAllBytesAsync(Path.Combine(folder.Path, "out.xml"), TestContext.Current.CancellationToken))
            .Should().Equal(file.Body.ToArray());

        await File.WriteAllTextAsync(Path.Combine(folder.Path, "answer.xml"),
            "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pain.002.001.03\"><CstmrPmtStsRpt><GrpHdr><MsgId>B1</MsgId></GrpHdr>"
            + $"<OrgnlGrpInfAndSts><OrgnlMsgId>{file.MessageId}</OrgnlMsgId><OrgnlMsgNmId>pain.001</OrgnlMsgNmId><GrpSts>RJCT</GrpSts>"
            + "</OrgnlGrpInfAndSts></CstmrPmtStsRpt></Document>", TestContext.Current.CancellationToken);
        await KillWhereItWaitsAsync(stage, folder, proposer, "payout_part", "payout", "status", "import", "answer.xml");
        var imported = await RunningProgram.RunAsync(folder.Path, proposer, "payout", "status", "import", "answer.xml");
        imported.ExitCode.Should().Be(0, imported.Errors);
        (await stage.OwedAsync(PayoutStage.Utility)).Should().Be(1_500);
        (await CountAsync(stage, "payout where returned_at is not null")).Should().Be(1);
        (await CountAsync(stage, "payout_status")).Should().Be(1);
        (await CountAsync(stage, "movement where kind = 'payout-returned'")).Should().Be(2);

        (await RunningProgram.RunAsync(folder.Path, proposer, "payout", "propose")).ExitCode.Should().Be(0);
        (await CountAsync(stage, "payout")).Should().Be(2);
        (await stage.FaultsAsync()).Should().BeEmpty();
    }

    private static Task KillWhereItWaitsAsync(
        PayoutStage stage, ScratchFolder folder, IReadOnlyDictionary<string, string> variables, string table, params string[] arguments) =>
        KilledProgram.WhereItWaitsAsync(stage.Decisions.Stage.Database, folder, variables, table, arguments);

    private static Task<long> CountAsync(PayoutStage stage, string of) =>
        stage.Decisions.Stage.Database.AskAsync<long>("select count(*) from " + of);

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
