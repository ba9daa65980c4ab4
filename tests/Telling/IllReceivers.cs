using EGovPay.Terminals.Telling;
using FluentAssertions;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace EGovPay.Tests.Telling;

/// <summary>Receivers that are down, slow, or answer garbage: each costs itself, and nobody else.</summary>
public sealed class IllReceivers
{
    private static readonly TellingSettings Impatient = new()
    {
        AttemptTimeout = TimeSpan.FromSeconds(2), LongestPause = TimeSpan.FromMilliseconds(200),
    };

    [Fact]
    public async Task A_receiver_that_fails_is_tried_again_with_the_same_id_and_the_same_body()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var centre = await TellingCentre.StartAsync();
        await centre.SubscribeAsync(receiver.Address);
        var fail = true;
        receiver.Answer = (context, _) =>
        {
            context.Response.StatusCode = fail ? 500 : 204;
            return Task.CompletedTask;
        };
        centre.Tell(Impatient);
        await centre.PayAsync("R-1");
        await centre.UntilAsync("select count(*) from delivery where attempts = 1 and note = 'HTTP 500'", 1);
        var due = await centre.Database.AskAsync<double>("select extract(epoch from next_at - now())::float8 from delivery");
        due.Should().BeInRange(3, 5.6, "the first retry comes after about five seconds");
        fail = false;
        await centre.Database.ExecuteAsync("update delivery set next_at = now()");
        await centre.UntilAsync("select count(*) from told where attempts = 2", 1);
        receiver.All.Should().HaveCount(2);
        receiver.All[1].Id.Should().Be(receiver.All[0].Id);
        receiver.All[1].Body.Should().Equal(receiver.All[0].Body);
    }

    [Theory]
    [InlineData(301, "HTTP 301")]
    [InlineData(302, "HTTP 302")]
    [InlineData(400, "HTTP 400")]
    [InlineData(404, "HTTP 404")]
    [InlineData(429, "HTTP 429")]
    [InlineData(503, "HTTP 503")]
    public async Task Nothing_but_2xx_is_told_and_a_redirect_is_not_followed(int status, string note)
    {
        await using var elsewhere = await Receiver.StartAsync();
        await using var receiver = await Receiver.StartAsync();
        await using var centre = await TellingCentre.StartAsync();
        await centre.SubscribeAsync(receiver.Address);
        receiver.Answer = (context, _) =>
        {
            context.Response.StatusCode = status;
            context.Response.Headers.Location = elsewhere.Address.AbsoluteUri;
            return Task.CompletedTask;
        };
        centre.Tell(Impatient);
        await centre.PayAsync("R-1");
        await centre.UntilAsync($"select count(*) from delivery where attempts = 1 and note = '{note}'", 1);
        elsewhere.All.Should().BeEmpty();
    }

    [Fact]
    public async Task An_endpoint_that_is_gone_is_switched_off_with_a_note_and_what_was_on_its_way_can_be_sent_again()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var centre = await TellingCentre.StartAsync();
        var id = await centre.SubscribeAsync(receiver.Address);
        receiver.Answer = (context, _) =>
        {
            context.Response.StatusCode = 410;
            return Task.CompletedTask;
        };
        centre.Tell(Impatient);
        var payment = await centre.PayAsync("R-1");
        await centre.UntilAsync("select count(*) from delivery where dead_at is not null", 1);
        var off = (await centre.Endpoints.FindAsync(id))!;
        off.OffAt.Should().NotBeNull();
        off.OffNote.Should().Contain("410");
        await centre.LookAsync();
        centre.Terminal.Subscribed.Should().BeFalse("nobody is left who hears");
        (await centre.Engine.Deliveries.ResendAsync(TestPeople.Doer, payment.Number, 1, id))
            .Should().BeFalse("its endpoint is off");

        receiver.Answer = (_, _) => Task.CompletedTask;
        (await centre.Endpoints.SwitchOnAsync(id)).Should().BeTrue();
        (await centre.Engine.Deliveries.ResendAsync(TestPeople.Doer, payment.Number, 1, id)).Should().BeTrue();
        await centre.UntilAsync("select count(*) from told where receiver > 0", 1);
    }

    [Fact]
    public async Task A_receiver_that_hangs_drips_floods_or_refuses_costs_a_healthy_one_nothing()
    {
        await using var healthy = await Receiver.StartAsync();
        await using var hanging = await Receiver.StartAsync();
        await using var dripping = await Receiver.StartAsync();
        await using var flooding = await Receiver.StartAsync();
        hanging.Answer = (context, _) => Task.Delay(Timeout.Infinite, context.RequestAborted);
        dripping.Answer = async (context, _) =>
        {
            while (true)
            {
                await context.Response.WriteAsync("x", context.RequestAborted);
                await Task.Delay(50, context.RequestAborted);
            }
        };
        flooding.Answer = async (context, _) =>
        {
            var much = new string('x', 100_000);
            while (!context.RequestAborted.IsCancellationRequested)
            {
                await context.Response.WriteAsync(much, context.RequestAborted);
            }
        };
        await using var centre = await TellingCentre.StartAsync();
        await centre.SubscribeAsync(hanging.Address);
        await centre.SubscribeAsync(dripping.Address);
        await centre.SubscribeAsync(flooding.Address);
        await centre.SubscribeAsync(new Uri("http://127.0.0.1:1/"));
        var good = await centre.SubscribeAsync(healthy.Address);
        centre.Tell(Impatient with { EndpointWindow = 4 });

        const int Payments = 60;
        await Task.WhenAll(Enumerable.Range(0, Payments).Select(n => centre.PayAsync($"R-{n}")));
        await healthy.UntilAsync(heard => heard.Count == Payments, 120);
        hanging.All.Select(one => one.Id).Distinct().Count().Should().BeLessThan(
            Payments, "the healthy one has heard of all of them, and need not have waited until the ill one was tried with each");
        healthy.All.Select(one => one.Id).Should().OnlyHaveUniqueItems();
        hanging.MostOpen.Should().BeInRange(1, 8, "its window is its own");
        await centre.UntilAsync($"select count(*) from told where receiver = {good}", Payments);
        // An answer whose status said 2xx is told, whatever comes after.
        await centre.UntilAsync($"select count(*) from told where receiver in ({good - 3}, {good - 2})", 2 * Payments);
        (await centre.Database.AskAsync<long>($"select count(*) from delivery where receiver = {good - 4} and dead_at is null"))
            .Should().Be(Payments);
    }

    [Fact]
    public async Task An_attempt_that_is_given_up_leaves_no_connection_behind()
    {
        await using var hanging = await Receiver.StartAsync();
        hanging.Answer = (context, _) => Task.Delay(Timeout.Infinite, context.RequestAborted);
        await using var centre = await TellingCentre.StartAsync();
        await centre.SubscribeAsync(hanging.Address);
        centre.Tell(Impatient with { AttemptTimeout = TimeSpan.FromMilliseconds(300) });
        await Task.WhenAll(Enumerable.Range(0, 20).Select(n => centre.PayAsync($"R-{n}")));
        await hanging.UntilAsync(heard => heard.Count >= 20, 60);
        await centre.UntilAsync("select count(*) from delivery where attempts > 0 and note = 'no answer in time'", 20);
        hanging.Open.Should().BeLessThanOrEqualTo(1, "one at a time is tried with a receiver that keeps failing");
    }

    [Fact]
    public async Task A_receiver_that_is_down_for_a_day_gets_dead_letters_which_are_listed_and_sent_again()
    {
        await using var centre = await TellingCentre.StartAsync();
        await using var receiver = await Receiver.StartAsync();
        var id = await centre.SubscribeAsync(receiver.Address);
        receiver.Answer = (context, _) =>
        {
            context.Abort();
            return Task.CompletedTask;
        };
        centre.Tell(Impatient);
        var payment = await centre.PayAsync("R-1");
        for (var attempt = 1; attempt <= 11; attempt++)
        {
            await centre.UntilAsync($"select count(*) from delivery where attempts = {attempt} and (dead_at is not null or next_at > now() + interval '3 s') and note is not null", 1, 120);
            if (attempt < 11)
            {
                // The day passes.
                await centre.Database.ExecuteAsync("update delivery set next_at = now(), note = null");
            }
        }

        receiver.All.Should().HaveCount(11).And.OnlyContain(one => one.Id == $"evt_{payment.Number}_1");
        var dead = await centre.Engine.Deliveries.DeadAsync(10);
        dead.Should().ContainSingle().Which.Should().BeEquivalentTo(
            new { payment.Number, Step = (short)1, Receiver = id, Type = "payment.confirmed", Whose = centre.Terminal.AgentCode, Attempts = 11 });
        (await centre.Engine.Deliveries.FiguresAsync()).Dead.Should().Be(1);

        receiver.Answer = (_, _) => Task.CompletedTask;
        (await centre.Engine.Deliveries.ResendAllAsync(TestPeople.Doer, null, 100)).Should().Be(1);
        await centre.UntilAsync("select count(*) from told where receiver > 0", 1, 90);
        (await centre.Database.AskAsync<long>("select count(*) from act where what = 'telling resend'")).Should().Be(1);
    }

    [Fact]
    public async Task What_was_not_reached_for_more_than_a_day_and_what_belongs_to_a_removed_endpoint_is_given_up()
    {
        await using var centre = await TellingCentre.StartAsync();
        var never = await centre.SubscribeAsync(new Uri("http://127.0.0.1:1/never"));
        var removed = await centre.SubscribeAsync(new Uri("http://127.0.0.1:1/removed"));
        await centre.PayAsync("R-1");
        (await centre.Engine.Deliveries.FanOutAsync(CancellationToken.None)).Should().Be(1);
        await centre.Database.ExecuteAsync($"update delivery set since = now() - interval '27 hours' where receiver = {never}");
        (await centre.Endpoints.RemoveAsync(removed)).Should().BeTrue();
        await centre.Engine.Deliveries.GiveUpAsync(CancellationToken.None);
        var dead = await centre.Engine.Deliveries.DeadAsync(10);
        dead.Select(one => (one.Receiver, one.Note)).Should().BeEquivalentTo(
            [(never, "not reached for a day"), (removed, "the endpoint is switched off")]);
        (await centre.Engine.Deliveries.ResendAllAsync(TestPeople.Doer, null, 100)).Should().Be(1, "the removed one takes nothing");

        await centre.Database.ExecuteAsync("update delivery set dead_at = now() - interval '31 days' where dead_at is not null");
        await centre.Engine.Deliveries.ForgetAsync(CancellationToken.None);
        (await centre.Database.AskAsync<long>("select count(*) from delivery")).Should().Be(1);
    }

    [Fact]
    public async Task A_name_that_leads_to_an_address_that_is_not_allowed_is_not_connected_to()
    {
        await using var centre = await TellingCentre.StartAsync();
        await using var receiver = await Receiver.StartAsync();
        // As if its name led there: the address is looked at again when the connection is made.
        await centre.SubscribeAsync(new Uri($"http://0.0.0.0:{receiver.Address.Port}/"));
        centre.Tell(Impatient);
        await centre.PayAsync("R-1");
        await centre.UntilAsync("select count(*) from delivery where attempts = 1 and note = 'its address is not allowed'", 1);
        receiver.All.Should().BeEmpty();
    }
}
