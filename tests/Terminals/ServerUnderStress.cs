using System.Net;
using EGovPay.Terminals;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.Terminals;

public sealed class ServerUnderStress
{
    private const string Unclear = "012345678966628";
    private const string Late = "012345678966611";

    [Fact]
    public async Task A_client_that_goes_away_changes_nothing_and_finds_its_payment()
    {
        await using var centre = new HttpCentre();
        await centre.InitializeAsync();
        using (var impatient = centre.ClientOf(centre.Key))
        {
            impatient.Timeout = TimeSpan.FromMilliseconds(400);
            var lost = () => impatient.PayAsync("lost", HttpCentre.Payment(account: Late));
            await lost.Should().ThrowAsync<TaskCanceledException>();
        }

        var found = await centre.Client.LookAsync("/v1/payments/lost?wait=20");
        found.State.Should().Be("Confirmed");
        (await centre.Client.PayAsync("lost", HttpCentre.Payment(account: Late))).Status.Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_payment_that_takes_longer_than_the_caller_may_wait_is_202_and_wakes_who_waits_for_it()
    {
        await using var centre = new HttpCentre(new ServerSettings { PayPatience = TimeSpan.FromMilliseconds(300) });
        await centre.InitializeAsync();
        var begun = await centre.Client.PayAsync("slow", HttpCentre.Payment(account: Late));
        begun.Status.Should().Be(HttpStatusCode.Accepted);
        begun.State.Should().Be("Dispatched");

        (await centre.Client.PostAsync("/v1/payments/slow/cancel")).Code.Should().Be(413);
        (await centre.Client.PostAsync("/v1/payments/slow/card-restore")).Code.Should().Be(412);
        (await centre.Client.LookAsync("/v1/payments/slow")).State.Should().Be("Dispatched", "nobody asked to wait");
        (await centre.Client.LookAsync("/v1/payments/slow?wait=20")).State.Should().Be("Confirmed");
    }

    [Fact]
    public async Task Above_its_limit_of_requests_the_server_refuses_before_it_reads_and_health_still_answers()
    {
        await using var centre = new HttpCentre(new ServerSettings { MaxRequests = 1 });
        await centre.InitializeAsync();
        await centre.Client.PayAsync("unclear", HttpCentre.Payment(account: Unclear));
        using var gone = new CancellationTokenSource();
        Task Wait() => centre.Client.GetAsync(new Uri("/v1/payments/unclear?wait=20", UriKind.Relative), gone.Token);
        var waiting = Wait();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(15));
        Answered refused;
        do
        {
            patience.Token.ThrowIfCancellationRequested();
            refused = await centre.Client.AskAsync(HttpMethod.Put, "/v1/payments/x", Asking.Json("{"));
            if (waiting.IsCompleted)
            {
                // The one who was to wait was itself one too many, beside the question above.
                waiting = Wait();
            }
        }
        while (refused.Status == HttpStatusCode.BadRequest);

        refused.Status.Should().Be(HttpStatusCode.ServiceUnavailable);
        refused.Code.Should().Be(900);
        refused.Response.Headers.RetryAfter!.Delta.Should().BePositive();
        (await centre.Client.LookAsync("/health/live")).Status.Should().Be(HttpStatusCode.OK);
        (await centre.Client.LookAsync("/osmp?command=check")).Text.Should().Contain("<result>1</result>");
        await gone.CancelAsync();
        await waiting.ContinueWith(_ => { }, TaskScheduler.Default);
    }

    [Fact]
    public async Task A_terminal_that_asks_too_often_waits_and_others_do_not()
    {
        await using var centre = new HttpCentre(new ServerSettings { TerminalRequestsPerSecond = 1, TerminalBurst = 3 });
        await centre.InitializeAsync();
        for (var good = 0; good < 3; good++)
        {
            (await centre.Client.LookAsync("/v1/account")).Status.Should().Be(HttpStatusCode.OK);
        }

        var refused = await centre.Client.LookAsync("/v1/account");
        refused.Status.Should().Be(HttpStatusCode.TooManyRequests);
        refused.Code.Should().Be(130);
        refused.Response.Headers.RetryAfter!.Delta.Should().BePositive();
        var (key, _) = await centre.AddTerminalAsync();
        using var other = centre.ClientOf(key);
        (await other.LookAsync("/v1/account")).Status.Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task An_address_that_asks_too_often_waits_whoever_it_says_it_is()
    {
        await using var centre = new HttpCentre(new ServerSettings { AddressRequestsPerSecond = 1, AddressBurst = 2 });
        await centre.InitializeAsync();
        using var nobody = centre.ClientOf(null);
        (await nobody.LookAsync("/v1/account")).Code.Should().Be(110);
        (await nobody.LookAsync("/v1/account")).Code.Should().Be(110);
        (await centre.Client.LookAsync("/v1/account")).Code.Should().Be(130);
    }

    [Fact]
    public async Task A_provider_that_is_down_is_refused_before_anything_is_taken()
    {
        await using var centre = new HttpCentre();
        await centre.InitializeAsync();
        await centre.Client.PayAsync("known", HttpCentre.Payment());
        await centre.Centre.Simulator.DisposeAsync();
        Answered answer;
        var attempt = 0;
        do
        {
            // The connection is refused: nothing left, so it is a recorded no; after some of them the breaker opens.
            answer = await centre.Client.PayAsync(FormattableString.Invariant($"down-{attempt++}"), HttpCentre.Payment());
            if (answer.Status == HttpStatusCode.Created)
            {
                ((string)answer.Json!["decline"]!["name"]!).Should().Be("provider-unavailable");
                ((bool)answer.Json["decline"]!["transient"]!).Should().BeTrue();
            }
        }
        while (answer.Status == HttpStatusCode.Created && attempt < 200);

        answer.Status.Should().Be(HttpStatusCode.ServiceUnavailable);
        answer.Code.Should().Be(400);
        answer.Response.Headers.RetryAfter!.Delta.Should().BePositive();
        (await centre.Client.PayAsync("known", HttpCentre.Payment())).Status.Should().Be(HttpStatusCode.OK);
        var funds = await centre.Client.LookAsync("/v1/account");
        ((long)funds.Json!["heldQepik"]!).Should().Be(0);
    }

    [Fact]
    public async Task When_the_database_fails_a_payments_outcome_is_open_and_never_a_refusal()
    {
        await using var centre = new HttpCentre();
        await centre.InitializeAsync();
        await centre.Database.ExecuteAsync("alter view payment_now rename to payment_then; alter table funds rename to fund");
        var open = await centre.Client.PayAsync("open", HttpCentre.Payment(1));
        open.Status.Should().Be(HttpStatusCode.ServiceUnavailable);
        open.Code.Should().Be(910);
        ((bool)open.Json!["transient"]!).Should().BeTrue();
        (await centre.Client.LookAsync("/osmp?command=check")).Text.Should().Contain("<result>300</result>");

        var look = await centre.Client.LookAsync("/v1/account");
        look.Status.Should().Be(HttpStatusCode.InternalServerError);
        look.Code.Should().Be(911);
        look.Text.Should().NotContain("funds");
        await centre.Database.ExecuteAsync("alter view payment_then rename to payment_now; alter table fund rename to funds");
        (await centre.Client.LookAsync("/v1/account")).Status.Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_server_is_ready_while_it_holds_its_lease_and_its_database_answers()
    {
        await using var centre = new HttpCentre();
        await centre.InitializeAsync();
        (await centre.Client.LookAsync("/health/live")).Text.Should().Be("{\"status\":\"live\"}");
        (await centre.Client.LookAsync("/health/ready")).Status.Should().Be(HttpStatusCode.OK);
        await centre.Database.ExecuteAsync("alter table node rename to nodes");
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        Answered ready;
        do
        {
            await Task.Delay(100, patience.Token);
            ready = await centre.Client.LookAsync("/health/ready");
        }
        while (ready.Status == HttpStatusCode.OK);

        ready.Status.Should().Be(HttpStatusCode.ServiceUnavailable);
        ready.Text.Should().Be("{\"status\":\"lease-lost\",\"reasons\":[\"lease-lost\"]}");
        (await centre.Client.LookAsync("/health/live")).Status.Should().Be(HttpStatusCode.OK);
        await centre.Database.ExecuteAsync("alter table nodes rename to node");
    }

    [Fact]
    public async Task A_list_is_paged_newest_first_and_forgets_none()
    {
        await using var centre = new HttpCentre();
        await centre.InitializeAsync();
        var (key, terminal) = await centre.AddTerminalAsync(parts: 3);
        using var client = centre.ClientOf(key);
        for (var i = 0; i < 7; i++)
        {
            await client.PayAsync(FormattableString.Invariant($"p{i}"), HttpCentre.Payment(100 + i));
        }

        await client.PayAsync("no", HttpCentre.Payment(account: "012345678966601"));
        terminal.Parts.Should().Be(3);
        var seen = new List<string>();
        string? next = null;
        do
        {
            var page = await client.LookAsync("/v1/payments?limit=3" + (next is null ? "" : "&after=" + next));
            page.Json!["items"]!.AsArray().Count.Should().BeInRange(1, 3);
            seen.AddRange(page.Json["items"]!.AsArray().Select(item => (string)item!["reference"]!));
            next = (string?)page.Json["next"];
        }
        while (next is not null);

        seen.Should().Equal("no", "p6", "p5", "p4", "p3", "p2", "p1", "p0");
        var declined = await client.LookAsync("/v1/payments?state=Declined");
        declined.Json!["items"]!.AsArray().Should().ContainSingle();
        declined.Json["next"].Should().BeNull();
        (await client.LookAsync("/v1/payments?to=2020-01-01")).Json!["items"]!.AsArray().Should().BeEmpty();
    }

    [Fact]
    public async Task A_server_that_stops_answers_who_waits_and_does_not_keep_them()
    {
        var centre = new HttpCentre();
        await centre.InitializeAsync();
        await centre.Client.PayAsync("unclear", HttpCentre.Payment(account: Unclear));
        using var client = centre.ClientOf(centre.Key);
        var waiting = client.LookAsync("/v1/payments/unclear?wait=20");
        await client.LookAsync("/v1/payments/unclear?wait=1");
        var began = Environment.TickCount64;
        await centre.DisposeAsync();
        (await waiting).State.Should().Be("Unknown");
        (Environment.TickCount64 - began).Should().BeLessThan(15_000);
    }
}
