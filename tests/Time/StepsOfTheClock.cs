using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using EGovPay.Processing.Days;
using EGovPay.Processing.Dispatch;
using EGovPay.Processing.Journal;
using EGovPay.Processing.Signatures;
using EGovPay.Processing.StateMachine;
using EGovPay.Providers.Register;
using EGovPay.Tests.Terminals;
using FluentAssertions;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;
using Xunit;

namespace EGovPay.Tests.Time;

/// <summary>The database's clock is set, forwards and backwards, while payments, quotes, signatures and waits are under way.</summary>
public sealed class StepsOfTheClock
{
    /// <summary>12:00 in Baku, Monday 23 November 2026.</summary>
    private static readonly Instant Noon = Instant.FromUtc(2026, 11, 23, 8, 0);

    [Theory]
    [InlineData(-2)]
    [InlineData(-3 * 3_600)]
    [InlineData(3 * 3_600)]
    [InlineData(26 * 3_600)]
    public async Task A_step_between_acceptance_and_confirmation_costs_a_payment_nothing(int seconds)
    {
        await using var centre = await TimedCentre.StartAsync(Noon);
        await centre.PayAsync("before");
        var paying = await centre.BeginAsync("during");
        await centre.SetAsync(Noon + Duration.FromSeconds(seconds));
        await centre.RollAsync();
        centre.Provider.Confirm();

        (await paying).State.Should().Be("Confirmed");
        (await centre.PayAsync("during")).Status.Should().Be(HttpStatusCode.OK, "it is a repeat");
        await centre.PayAsync("after");
        await centre.SetAsync(Noon + Duration.FromMinutes(1));
        await centre.RollAsync();
        await centre.PayAsync("set-right");

        centre.Provider.Delivered.Should().Be(4);
        ((long)(await centre.Client.LookAsync("/v1/account")).Json!["heldQepik"]!).Should().Be(0);
        await LaterAsync(centre);
        await centre.AuditAsync();
    }

    [Fact]
    public async Task A_clock_that_goes_back_over_midnight_opens_no_closed_day_again_and_the_book_stays_in_order()
    {
        await using var centre = await TimedCentre.StartAsync(Instant.FromUtc(2026, 11, 23, 19, 59, 59));
        await centre.PayAsync("before");
        // Far enough on that a slow machine is not there already: this step goes forwards.
        await centre.SetAsync(Instant.FromUtc(2026, 11, 23, 20, 0, 30));
        await centre.RollAsync();
        var paying = await centre.BeginAsync("during");
        await centre.SetAsync(Instant.FromUtc(2026, 11, 23, 19, 50));
        await centre.RollAsync();
        centre.Provider.Confirm();

        ((string)(await paying).Json!["businessDay"]!).Should().Be("2026-11-24");
        ((string)(await centre.PayAsync("after")).Json!["businessDay"]!).Should().Be("2026-11-24");
        await centre.Engine.DepositAsync(centre.Terminal.AgentId, 1, "deposit-2", 100);
        (await centre.Client.PostAsync("/v1/payments/after/reversal", new JsonObject { ["reason"] = "səhv" })).Status
            .Should().Be(HttpStatusCode.Accepted);
        (await centre.Database.AskAsync<long>(
            "select count(*) from event e join business_day d on d.day = e.business_day where e.at < d.opened_at"))
            .Should().Be(0, "nothing happened in a day before it began");
        await LaterAsync(centre);
        await centre.AuditAsync();
    }

    [Fact]
    public async Task A_clock_that_goes_back_over_a_cut_off_adds_nothing_to_a_register_that_was_written()
    {
        // 01:59:50 in Baku: C4 closes at 02:00.
        await using var centre = await TimedCentre.StartAsync(Instant.FromUtc(2026, 11, 23, 21, 59, 50));
        await PayToARegisterAsync(centre, "in-time");
        await centre.SetAsync(Instant.FromUtc(2026, 11, 23, 22, 0, 5));
        var folder = new RegisterFolder(Directory.CreateTempSubdirectory("egovpay-registers").FullName);
        using var handOver = new HandOverRegister(new Uri("http://127.0.0.1:9"), folder, NullLogger.Instance);
        var deliver = new DeliverRegisters(
            centre.Database.DataSource, () => centre.Engine.Catalogue.Current, folder, handOver, NullLogger<DeliverRegisters>.Instance);
        (await deliver.RoundAsync(CancellationToken.None)).Written.Should().Be(1);

        await centre.SetAsync(Instant.FromUtc(2026, 11, 23, 21, 59, 55));
        await PayToARegisterAsync(centre, "late");
        (await centre.Client.PostAsync("/v1/payments/in-time/reversal", new JsonObject { ["reason"] = "səhv" })).Code
            .Should().Be(411, "its register is out");

        (await centre.Database.AskAsync<long>("select count(*) from transfer t join register_file f on f.cutoff_group = t.cutoff_group "
            + "and f.bank_day = t.window_day where t.leg = 1")).Should().Be(1, "the register has one line");
        await centre.SetAsync(Instant.FromUtc(2026, 11, 24, 22, 0, 5));
        await centre.RollAsync();
        (await deliver.RoundAsync(CancellationToken.None)).Written.Should().Be(1, "what came late is in the next one");
        (await centre.Database.AskAsync<long>("select sum(payments)::bigint from register_file")).Should().Be(2);
        await LaterAsync(centre);
        await centre.AuditAsync();
    }

    [Fact]
    public async Task While_the_clock_is_behind_a_cut_off_claims_end_and_questions_are_asked_as_soon_as_ever()
    {
        await using var centre = await TimedCentre.StartAsync(Instant.FromUtc(2026, 11, 23, 22, 0, 5));
        await new SettlementWindows(centre.Database.DataSource).SealAsync();
        await centre.SetAsync(Instant.FromUtc(2026, 11, 23, 21, 0));
        var paying = await centre.BeginAsync("silent");

        (await centre.Database.AskAsync<bool>(
            "select max(e.send_before) between hands.now() and hands.now() + interval '20 seconds' from event e where e.step = 0"))
            .Should().BeTrue("else whoever takes it over waits until the clock has caught up");
        centre.Provider.Answer(new DeliveryAnswer(DeliveryResult.Silent));
        (await paying).State.Should().Be("Unknown");

        (await centre.Database.AskAsync<bool>(
            "select max(u.next_ask_at) < hands.now() + interval '1 minute' from unknown_payment u")).Should().BeTrue();
        await LaterAsync(centre);
        await centre.AuditAsync();
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(60, 1)]
    public async Task While_the_clock_is_behind_cash_of_a_late_refusal_is_owed_and_of_a_prompt_one_is_not(int seconds, long owed)
    {
        await using var centre = await TimedCentre.StartAsync(Instant.FromUtc(2026, 11, 23, 22, 0, 5));
        await new SettlementWindows(centre.Database.DataSource).SealAsync();
        var behind = Instant.FromUtc(2026, 11, 23, 21, 0);
        await centre.SetAsync(behind);
        var paying = await centre.BeginAsync("nobody-waits");
        await centre.SetAsync(behind.Plus(Duration.FromSeconds(seconds)));

        // As whoever took it over records it: no caller waits for it there.
        var recorded = await centre.Engine.Journal.RecordAsync(new Happening
        {
            AgentId = await centre.Database.AskAsync<int>("select agent_id from payment"),
            Number = await centre.Database.AskAsync<long>("select number from payment"),
            SeenStep = 0,
            SeenEdge = Transitions.Find(PaymentState.None, PaymentEvent.AcceptedAndClaimed)!.Id,
            Edge = Transitions.Find(PaymentState.Dispatched, PaymentEvent.ProviderDeclined)!,
            NodeId = 1,
            DeclineName = "account-not-found",
            ProviderCode = "5",
        });
        recorded.Done.Should().BeTrue();

        (await centre.Database.AskAsync<long>("select count(*) from cash_to_return")).Should().Be(owed);
        centre.Provider.Answer(new DeliveryAnswer(DeliveryResult.Declined, DeclineName: "account-not-found", ProviderCode: "5"));
        (await paying).State.Should().Be("Declined");
        await LaterAsync(centre);
        await centre.AuditAsync();
    }

    [Fact]
    public async Task A_window_can_be_closed_early_while_the_clock_is_behind_the_last_cut_off()
    {
        await using var centre = await TimedCentre.StartAsync(Instant.FromUtc(2026, 11, 23, 10, 0, 5));
        var windows = new SettlementWindows(centre.Database.DataSource);
        (await windows.CloseNowAsync(1)).Should().Be(new LocalDate(2026, 11, 24), "C1 of the 23rd closed at 14:00");
        await centre.SetAsync(Instant.FromUtc(2026, 11, 23, 9, 0));
        await centre.PayAsync("behind");
        (await windows.CloseNowAsync(1)).Should().Be(new LocalDate(2026, 11, 25));
        await centre.PayAsync("after");

        (await centre.Database.AskAsync<string>("select string_agg(to_char(t.window_day, 'DD'), ' ' order by t.number) from transfer t "
            + "where t.leg = 1 and t.step > 0")).Should().Be("25 26");
        await LaterAsync(centre);
        await centre.AuditAsync();
    }

    [Fact]
    public async Task An_inquiry_ends_after_fifteen_minutes_of_the_databases_time_and_pays_once_whatever_the_clock_does()
    {
        await using var centre = await TimedCentre.StartAsync(Noon);
        var quoted = await InquireAsync(centre);
        await centre.SetAsync(Noon + Duration.FromMinutes(16));
        (await PayQuotedAsync(centre, "late", quoted)).Code.Should().Be(221);
        (await centre.Client.LookAsync("/v1/payments/late")).Status.Should().Be(HttpStatusCode.NotFound, "nothing was recorded");

        await centre.SetAsync(Noon - Duration.FromHours(5));
        (await PayQuotedAsync(centre, "back", quoted)).State.Should().Be("Confirmed", "by the clock as it is it is in time");
        var again = await PayQuotedAsync(centre, "twice", quoted);
        again.Code.Should().Be(223);

        await centre.SetAsync(Noon + Duration.FromDays(400));
        (await PayQuotedAsync(centre, "back", quoted)).Status.Should().Be(HttpStatusCode.OK, "a known reference is answered from the book");
        (await PayQuotedAsync(centre, "much-later", quoted)).Code.Should().Be(221);
        await LaterAsync(centre);
        await centre.AuditAsync();
    }

    [Fact]
    public async Task A_signature_is_judged_by_the_databases_time_and_a_step_makes_no_nonce_good_again()
    {
        await using var centre = await TimedCentre.StartAsync(Noon, terminal => terminal with { Signed = true });
        var at = Noon + Duration.FromSeconds(1);
        (await SignedAsync(centre, "one", at, "n-1")).Status.Should().Be(HttpStatusCode.Created);

        await centre.SetAsync(Noon + Duration.FromMinutes(7));
        (await SignedAsync(centre, "two", at, "n-2")).Code.Should().Be(111, "it is older than five minutes");
        (await SignedAsync(centre, "two", Noon + Duration.FromMinutes(7), "n-3")).Status.Should().Be(HttpStatusCode.Created);
        await centre.SetAsync(Noon);
        await centre.Engine.Nonces.ForgetAsync(centre.Engine.Clock.GetCurrentInstant());
        (await SignedAsync(centre, "three", Noon + Duration.FromMinutes(7), "n-4")).Code.Should().Be(111, "it is not yet");
        (await SignedAsync(centre, "one", at, "n-1")).Code.Should().Be(112);
        (await SignedAsync(centre, "one", at, "n-5")).Status.Should().Be(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData(-24)]
    [InlineData(24)]
    public async Task Who_waits_for_a_payment_waits_as_long_as_asked_and_is_told_at_once_whatever_the_clock_does(int hours)
    {
        await using var centre = await TimedCentre.StartAsync(Noon);
        var paying = await centre.BeginAsync("long");
        var began = Stopwatch.GetTimestamp();
        var waiting = centre.Client.LookAsync("/v1/payments/long?wait=2");
        await centre.SetAsync(Noon + Duration.FromHours(hours));
        ((bool)(await waiting).Json!["final"]!).Should().BeFalse();
        Stopwatch.GetElapsedTime(began).TotalSeconds.Should().BeInRange(1.9, 15);

        began = Stopwatch.GetTimestamp();
        waiting = centre.Client.LookAsync("/v1/payments/long?wait=20");
        await centre.SetAsync(Noon);
        centre.Provider.Confirm();
        ((bool)(await waiting).Json!["final"]!).Should().BeTrue();
        (await paying).State.Should().Be("Confirmed");
        Stopwatch.GetElapsedTime(began).TotalSeconds.Should().BeLessThan(15);
        await LaterAsync(centre);
        await centre.AuditAsync();
    }

    /// <summary>The clock is right again, and past whatever it once showed: the audit reads what is dated up to now.</summary>
    private static Task LaterAsync(TimedCentre centre) => centre.SetAsync(Noon + Duration.FromDays(3));

    private static async Task PayToARegisterAsync(TimedCentre centre, string reference) =>
        (await centre.Client.PayAsync(reference, HttpCentre.Payment(1_000, "10023456", "10401"))).State.Should().Be("Confirmed");

    private static async Task<string> InquireAsync(TimedCentre centre)
    {
        var asked = await centre.Client.PostAsync(
            "/v1/inquiries", new JsonObject { ["service"] = "10101", ["account"] = "012345678901234" });
        return (string)asked.Json!["inquiry"]!;
    }

    private static Task<Answered> PayQuotedAsync(TimedCentre centre, string reference, string inquiry)
    {
        var payment = HttpCentre.Payment();
        payment["inquiry"] = inquiry;
        return centre.Client.PayAsync(reference, payment);
    }

    private static async Task<Answered> SignedAsync(TimedCentre centre, string reference, Instant created, string nonce)
    {
        using var key = MessageKey.Shared(centre.Terminal.TerminalCode, centre.Engine.Key(
            FormattableString.Invariant($"terminal:{centre.Terminal.TerminalId}:{centre.Terminal.KeyGeneration}")));
        var text = HttpCentre.Payment().ToJsonString();
        var digest = ContentDigest.Of(Encoding.UTF8.GetBytes(text));
        var target = new Uri(centre.Address, "/v1/payments/" + reference);
        var (input, signature) = new SignedRequest("PUT", target.AbsoluteUri, digest).Sign(key, created, nonce);
        return await centre.Client.AskAsync(
            HttpMethod.Put, target.AbsolutePath, Asking.Json(text),
            ("Content-Digest", digest), ("Signature-Input", input), ("Signature", signature));
    }
}
