using System.Net;
using System.Text;
using EGovPay.Processing.Dispatch;
using EGovPay.Providers.Simulator;
using FluentAssertions;
using Xunit;
using static EGovPay.Tests.Providers.SimulatedProviders;

namespace EGovPay.Tests.Providers.Simulator;

/// <summary>
/// Each lie over real HTTP: what our side makes of it, and what the simulator's record says was credited.
/// </summary>
public sealed class LiesTests
{
    [Theory]
    [InlineData(1, "account-not-found")]
    [InlineData(2, "account-inactive")]
    [InlineData(3, "account-malformed")]
    [InlineData(4, "forbidden-by-provider")]
    [InlineData(5, "provider-technical")]
    [InlineData(6, "amount-too-small")]
    [InlineData(7, "amount-too-large")]
    [InlineData(8, "account-not-checkable")]
    [InlineData(9, "provider-error")]
    [InlineData(10, "number-ported")]
    public async Task A_refusing_account_is_declined_and_nothing_is_credited(int magic, string name)
    {
        await using var world = await StartAsync();
        var number = 0;
        foreach (var provider in new[] { "azerishiq", "azeriqaz", "dmx" })
        {
            var answer = await world.Adapters[provider].PayAsync(
                Delivery(++number, Magic(magic)), CancellationToken.None);
            (answer.Result, answer.DeclineName).Should().Be((DeliveryResult.Declined, name));
            (await world.CreditedAsync(number)).Should().Be(0);
        }
    }

    [Theory]
    [InlineData("azerishiq")]
    [InlineData("azeriqaz")]
    [InlineData("dmx")]
    public async Task Whatever_goes_wrong_once_the_same_number_asked_again_is_confirmed_and_credited_once(
        string provider)
    {
        await using var world = await StartAsync();
        var adapter = world.Adapters[provider];
        int[] lies = provider == "dmx" ? [12, 13, 14, 15, 16, 17, 18, 19, 20, 21]
            : [12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 23, 24];
        await Task.WhenAll(lies.Select(async magic =>
        {
            var delivery = Delivery(1_000 + magic, Magic(magic));
            (await adapter.PayAsync(delivery, CancellationToken.None)).Result.Should()
                .Be(DeliveryResult.Silent, $"66600 + {magic}");
            (await AskUntilKnownAsync(adapter, delivery)).Should().Be(DeliveryResult.Confirmed, $"66600 + {magic}");
            (await world.CreditedAsync(1_000 + magic)).Should().Be(1, $"66600 + {magic}");
        }));
    }

    [Theory]
    [InlineData(25, "azeriqaz", 1)]
    [InlineData(28, "azeriqaz", 0)]
    [InlineData(28, "dmx", 0)]
    public async Task What_the_provider_never_tells_stays_unknown(int magic, string provider, int credited)
    {
        await using var world = await StartAsync();
        var adapter = world.Adapters[provider];
        var delivery = Delivery(5, Magic(magic));
        (await adapter.PayAsync(delivery, CancellationToken.None)).Result.Should().Be(DeliveryResult.Silent);
        (await AskUntilKnownAsync(adapter, delivery)).Should().Be(DeliveryResult.Silent);
        (await world.CreditedAsync(5)).Should().Be(credited);
    }

    [Fact]
    public async Task A_provider_that_deduplicates_first_tells_the_truth_after_all()
    {
        await using var world = await StartAsync();
        var delivery = Delivery(5, Magic(25));
        (await world.Adapters["azerishiq"].PayAsync(delivery, CancellationToken.None)).Result.Should()
            .Be(DeliveryResult.Silent);
        (await AskUntilKnownAsync(world.Adapters["azerishiq"], delivery)).Should().Be(DeliveryResult.Confirmed);
    }

    [Fact]
    public async Task A_late_answer_is_an_answer()
    {
        await using var world = await StartAsync();
        (await world.Adapters["azerishiq"].PayAsync(Delivery(5, Magic(11)), CancellationToken.None)).Result
            .Should().Be(DeliveryResult.Confirmed);
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 2)]
    public async Task A_request_that_arrives_twice_credits_twice_only_where_nothing_deduplicates(
        bool deduplicates, int credited)
    {
        await using var world = await StartAsync(new Lies { Deduplicates = deduplicates });
        await world.Adapters["azerishiq"].PayAsync(Delivery(5, Magic(22)), CancellationToken.None);
        (await world.CreditedAsync(5)).Should().Be(credited);
    }

    [Theory]
    [InlineData("azerishiq")]
    [InlineData("dmx")]
    public async Task The_same_number_with_another_sum_or_account_is_an_error_without_a_credit(string provider)
    {
        await using var world = await StartAsync();
        var adapter = world.Adapters[provider];
        await adapter.PayAsync(Delivery(5, "123456"), CancellationToken.None);
        var sum = await adapter.PayAsync(Delivery(5, "123456", 2_000), CancellationToken.None);
        var account = await adapter.PayAsync(Delivery(5, "123457"), CancellationToken.None);

        new[] { sum.Result, account.Result }.Should().OnlyContain(
            result => result == (provider == "dmx" ? DeliveryResult.Silent : DeliveryResult.Declined));
        (await world.CreditedAsync(5)).Should().Be(1);
    }

    [Theory]
    [InlineData("azerishiq")]
    [InlineData("dmx")]
    public async Task Inquiries_know_magic_accounts_too(string provider)
    {
        await using var world = await StartAsync();
        async Task<InquiryAnswer> Ask(int magic) =>
            await world.Adapters[provider].InquireAsync(Question(7, Magic(magic)), CancellationToken.None);

        (await Ask(1)).Result.Should().Be(InquiryResult.NotFound);
        (await Ask(2)).Result.Should().Be(InquiryResult.Inactive);
        (await Ask(3)).Result.Should().Be(InquiryResult.Malformed);
        (await Ask(26)).Should().Be(new InquiryAnswer(InquiryResult.Unavailable, ConnectionFailed: true));
        var nothing = await Ask(27);
        (nothing.Result, nothing.DueQepik, nothing.Lines!.Count).Should().Be((InquiryResult.Found, 0L, 0));
        (await Ask(12)).Should().BeEquivalentTo(await Ask(12), "debts are drawn from the account");
    }

    [Fact]
    public async Task Lies_by_rate_are_the_same_in_every_run_of_one_seed_and_come_at_their_rate()
    {
        Lies.TryAdd(Lies.None, "decline=0.05", out var lies, out _).Should().BeTrue();
        async Task<string> RunAsync()
        {
            await using var world = await StartAsync(lies);
            var answers = await Task.WhenAll(Enumerable.Range(1, 400).Select(number =>
                world.Adapters["azerishiq"].PayAsync(Delivery(number, "123456"), CancellationToken.None)));
            return string.Concat(answers.Select(answer => answer.DeclineName is null ? '.' : 'x'));
        }

        var first = await RunAsync();
        first.Should().Be(await RunAsync());
        first.Count(letter => letter == 'x').Should().BeInRange(8, 36);
    }

    [Fact]
    public async Task Lies_are_changed_while_it_runs_and_what_is_wrong_is_named()
    {
        await using var world = await StartAsync();
        async Task<(HttpStatusCode Status, string Text)> PostAsync(string json)
        {
            using var content = new StringContent(json, Encoding.UTF8, "application/json");
            using var response = await world.Http.PostAsync(new Uri("/_sim/lies", UriKind.Relative), content);
            return (response.StatusCode, await response.Content.ReadAsStringAsync());
        }

        (await PostAsync("{\"rates\":{\"decline\":1},\"magicAccounts\":false}")).Status.Should().Be(HttpStatusCode.OK);
        (await world.Adapters["azerishiq"].PayAsync(Delivery(5, "123456"), CancellationToken.None)).Result
            .Should().Be(DeliveryResult.Declined);
        (await PostAsync("{\"rates\":{\"lie\":1}}")).Text.Should().Contain("silent-after-credit");
        (await PostAsync("{\"rates\":{\"decline\":0.6,\"late\":0.6}}")).Text.Should().Contain("more than 1");
        (await PostAsync("{\"rats\":{}}")).Text.Should().Contain("rats");
        (await PostAsync("[")).Status.Should().Be(HttpStatusCode.BadRequest);
        world.Simulator.Lies.MagicAccounts.Should().BeFalse("a refused change changes nothing");
        (await PostAsync("{}")).Status.Should().Be(HttpStatusCode.OK);
        (await world.Adapters["azerishiq"].PayAsync(Delivery(6, "123456"), CancellationToken.None)).Result
            .Should().Be(DeliveryResult.Confirmed);
    }

    private static string Magic(int magic) => $"1{MagicAccounts.Sign}{magic:00}";

    private static async Task<DeliveryResult> AskUntilKnownAsync(IProvider adapter, Delivery delivery)
    {
        for (var i = 0; i < 4; i++)
        {
            var answer = await adapter.AskAsync(delivery, CancellationToken.None);
            if (answer.Result != DeliveryResult.Silent)
            {
                return answer.Result;
            }
        }

        return DeliveryResult.Silent;
    }
}
