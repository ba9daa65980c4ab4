using System.Globalization;
using EGovPay.Processing.Telling;
using EGovPay.Terminals.Telling;
using EGovPay.Tests.Terminals;
using FluentAssertions;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;
using Xunit;

namespace EGovPay.Tests.Telling;

/// <summary>
/// From the commit that made a payment final to the first byte at its provider's ear, with payments over HTTP and telling as it is
/// configured by default. The bar is 30 s.
/// </summary>
public sealed class HowSoonReceiversHear(ITestOutputHelper output) : IAsyncLifetime
{
    private const int Payments = 200;
    private const int AtOnce = 8;

    private readonly HttpCentre centre = new();
    private readonly CancellationTokenSource stop = new();
    private TellEveryone teller = null!;
    private Task telling = Task.CompletedTask;

    public async ValueTask InitializeAsync()
    {
        await centre.InitializeAsync();
        teller = new TellEveryone(centre.Engine, new TellingSettings(), NullLogger<TellEveryone>.Instance);
        telling = teller.RunAsync(stop.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await telling;
        teller.Dispose();
        stop.Dispose();
        await centre.DisposeAsync();
    }

    [Fact]
    public async Task The_provider_hears_of_each_of_two_hundred_payments_long_before_thirty_seconds()
    {
        await using var provider = await EarAsync("azerishiq");
        var heard = await PayAsync(provider);
        output.WriteLine(heard.ToString());
        heard.Greatest.Should().BeLessThan(10);
        heard.Median.Should().BeLessThan(3);
        provider.All.Select(one => one.Id).Should().OnlyHaveUniqueItems().And.HaveCount(Payments);
    }

    [Fact]
    public async Task One_receiver_that_is_down_and_one_that_is_slow_do_not_make_the_others_hear_later()
    {
        await using var provider = await EarAsync("azerishiq");
        await PayAsync(provider, 40);
        var alone = await PayAsync(provider);
        await using var slow = await Receiver.StartAsync();
        slow.Answer = (context, _) => Task.Delay(TimeSpan.FromSeconds(8), context.RequestAborted);
        var agent = (await centre.Engine.Directory.FindByKeyAsync(centre.Key, centre.Engine.Clock.GetCurrentInstant()))!.AgentId;
        await SubscribeAsync(agent, null, slow.Address);
        await SubscribeAsync(agent, null, new Uri("http://127.0.0.1:1/down"));
        await centre.Engine.Directory.RefreshAsync();

        var beside = await PayAsync(provider);
        output.WriteLine($"alone: {alone}; beside one that is down and one that is slow: {beside}");
        slow.All.Count.Should().BeInRange(1, Payments - 1, "it must still be busy with the first ones, or it was not slow");
        (await centre.Database.AskAsync<long>("select count(*) from delivery where dead_at is null")).Should().BeGreaterThan(
            Payments, "nearly all of it still waits for the two");
        beside.Median.Should().BeLessThan(2 * alone.Median + 0.5);
        beside.Greatest.Should().BeLessThan(2 * alone.Greatest + 1.5);
    }

    /// <summary>Pays over HTTP, and waits until the ear heard of all of it.</summary>
    private async Task<Delays> PayAsync(Receiver provider, int payments = Payments)
    {
        var before = provider.All.Count;
        await Parallel.ForEachAsync(
            Enumerable.Range(0, payments), new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (_, _) =>
            {
                var paid = await centre.Client.PayAsync(HttpCentre.Reference("soon"), HttpCentre.Payment());
                paid.State.Should().Be("Confirmed");
            });
        await provider.UntilAsync(all => all.Count >= before + payments, 60);
        var delays = new List<double>();
        foreach (var heard in provider.All.Skip(before))
        {
            var number = (string)heard.Json["data"]!["number"]!;
            var committed = await centre.Database.AskAsync<double>(
                $"select extract(epoch from max(at))::float8 from event where number = {number}");
            delays.Add((heard.At - NodaConstants.UnixEpoch).TotalSeconds - committed);
        }

        delays.Should().HaveCount(payments);
        delays.Sort();
        delays[0].Should().BeGreaterThan(0, "nobody hears before the commit");
        return new Delays(delays.Count, delays[delays.Count / 2], delays[^1]);
    }

    private async Task<Receiver> EarAsync(string code)
    {
        var receiver = await Receiver.StartAsync();
        var provider = centre.Engine.Catalogue.Current.Providers.Single(one => one.Code == code);
        await SubscribeAsync(null, provider.Id, receiver.Address);
        await centre.Engine.Directory.RefreshAsync();
        return receiver;
    }

    private async Task SubscribeAsync(int? agent, int? provider, Uri url)
    {
        var (made, _) = await new Endpoints(centre.Engine.Database, TestPeople.Doer).AddAsync(agent, provider, url, null);
        made.Should().Be(EndpointMade.Made);
    }

    private sealed record Delays(int Payments, double Median, double Greatest)
    {
        public override string ToString() => string.Create(
            CultureInfo.InvariantCulture, $"{Payments} payments: median {Median:F3} s, greatest {Greatest:F3} s");
    }
}
