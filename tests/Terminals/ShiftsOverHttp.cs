using System.Net;
using System.Text.Json.Nodes;
using EGovPay.Processing.Agents;
using EGovPay.Processing.Audit;
using EGovPay.Processing.Journal;
using EGovPay.Processing.Payments;
using EGovPay.Processing.Shifts;
using EGovPay.Processing.StateMachine;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.Terminals;

public sealed class ShiftsOverHttp(HttpCentre centre) : IClassFixture<HttpCentre>
{
    /// <summary>Answers "later" for ever: the payment stays Unknown until people decide.</summary>
    private const string Unclear = "012345678966628";

    [Fact]
    public async Task A_shift_adds_up_what_was_taken_and_a_closed_one_never_changes()
    {
        var (client, terminal) = await TellerAsync();
        (await client.PayAsync("early", HttpCentre.Payment())).Code.Should().Be(410);
        (await client.LookAsync("/v1/shifts/current")).Code.Should().Be(410);
        (await client.PostAsync("/v1/shifts/current/close", Counted(0))).Code.Should().Be(410);

        var opened = await OpenAsync(client, 5_000);
        opened.Status.Should().Be(HttpStatusCode.Created);
        ((int)opened.Json!["shift"]!).Should().Be(1);
        ((long)opened.Json["expectedCashQepik"]!).Should().Be(5_000);
        opened.Json["closedAt"].Should().BeNull();
        opened.Json["countedCashQepik"].Should().BeNull();
        opened.Json["differenceQepik"].Should().BeNull();
        (await OpenAsync(client, 1)).Code.Should().Be(415);

        await client.PayAsync("cash", HttpCentre.Payment());
        await client.PayAsync("cash-2", HttpCentre.Payment(150));
        await client.PayAsync("fee", HttpCentre.Payment(10_000, "1400057421", "40303", 40));
        var card = HttpCentre.Payment(1_000);
        (card["tender"], card["rrn"], card["maskedPan"]) = ("card", "123456789012", "416973******1234");
        await client.PayAsync("card", card);
        (await client.PayAsync("no", HttpCentre.Payment(300, "012345678966601"))).State.Should().Be("Declined");
        (await client.PayAsync("unclear", HttpCentre.Payment(700, Unclear))).State.Should().Be("Unknown");
        await client.PostAsync("/v1/payments/cancelled/cancel");

        var current = (await client.LookAsync("/v1/shifts/current")).Json!;
        ((long)current["expectedCashQepik"]!).Should().Be(5_000 + 2_350 + 150 + 10_040 + 700);
        current["totals"]!.ToJsonString().Should().Be("""
            [{"service":"10101","tender":"cash","count":3,"amountQepik":3200,"feeQepik":0},
            {"service":"10101","tender":"card","count":1,"amountQepik":1000,"feeQepik":0},
            {"service":"40303","tender":"cash","count":1,"amountQepik":10000,"feeQepik":40}]
            """.Replace("\n", "", StringComparison.Ordinal));
        Texts(current["notFinal"]).Should().Equal("unclear");
        Texts(current["toReturn"]).Should().BeEmpty();

        var closed = await client.PostAsync("/v1/shifts/current/close", Counted(18_000));
        closed.Status.Should().Be(HttpStatusCode.OK);
        ((long)closed.Json!["differenceQepik"]!).Should().Be(18_000 - 18_240);
        closed.Json["closedAt"].Should().NotBeNull();
        (await client.PayAsync("between", HttpCentre.Payment())).Code.Should().Be(410);

        await OpenAsync(client, 1_000);
        await DecideAsync(terminal, "unclear", PaymentEvent.OperatorDeclined);
        (await client.LookAsync("/v1/shifts/1")).Text.Should().Be(closed.Text);
        current = (await client.LookAsync("/v1/shifts/current")).Json!;
        Texts(current["toReturn"]).Should().Equal("unclear");
        ((long)current["expectedCashQepik"]!).Should().Be(1_000, "that cash was counted in the shift before");

        for (var twice = 0; twice < 2; twice++)
        {
            (await client.PostAsync("/v1/payments/unclear/cash-returned")).Status.Should().Be(HttpStatusCode.OK);
            current = (await client.LookAsync("/v1/shifts/current")).Json!;
            Texts(current["toReturn"]).Should().BeEmpty();
            ((long)current["expectedCashQepik"]!).Should().Be(1_000 - 700);
        }

        (await client.PostAsync("/v1/shifts/current/close", Counted(300))).Json!["differenceQepik"]!.GetValue<long>()
            .Should().Be(0);
        (await client.LookAsync("/v1/shifts/1")).Text.Should().Be(closed.Text);
        client.Dispose();
    }

    [Fact]
    public async Task Cash_given_back_in_its_own_shift_is_neither_expected_nor_counted_twice()
    {
        var (client, terminal) = await TellerAsync();
        await OpenAsync(client, 0);
        await client.PayAsync("unclear", HttpCentre.Payment(500, Unclear));
        await client.PayAsync("taken-back", HttpCentre.Payment(800));
        await DecideAsync(terminal, "unclear", PaymentEvent.OperatorDeclined);
        await DecideAsync(terminal, "taken-back", PaymentEvent.ReversalRequested);
        (await ExpectedAsync(client)).Should().Be(1_300, "a reversal that is only asked for took nothing back");
        await DecideAsync(terminal, "taken-back", PaymentEvent.ProviderReversed);

        var current = (await client.LookAsync("/v1/shifts/current")).Json!;
        ((long)current["expectedCashQepik"]!).Should().Be(1_300, "both are still in the drawer");
        current["reversed"]!.ToJsonString().Should().Be("""{"count":1,"totalQepik":800}""");
        current["totals"]!.AsArray().Should().BeEmpty();
        Texts(current["toReturn"]).Should().Equal("unclear", "taken-back");

        await client.PostAsync("/v1/payments/unclear/cash-returned");
        (await ExpectedAsync(client)).Should().Be(800);
        await client.PostAsync("/v1/payments/taken-back/cash-returned");
        (await ExpectedAsync(client)).Should().Be(0);
        client.Dispose();
    }

    [Fact]
    public async Task Cash_may_come_out_of_another_drawer_of_the_agent_and_then_that_one_is_short_of_it()
    {
        var (client, terminal) = await TellerAsync();
        var (otherKey, _) = await centre.AddTerminalToAsync(
            terminal.AgentId, terminal.TerminalCode + "-b", plain => plain with { ShiftRequired = true });
        using var other = centre.ClientOf(otherKey);
        await OpenAsync(client, 0);
        await client.PayAsync("unclear", HttpCentre.Payment(500, Unclear));
        await DecideAsync(terminal, "unclear", PaymentEvent.OperatorDeclined);

        (await other.PostAsync("/v1/payments/unclear/cash-returned")).Code.Should().Be(410, "no drawer is open there");
        await OpenAsync(other, 2_000);
        (await other.PostAsync("/v1/payments/unclear/cash-returned")).Status.Should().Be(HttpStatusCode.OK);

        (await ExpectedAsync(other)).Should().Be(1_500);
        (await ExpectedAsync(client)).Should().Be(500);
        var second = await client.PostAsync("/v1/payments/unclear/cash-returned");
        second.Code.Should().Be(413, "the payer has that cash from the other desk");
        second.State.Should().Be("Declined");
        (await other.PostAsync("/v1/payments/unclear/cash-returned")).Status.Should().Be(HttpStatusCode.OK, "it says it again");
        (await ExpectedAsync(client)).Should().Be(500);
        (await ExpectedAsync(other)).Should().Be(1_500);
        Texts((await client.LookAsync("/v1/shifts/current")).Json!["toReturn"]).Should().BeEmpty();
        client.Dispose();
    }

    [Fact]
    public async Task What_is_refused_after_its_shift_was_closed_is_owed_though_its_provider_said_no_at_once()
    {
        var (client, terminal) = await TellerAsync();
        await OpenAsync(client, 0);
        var slow = client.PayAsync("slow", HttpCentre.Payment(900, "012345678966629"));
        var payment = await UntilAsync(terminal, "slow", found => found is not null);
        payment!.State.Should().Be(PaymentState.Dispatched);
        var closed = await client.PostAsync("/v1/shifts/current/close", Counted(900));
        ((long)closed.Json!["differenceQepik"]!).Should().Be(0);
        Texts(closed.Json["notFinal"]).Should().Equal("slow");

        await DecideAsync(terminal, "slow", PaymentEvent.ProviderDeclined);
        await OpenAsync(client, 100);
        Texts((await client.LookAsync("/v1/shifts/current")).Json!["toReturn"]).Should().Equal("slow");
        await client.PostAsync("/v1/payments/slow/cash-returned");
        (await ExpectedAsync(client)).Should().Be(100 - 900);
        (await slow).State.Should().Be("Declined");
        client.Dispose();
    }

    [Fact]
    public async Task A_payment_that_a_correction_confirmed_after_its_cash_was_given_back_is_not_in_the_drawer()
    {
        var (client, terminal) = await TellerAsync();
        await OpenAsync(client, 50);
        await client.PayAsync("no", HttpCentre.Payment(300, "012345678966601"));
        await DecideAsync(terminal, "no", PaymentEvent.RegisterShowsDelivered);

        var payment = await client.LookAsync("/v1/payments/no");
        payment.State.Should().Be("Confirmed");
        ((string)payment.Json!["correction"]!["from"]!).Should().Be("Declined");
        ((string)payment.Json["correction"]!["to"]!).Should().Be("Confirmed");
        (await ExpectedAsync(client)).Should().Be(50);
        client.Dispose();
    }

    [Fact]
    public async Task Cash_that_was_owed_is_kept_when_a_correction_shows_that_it_was_delivered_after_all()
    {
        var (client, terminal) = await TellerAsync();
        await OpenAsync(client, 50);
        await client.PayAsync("late", HttpCentre.Payment(700, Unclear));
        await DecideAsync(terminal, "late", PaymentEvent.OperatorDeclined);
        Texts((await client.LookAsync("/v1/shifts/current")).Json!["toReturn"]).Should().Equal("late");
        var declined = (await centre.Engine.Book.FindAsync(terminal.AgentId, "late"))!;

        await DecideAsync(terminal, "late", PaymentEvent.RegisterShowsDelivered);
        Texts((await client.LookAsync("/v1/shifts/current")).Json!["toReturn"]).Should().BeEmpty();
        (await ExpectedAsync(client)).Should().Be(750, "it was taken and stays in the drawer");
        (await client.PostAsync("/v1/payments/late/cash-returned")).Code.Should().Be(411);
        (await centre.Engine.Shifts.ReturnCashAsync(terminal, declined, "who still sees it declined"))
            .Should().Be(CashReturn.NotOwed);
        (await ExpectedAsync(client)).Should().Be(750);

        await DecideAsync(terminal, "late", PaymentEvent.RegisterShowsAbsent);
        Texts((await client.LookAsync("/v1/shifts/current")).Json!["toReturn"]).Should().Equal("late");
        await client.PostAsync("/v1/payments/late/cash-returned");
        (await ExpectedAsync(client)).Should().Be(50);
        client.Dispose();
    }

    [Fact]
    public async Task Cash_that_was_given_back_stays_given_back_when_a_correction_shows_that_it_was_delivered()
    {
        var (client, terminal) = await TellerAsync();
        await OpenAsync(client, 50);
        await client.PayAsync("given", HttpCentre.Payment(700, Unclear));
        await DecideAsync(terminal, "given", PaymentEvent.OperatorDeclined);
        await client.PostAsync("/v1/payments/given/cash-returned");
        await DecideAsync(terminal, "given", PaymentEvent.RegisterShowsDelivered);

        (await client.LookAsync("/v1/payments/given")).State.Should().Be("Confirmed");
        (await ExpectedAsync(client)).Should().Be(50);
        Texts((await client.LookAsync("/v1/shifts/current")).Json!["toReturn"]).Should().BeEmpty();
        client.Dispose();
    }

    [Theory]
    [InlineData("refused")]
    [InlineData("cancelled")]
    public async Task Cash_that_was_given_back_on_the_spot_is_not_owed_again_when_a_second_correction_takes_the_first_back(string end)
    {
        var (client, terminal) = await TellerAsync();
        await OpenAsync(client, 50);
        if (end == "refused")
        {
            (await client.PayAsync("spot", HttpCentre.Payment(300, "012345678966601"))).State.Should().Be("Declined");
        }
        else
        {
            await AcceptAsync(terminal, "spot", 300);
            (await client.PostAsync("/v1/payments/spot/cancel")).State.Should().Be("Cancelled");
        }

        await DecideAsync(terminal, "spot", PaymentEvent.RegisterShowsDelivered);
        await DecideAsync(terminal, "spot", PaymentEvent.RegisterShowsAbsent);
        (await client.LookAsync("/v1/payments/spot")).State.Should().Be("Reversed");
        Texts((await client.LookAsync("/v1/shifts/current")).Json!["toReturn"]).Should().BeEmpty("the payer took it along then");
        (await ExpectedAsync(client)).Should().Be(50, "it was never in the drawer");
        await client.PostAsync("/v1/payments/spot/cash-returned");
        (await ExpectedAsync(client)).Should().Be(50, "nobody gives it out a second time");

        await DecideAsync(terminal, "spot", PaymentEvent.RegisterShowsDelivered);
        (await ExpectedAsync(client)).Should().Be(50);
        var told = (await AuditBooks.RunAsync(centre.Database.DataSource)).Invariants.Single(i => i.Name == "to-return");
        told.Offenders.Should().BeEmpty();
        client.Dispose();
    }

    [Fact]
    public async Task Cash_is_given_back_only_for_what_will_not_happen()
    {
        await centre.Client.PayAsync("kept", HttpCentre.Payment());
        (await centre.Client.PostAsync("/v1/payments/kept/cash-returned")).Code.Should().Be(411);
        await centre.Client.PayAsync("waiting", HttpCentre.Payment(100, Unclear));
        (await centre.Client.PostAsync("/v1/payments/waiting/cash-returned")).Code.Should().Be(412);
        (await centre.Client.PostAsync("/v1/payments/unseen/cash-returned")).Code.Should().Be(414);
        await centre.Client.PayAsync("refused-at-once", HttpCentre.Payment(100, "012345678966601"));
        (await centre.Client.PostAsync("/v1/payments/refused-at-once/cash-returned")).Status.Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Many_payments_beside_a_close_are_in_this_shift_or_refused()
    {
        var (client, _) = await TellerAsync();
        await OpenAsync(client, 0);
        Task<Answered> Pay(int i) =>
            client.PayAsync(FormattableString.Invariant($"crowd-{i}"), HttpCentre.Payment(100));

        var payments = Enumerable.Range(0, 20).Select(Pay).ToList();
        await payments[0];
        var closing = client.PostAsync("/v1/shifts/current/close", Counted(0));
        payments.AddRange(Enumerable.Range(20, 40).Select(Pay));
        var answers = await Task.WhenAll(payments);
        var closed = await closing;

        var taken = answers.Count(answer => answer.Status == HttpStatusCode.Created);
        answers.Should().OnlyContain(answer => answer.Status == HttpStatusCode.Created || answer.Code == 410);
        ((long)closed.Json!["expectedCashQepik"]!).Should().Be(taken * 100);
        client.Dispose();
    }

    [Theory]
    [InlineData("""{"cashier":"Aygün"}""", "floatQepik")]
    [InlineData("""{"cashier":"","floatQepik":0}""", "cashier")]
    [InlineData("""{"cashier":"Aygün","floatQepik":-1}""", "floatQepik")]
    [InlineData("""{"cashier":"Aygün","floatQepik":"0"}""", "floatQepik")]
    [InlineData("""{"cashier":"Aygün","floatQepik":1000000000001}""", "floatQepik")]
    [InlineData("""{"cashier":"Aygün","floatQepik":9223372036854775807}""", "floatQepik")]
    public async Task A_shift_is_opened_with_a_cashier_and_a_float(string body, string field)
    {
        var answer = await centre.Client.PostAsync("/v1/shifts", JsonNode.Parse(body));
        answer.Code.Should().Be(100);
        ((string)answer.Json!["field"]!).Should().Be(field);
    }

    [Fact]
    public async Task A_drawer_holds_no_more_than_can_be_added_up()
    {
        const long full = 1_000_000_000_000;
        var (client, _) = await TellerAsync();
        (await OpenAsync(client, full)).Status.Should().Be(HttpStatusCode.Created);
        await client.PayAsync("on-top", HttpCentre.Payment(100));
        (await ExpectedAsync(client)).Should().Be(full + 100);
        foreach (var tooMuch in new[] { full + 1, long.MaxValue })
        {
            var refused = await client.PostAsync("/v1/shifts/current/close", Counted(tooMuch));
            refused.Code.Should().Be(100);
            ((string)refused.Json!["field"]!).Should().Be("countedCashQepik");
        }

        var closed = await client.PostAsync("/v1/shifts/current/close", Counted(full));
        ((long)closed.Json!["differenceQepik"]!).Should().Be(-100);
        client.Dispose();
    }

    private async Task<(HttpClient Client, Terminal Terminal)> TellerAsync()
    {
        var (key, terminal) = await centre.AddTerminalAsync(plain => plain with { ShiftRequired = true });
        return (centre.ClientOf(key), terminal);
    }

    private static Task<Answered> OpenAsync(HttpClient client, long floatQepik) =>
        client.PostAsync("/v1/shifts", new JsonObject { ["cashier"] = "Aygün Məmmədova", ["floatQepik"] = floatQepik });

    private static async Task<long> ExpectedAsync(HttpClient client) =>
        (long)(await client.LookAsync("/v1/shifts/current")).Json!["expectedCashQepik"]!;

    private static JsonObject Counted(long qepik) => new() { ["countedCashQepik"] = qepik };

    private static IEnumerable<string> Texts(JsonNode? list) => list!.AsArray().Select(one => (string)one!);

    /// <summary>A payment in cash that nobody has claimed yet.</summary>
    private async Task AcceptAsync(Terminal terminal, string reference, long amountQepik)
    {
        var engine = centre.Engine;
        var number = await engine.Node.NextNumberAsync();
        (await engine.Journal.AcceptAsync(new Acceptance
        {
            AgentId = terminal.AgentId, Number = number, Reference = reference, TerminalId = terminal.TerminalId, ServiceCode = 10101,
            Account = "012345678901234", AmountQepik = amountQepik, ProviderId = engine.Gates.Find("azerishiq")!.Settings.Id,
            Tender = Tender.Cash, CutoffGroup = 1, NodeId = engine.Node.Id, Claim = false,
        })).Verdict.Should().Be(AcceptVerdict.Entered);
        engine.Node.Done(number);
    }

    /// <summary>Lets something happen to a payment, as two people, a register or a provider would.</summary>
    private async Task DecideAsync(Terminal terminal, string reference, PaymentEvent happened)
    {
        for (var attempt = 0; attempt < 20; attempt++)
        {
            var payment = (await centre.Engine.Book.FindAsync(terminal.AgentId, reference))!;
            var recorded = await centre.Engine.Journal.RecordAsync(new Happening
            {
                AgentId = payment.AgentId,
                Number = payment.Number,
                SeenStep = payment.Step,
                SeenEdge = payment.Edge,
                Edge = Transitions.Find(payment.State, happened)!,
                NodeId = centre.Engine.Node.Id,
                DeclineName = happened is PaymentEvent.OperatorDeclined or PaymentEvent.ProviderDeclined
                    ? "provider-error"
                    : null,
                MadeBy = "one",
                ApprovedBy = "another",
                Note = "decided in a test",
            });
            if (recorded.Done)
            {
                return;
            }
        }

        throw new InvalidOperationException("The payment moved too often.");
    }

    private async Task<Payment?> UntilAsync(Terminal terminal, string reference, Func<Payment?, bool> good)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        while (true)
        {
            var payment = await centre.Engine.Book.FindAsync(terminal.AgentId, reference, patience.Token);
            if (good(payment))
            {
                return payment;
            }

            await Task.Delay(20, patience.Token);
        }
    }
}
