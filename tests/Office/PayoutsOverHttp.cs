using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using EGovPay.Processing.People;
using EGovPay.Settlement.Terms;
using EGovPay.Tests.Terminals;
using FluentAssertions;
using NodaTime;
using Xunit;

namespace EGovPay.Tests.Office;

/// <summary>Netting and payouts over real HTTP.</summary>
public sealed class PayoutsOverHttp(HttpCentre centre) : IClassFixture<HttpCentre>
{
    private static int people;

    [Fact]
    public async Task What_is_owed_is_proposed_by_one_approved_by_another_and_told_to_a_bank_once()
    {
        var provider = Processing.Catalogue.EmbeddedCatalogue.Load().Provider("azerishiq")!;
        using var finance = await ClientAsync(Role.Finance);
        using var approver = await ClientAsync(Role.Approver);
        (await PostAsync(finance, "payouts", [])).Should().Match<(HttpStatusCode Status, JsonNode Json)>(
            one => one.Status == HttpStatusCode.Conflict && one.Json["reason"]!.GetValue<string>().Contains("settlement terms"));
        var today = Processing.Baku.DateOf(SystemClock.Instance.GetCurrentInstant());
        var applied = await TermsStore.ApplyAsync(
            centre.Database.DataSource, System.Text.Encoding.UTF8.GetBytes(OfficePeople.Terms()), today, today, TestPeople.Doer, TestContext.Current.CancellationToken);
        applied.Faults.Should().BeEmpty();
        await OweAsync(provider.Id, 1_500);

        var netting = await GetAsync(finance, "netting?by=provider");
        netting["rows"]!.AsArray().Single(row => row!["provider"]!.GetValue<string>() == "azerishiq")!["correctedQepik"]!.GetValue<long>()
            .Should().Be(1_500);
        var traced = (await GetAsync(finance, "netting/postings?provider=azerishiq&window=C1:2020-01-03"))["postings"]!.AsArray();
        traced.Sum(one => (long)one!["correctedQepik"]!).Should().Be(1_500);
        var side = (await GetAsync(finance, "windows/C1:2020-01-03?provider=azerishiq"))["providers"]!.AsArray().Should().ContainSingle().Which!;
        ((string)side["window"]!, (bool)side["closed"]!, (long)side["netQepik"]!).Should().Be(("C1:2020-01-03", true, 1_500));
        ((long)side["payout"]!["awaitedQepik"]!).Should().Be(-1_500, "nothing is paid out yet");
        var round = await PostAsync(finance, "payouts", new JsonObject { ["provider"] = "azerishiq" });
        round.Status.Should().Be(HttpStatusCode.OK, round.Json.ToJsonString());
        var made = round.Json["proposals"]!.AsArray().Should().ContainSingle().Which!;
        (await PostAsync(finance, "payouts/export", [])).Status.Should().Be(HttpStatusCode.Conflict, "nobody has approved it");
        var asked = await GetAsync(approver, $"proposals/{made["proposal"]}");
        ((long)asked["amountQepik"]!, (string)asked["order"]!["creditorIban"]!, (string)asked["order"]!["creditor"]!, (string)asked["order"]!["provider"]!)
            .Should().Be((1_500, "AZ14IBAZ40060019449330218120", "Azərişıq ASC", "azerishiq"));
        asked["order"]!["accountChanged"].Should().BeNull("none was carried out before");
        (await PostAsync(approver, $"proposals/{made["proposal"]}/approve", [])).Status.Should().Be(HttpStatusCode.OK);
        var file = await PostAsync(finance, "payouts/export", new JsonObject { ["format"] = "pain.001.001.03" });
        file.Status.Should().Be(HttpStatusCode.OK, file.Json.ToJsonString());
        file.Json["content"]!.GetValue<string>().Should().Contain("<CtrlSum>15.00</CtrlSum>");
        var again = await PostAsync(finance, "payouts/export", new JsonObject { ["payout"] = made["payout"]!.GetValue<long>() });
        (again.Json["new"]!.GetValue<bool>(), again.Json["sha256"]!.GetValue<string>()).Should().Be((false, file.Json["sha256"]!.GetValue<string>()));
        var other = await PostAsync(finance, "payouts/export", new JsonObject { ["payout"] = (long)made["payout"]!, ["format"] = "dm-csv" });
        ((int)other.Status, (string)other.Json["reason"]!).Should().Be((409, $"The file {again.Json["messageId"]} was made as pain.001.001.03, "
            + "and stays so: say no format, or pain.001.001.03."));
        (await PostAsync(finance, "payouts/export", new JsonObject { ["payout"] = 999_999 })).Status.Should().Be(HttpStatusCode.NotFound);
        var named = await PostAsync(finance, "payouts/export", new JsonObject { ["again"] = file.Json["messageId"]!.GetValue<string>() });
        named.Json["sha256"]!.GetValue<string>().Should().Be(file.Json["sha256"]!.GetValue<string>());
        named.Json["new"]!.GetValue<bool>().Should().BeFalse();
        (await PostAsync(finance, "payouts/export", new JsonObject { ["again"] = "EGPF-NONE" })).Status.Should().Be(HttpStatusCode.NotFound);
        (await PostAsync(finance, "payouts/export", new JsonObject { ["again"] = "EGPF-NONE", ["format"] = "dm-csv" })).Status
            .Should().Be(HttpStatusCode.BadRequest, "it comes as it was made");
        (await GetAsync(approver, "payouts"))["payouts"]!.AsArray().Single()!["state"]!.GetValue<string>().Should().Be("exported");
        await ReturnAsync(finance, (long)made["payout"]!, file.Json["messageId"]!.GetValue<string>());
    }

    /// <summary>The bank refuses it: its money is free for the next one, and the same answer again changes nothing.</summary>
    private static async Task ReturnAsync(HttpClient finance, long payout, string message)
    {
        var whole = await GetAsync(finance, $"payouts/{payout}");
        ((string)whole["creditor"]!).Should().Be("Azərişıq ASC");
        whole["windows"]!.AsArray().Should().ContainSingle().Which!["released"]!.GetValue<bool>().Should().BeFalse();
        var answer = "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pain.002.001.10\"><CstmrPmtStsRpt><GrpHdr><MsgId>B1</MsgId></GrpHdr>"
            + $"<OrgnlGrpInfAndSts><OrgnlMsgId>{message}</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.03</OrgnlMsgNmId><GrpSts>RJCT</GrpSts>"
            + "<StsRsnInf><Rsn><Cd>AC01</Cd></Rsn></StsRsnInf></OrgnlGrpInfAndSts></CstmrPmtStsRpt></Document>";
        foreach (var (verdict, returned) in new[] { ("imported", 1), ("known", 0) })
        {
            using var body = new ByteArrayContent(System.Text.Encoding.UTF8.GetBytes(answer));
            var read = await finance.AskAsync(HttpMethod.Post, "/v1/settlement/payouts/status?name=answer.xml", body);
            read.Status.Should().Be(HttpStatusCode.OK, read.Text);
            ((string)read.Json!["verdict"]!, read.Json["returned"]!.AsArray().Count).Should().Be((verdict, returned));
        }

        (await GetAsync(finance, $"payouts/{payout}"))["payout"]!["state"]!.GetValue<string>().Should().Be("returned");
        (await GetAsync(finance, "breaks?kind=PayoutRejected"))["items"]!.AsArray().Should().ContainSingle().Which!["payout"]!
            .GetValue<long>().Should().Be(payout);
        (await finance.LookAsync("/v1/settlement/payouts/999999")).Status.Should().Be(HttpStatusCode.NotFound);
    }

    [Theory]
    [InlineData("netting?by=colour")]
    [InlineData("netting?day=22.11.2026")]
    [InlineData("netting?window=C5:2026-11-22")]
    [InlineData("netting?to=2026-11-22")]
    [InlineData("netting/postings?group=5")]
    [InlineData("netting/postings?agent=%00")]
    [InlineData("netting/postings?day=2026-11-22&window=C1:2026-11-22")]
    [InlineData("windows/C5:2026-11-22")]
    [InlineData("windows/2026-11-22")]
    public async Task What_cannot_be_read_is_a_problem(string path)
    {
        using var client = await ClientAsync(Role.Auditor);
        var answer = await client.GetAsync("/v1/settlement/" + path, TestContext.Current.CancellationToken);
        answer.StatusCode.Should().Be(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Who_only_reads_neither_proposes_nor_exports()
    {
        using var client = await ClientAsync(Role.Auditor);
        (await PostAsync(client, "payouts", [])).Status.Should().Be(HttpStatusCode.Forbidden);
        (await PostAsync(client, "payouts/export", [])).Status.Should().Be(HttpStatusCode.Forbidden);
        (await PostAsync(client, "payouts/status", [])).Status.Should().Be(HttpStatusCode.Forbidden);
        (await client.GetAsync("/v1/settlement/payouts?all=true", TestContext.Current.CancellationToken)).StatusCode.Should().Be(HttpStatusCode.OK);
        (await client.GetAsync("/v1/settlement/payouts?provider=nobody", TestContext.Current.CancellationToken)).StatusCode
            .Should().Be(HttpStatusCode.NotFound);
    }

    /// <summary>As if a correction had come to be owed in a window that has closed: the ledger's row, and nothing beside it.</summary>
    private Task OweAsync(int provider, long qepik) => centre.Database.ExecuteAsync(FormattableString.Invariant($"""
        insert into settlement_window (cutoff_group, closes_at, bank_day) values (1, now() - interval '1 hour', '2020-01-03');
        update business_day set dated_from = now() - interval '1 minute' where closed_at is null;
        insert into transfer (agent_id, number, amount_qepik, business_day, window_day, debit, credit, step, leg, cutoff_group)
        select (select min(agent_id) from agent), 1, {qepik}, day, '2020-01-03', 9, {1000 + provider}, 0, 1, 1
        from business_day where closed_at is null;
        """));

    private async Task<HttpClient> ClientAsync(Role role)
    {
        var login = $"pay-{Interlocked.Increment(ref people)}";
        return centre.ClientOf(await new TestPeople(centre.Database.DataSource).AddAsync(new Person(login, "P", [role]))).InEnglish();
    }

    private static async Task<(HttpStatusCode Status, JsonNode Json)> PostAsync(HttpClient client, string path, JsonObject body)
    {
        var answer = await client.PostAsJsonAsync("/v1/settlement/" + path, body, TestContext.Current.CancellationToken);
        return (answer.StatusCode, JsonNode.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!);
    }

    private static async Task<JsonNode> GetAsync(HttpClient client, string path) =>
        JsonNode.Parse(await client.GetStringAsync("/v1/settlement/" + path, TestContext.Current.CancellationToken))!;
}
