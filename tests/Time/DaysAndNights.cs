using System.Net;
using EGovPay.Processing.Dispatch;
using EGovPay.Providers.Register;
using EGovPay.Tests.Terminals;
using FluentAssertions;
using NodaTime;
using NodaTime.Text;
using Xunit;

namespace EGovPay.Tests.Time;

/// <summary>Midnight, cut-offs and closes between a payment's acceptance and its confirmation; the summer of 2015.</summary>
public sealed class DaysAndNights
{
    /// <summary>23:59:50 in Baku, Monday 23 November 2026.</summary>
    private static readonly Instant BeforeMidnight = Instant.FromUtc(2026, 11, 23, 19, 59, 50);

    private static readonly Instant AfterMidnight = Instant.FromUtc(2026, 11, 23, 20, 0, 5);

    [Fact]
    public async Task A_payment_accepted_before_midnight_and_confirmed_after_it_is_of_the_new_day_in_everything()
    {
        await using var centre = await TimedCentre.StartAsync(
            BeforeMidnight, terminal => terminal with { ShiftRequired = true, DailyLimitQepik = 5_000 });
        (await centre.Client.PostAsync("/v1/shifts", new System.Text.Json.Nodes.JsonObject { ["cashier"] = "Aygün", ["floatQepik"] = 1_000 }))
            .Status.Should().Be(HttpStatusCode.Created);
        var paying = await centre.BeginAsync("night");

        await centre.SetAsync(AfterMidnight);
        await centre.RollAsync();
        (await centre.Engine.Days.OpenDayAsync()).Should().Be(new LocalDate(2026, 11, 24));
        centre.Provider.Confirm();
        var paid = (await paying).Json!;

        ((string)paid["state"]!).Should().Be("Confirmed");
        ((string)paid["businessDay"]!).Should().Be("2026-11-24");
        ((string)paid["acceptedAt"]!).Should().StartWith("2026-11-23T19:59:5");
        ((string)paid["finalAt"]!).Should().StartWith("2026-11-23T20:00:0");
        ((string)paid["receipt"]!["number"]!).Should().StartWith("26328", "the 328th day of 2026 is 24 November");
        var receipt = await centre.ReceiptAsync("night");
        receipt.Should().MatchRegex("Ödəniş vaxtı \\(Bakı\\) +23\\.11\\.2026 23:59:5").And.MatchRegex("Təsdiq vaxtı \\(Bakı\\) +24\\.11\\.2026 00:00:0")
            .And.MatchRegex("Əməliyyat günü +24\\.11\\.2026");
        (await centre.Database.AskAsync<long>("select count(*) from transfer where step > 0 and business_day <> '2026-11-24'"))
            .Should().Be(0);

        // What a terminal may take in a day was judged at the acceptance, and is counted there; the new day begins at nothing.
        (await centre.Database.AskAsync<long>("select taken_qepik from terminal_day where business_day = '2026-11-23'")).Should().Be(2_350);
        (await centre.PayAsync("limit", 4_000)).Status.Should().Be(HttpStatusCode.Created);
        (await centre.PayAsync("limit-2", 4_000)).Code.Should().Be(301);

        // A shift is the cashier's: it goes on over midnight, with both in it.
        var shift = (await centre.Client.LookAsync("/v1/shifts/current")).Json!;
        ((long)shift["expectedCashQepik"]!).Should().Be(1_000 + 2_350 + 4_000);
        (await ListedAsync(centre, "2026-11-23")).Should().Equal("night");
        (await ListedAsync(centre, "2026-11-24")).Should().Equal("limit");
        await centre.AuditAsync();
    }

    [Fact]
    public async Task A_payment_that_is_confirmed_after_its_windows_cut_off_is_handed_over_with_the_next()
    {
        // 13:59:50 in Baku: C1 closes at 14:00.
        await using var centre = await TimedCentre.StartAsync(Instant.FromUtc(2026, 11, 23, 9, 59, 50));
        (await centre.PayAsync("in-time")).State.Should().Be("Confirmed");
        var paying = await centre.BeginAsync("late");
        await centre.SetAsync(Instant.FromUtc(2026, 11, 23, 10, 0, 1));
        centre.Provider.Confirm();
        ((string)(await paying).Json!["businessDay"]!).Should().Be("2026-11-23");

        (await WindowAsync(centre, "in-time")).Should().Be(new DateOnly(2026, 11, 23));
        (await WindowAsync(centre, "late")).Should().Be(new DateOnly(2026, 11, 24));
        await centre.AuditAsync();
    }

    [Theory]
    [InlineData(DeliveryResult.Confirmed)]
    [InlineData(DeliveryResult.Declined)]
    public async Task What_comes_of_a_payment_after_its_day_was_closed_changes_nothing_of_that_day(DeliveryResult outcome)
    {
        await using var centre = await TimedCentre.StartAsync(Instant.FromUtc(2026, 11, 23, 8, 0));
        await centre.PayAsync("before");
        var paying = await centre.BeginAsync("between");
        var closed = (await centre.Engine.Days.CloseAsync())!;
        closed.Closed.Should().Be(new LocalDate(2026, 11, 23));
        var day = await DayAsync(centre);

        centre.Provider.Answer(outcome == DeliveryResult.Confirmed
            ? new DeliveryAnswer(outcome, ProviderTransaction: "7")
            : new DeliveryAnswer(outcome, DeclineName: "account-not-found", ProviderCode: "5"));
        ((string?)(await paying).Json!["businessDay"]).Should().Be(outcome == DeliveryResult.Confirmed ? "2026-11-24" : null);
        (await centre.Client.PostAsync(
            "/v1/payments/before/reversal", new System.Text.Json.Nodes.JsonObject { ["reason"] = "səhv" })).Status
            .Should().Be(HttpStatusCode.Accepted);
        await centre.Engine.AskReversals.AskDueAsync(CancellationToken.None);
        var before = (await centre.Engine.Book.FindAsync(centre.Terminal.AgentId, "before"))!;
        (await centre.Engine.Waiting.FinalAsync(before with { State = Processing.StateMachine.PaymentState.Reversing }, TimeSpan.FromSeconds(10)))
            .State.Should().Be(Processing.StateMachine.PaymentState.Reversed);

        (await DayAsync(centre)).Should().Be(day, "a correction is a new transfer in an open day");
        (await centre.Database.AskAsync<long>("select count(*) from transfer t join payment p using (agent_id, number) "
            + "where p.reference = 'before' and t.business_day = '2026-11-24'")).Should().Be(1, "the reversal");
        await centre.AuditAsync();
    }

    [Fact]
    public async Task In_the_summer_of_2015_a_day_began_an_hour_earlier_by_utc()
    {
        // 23:59:50 in Baku at UTC+5; at UTC+4 it would be 22:59:50.
        await using var centre = await TimedCentre.StartAsync(Instant.FromUtc(2015, 7, 15, 18, 59, 50));
        await centre.RollAsync();
        (await centre.Engine.Days.OpenDayAsync()).Should().Be(new LocalDate(2015, 7, 15));
        ((string)(await centre.PayAsync("evening")).Json!["businessDay"]!).Should().Be("2015-07-15");

        await centre.SetAsync(Instant.FromUtc(2015, 7, 15, 19, 0, 5));
        await centre.RollAsync();
        var paid = (await centre.PayAsync("night")).Json!;

        ((string)paid["businessDay"]!).Should().Be("2015-07-16");
        ((string)paid["receipt"]!["number"]!).Should().StartWith("15197", "the 197th day of 2015 is 16 July");
        (await centre.ReceiptAsync("evening")).Should().MatchRegex("Ödəniş vaxtı \\(Bakı\\) +15\\.07\\.2015 23:59:5");
        (await centre.ReceiptAsync("night")).Should().MatchRegex("Ödəniş vaxtı \\(Bakı\\) +16\\.07\\.2015 00:00:0");
        (await ListedAsync(centre, "2015-07-15")).Should().Equal("evening");
        (await ListedAsync(centre, "2015-07-16")).Should().Equal("night");
        var code = (string)paid["receipt"]!["code"]!;
        (await centre.Client.LookAsync("/verify/" + code, ("Accept", "text/html"))).Text.Should().Contain("16.07.2015 00:00:0");
        (await ClosesAsync(centre, new LocalDate(2015, 7, 16))).Should().Be(Instant.FromUtc(2015, 7, 16, 9, 0), "14:00 at UTC+5");
        await centre.AuditAsync();
    }

    [Fact]
    public async Task The_last_summer_night_had_an_hour_twice_and_its_day_twenty_five_hours()
    {
        // 00:00:05 in Baku of Sunday 25 October 2015, still at UTC+5; at 05:00 the clocks went back to 04:00.
        await using var centre = await TimedCentre.StartAsync(Instant.FromUtc(2015, 10, 24, 19, 0, 5));
        await centre.RollAsync();
        await centre.PayAsync("first");
        await centre.SetAsync(Instant.FromUtc(2015, 10, 24, 23, 30));
        await centre.PayAsync("half-past-four");
        await centre.SetAsync(Instant.FromUtc(2015, 10, 25, 0, 30));
        await centre.PayAsync("half-past-four-again");
        await centre.SetAsync(Instant.FromUtc(2015, 10, 25, 19, 59, 50));
        await centre.RollAsync();
        await centre.PayAsync("last");
        await centre.SetAsync(Instant.FromUtc(2015, 10, 25, 20, 0, 5));
        await centre.RollAsync();
        await centre.PayAsync("next-day");

        (await ListedAsync(centre, "2015-10-25")).Should().Equal("last", "half-past-four-again", "half-past-four", "first");
        (await ListedAsync(centre, "2015-10-26")).Should().Equal("next-day");
        (await centre.Database.AskAsync<string>("select string_agg(p.reference, ' ' order by p.number) from payment p "
            + "join event e using (agent_id, number) where e.business_day = '2015-10-25'"))
            .Should().Be("first half-past-four half-past-four-again last");
        (await centre.ReceiptAsync("half-past-four")).Should().Contain("25.10.2015 04:30:0");
        (await centre.ReceiptAsync("half-past-four-again")).Should().Contain("25.10.2015 04:30:0");
        (await ClosesAsync(centre, new LocalDate(2015, 10, 26))).Should().Be(Instant.FromUtc(2015, 10, 26, 10, 0), "14:00 at UTC+4");
        await centre.AuditAsync();
    }

    [Fact]
    public async Task A_register_of_the_summer_of_2015_shows_its_providers_clock_of_that_day()
    {
        var folder = new RegisterFolder(Directory.CreateTempSubdirectory("egovpay-registers").FullName);
        async IAsyncEnumerable<RegisterLine> Lines()
        {
            await Task.CompletedTask;
            yield return new RegisterLine(1, 10401, "10023456", [], 1_000, Instant.FromUtc(2015, 7, 15, 19, 0, 5), null, null);
            yield return new RegisterLine(2, 10401, "10023456", [], 1_000, Instant.FromUtc(2015, 10, 25, 0, 0), null, null);
            yield return new RegisterLine(3, 10401, "10023456", [], 1_000, Instant.FromUtc(2016, 7, 15, 19, 0, 5), null, null);
        }

        var written = await WriteRegister.RunAsync(
            folder, new RegisterOf("heat", "C4", new LocalDate(2015, 7, 16), "Asia/Baku", RegisterForm.Tab), Lines(), CancellationToken.None);

        (await File.ReadAllLinesAsync(written.Path))[..3].Should().Equal(
            "1\t2015-07-16\t00:00:05\t10023456\t10.00", "2\t2015-10-25\t04:00:00\t10023456\t10.00",
            "3\t2016-07-15\t23:00:05\t10023456\t10.00");
    }

    private static async Task<string[]> ListedAsync(TimedCentre centre, string day)
    {
        var list = await centre.Client.LookAsync($"/v1/payments?from={day}&to={day}");
        return [.. list.Json!["items"]!.AsArray().Select(item => (string)item!["reference"]!)];
    }

    private static Task<DateOnly> WindowAsync(TimedCentre centre, string reference) => centre.Database.AskAsync<DateOnly>(
        $"select t.window_day from transfer t join payment p using (agent_id, number) where p.reference = '{reference}' and t.leg = 1");

    /// <summary>When C1 closes on a bank day.</summary>
    private static async Task<Instant> ClosesAsync(TimedCentre centre, LocalDate day) => Instant.FromDateTimeUtc(
        await centre.Database.AskAsync<DateTime>(
            $"select closes_at from settlement_window where cutoff_group = 1 and bank_day = '{LocalDatePattern.Iso.Format(day)}'"));

    /// <summary>All that is kept of 23 November 2026.</summary>
    private static Task<string?> DayAsync(TimedCentre centre) => centre.Database.AskAsync<string>(
        "select (select json_agg(t order by t.agent_id, t.number, t.step, t.leg) from transfer t where t.business_day = '2026-11-23')::text "
        + "|| (select json_agg(d order by d.agent_id, d.account) from day_total d where d.business_day = '2026-11-23')::text "
        + "|| (select to_json(b) from business_day b where b.day = '2026-11-23')::text");
}
