using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using EGovPay.Terminals;
using FluentAssertions;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Xunit;

namespace EGovPay.Tests.Terminals;

/// <summary>
/// More than the server can do, briefly. The figures at their bars are the long run's: here terminals,
/// server, providers and database share a machine with other tests.
/// </summary>
public sealed class Overloading(ITestOutputHelper output)
{
    private static readonly (string Service, string Account)[] Bills =
        [("10101", "012345678901234"), ("10201", "110012345"), ("10301", "2301234")];

    [Fact]
    public async Task What_is_too_much_is_refused_before_it_is_read_takes_nothing_and_is_over_when_it_is_over()
    {
        await using var centre = new HttpCentre(
            new ServerSettings { AddressRequestsPerSecond = 0, TerminalRequestsPerSecond = 0 });
        await centre.InitializeAsync();
        using var http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 2_000 }) { BaseAddress = centre.Address };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", centre.Key);
        await CallAsync(http, callers: 8, seconds: 1);
        var calm = await CallAsync(http, callers: 8, seconds: 2);
        var crowd = await CallAsync(http, callers: 800, seconds: 4);
        output.WriteLine($"calm: {calm}; 800 callers: {crowd}");

        calm.Refused.Should().BeEmpty();
        calm.Strange.Should().BeEmpty();
        crowd.Strange.Should().BeEmpty("900 with Retry-After is the only refusal");
        crowd.Refused.Should().NotBeEmpty();
        centre.App.Services.GetRequiredService<Entrance>().Refused.Should().BePositive("the entrance refuses, before anything is read");
        crowd.Took.Should().NotBeEmpty("what is let in is served");
        crowd.P99.Should().BeLessThan(Math.Max(2_000, 20 * calm.P99), "what is let in is served soon");
        await using (var taken = centre.Database.DataSource.CreateCommand("select count(*) from payment where reference = any($1)"))
        {
            taken.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. crowd.Refused] });
            (await taken.ExecuteScalarAsync()).Should().Be(0L);
        }

        var began = Stopwatch.GetTimestamp();
        Met after;
        do
        {
            after = await CallAsync(http, callers: 4, seconds: 0.3);
            Stopwatch.GetElapsedTime(began).TotalSeconds.Should().BeLessThan(5.5, "nobody hammers any more");
        }
        while (!after.Refused.IsEmpty);
    }

    private static async Task<Met> CallAsync(HttpClient http, int callers, double seconds)
    {
        var met = new Met();
        var began = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, callers).Select(_ => Task.Run(async () =>
        {
            while (Stopwatch.GetElapsedTime(began).TotalSeconds < seconds)
            {
                var reference = HttpCentre.Reference("o");
                var sent = Stopwatch.GetTimestamp();
                // Three providers, so that it is not one's permits that refuse.
                var payment = HttpCentre.Payment(100);
                (payment["service"], payment["account"]) = Bills[Random.Shared.Next(Bills.Length)];
                using var body = Asking.Json(payment.ToJsonString());
                using var answer = await http.PutAsync(new Uri("/v1/payments/" + reference, UriKind.Relative), body);
                if (answer.StatusCode == HttpStatusCode.Created)
                {
                    met.Took.Enqueue(Stopwatch.GetElapsedTime(sent).TotalMilliseconds);
                    continue;
                }

                var text = await answer.Content.ReadAsStringAsync();
                var refused = answer.StatusCode == HttpStatusCode.ServiceUnavailable && answer.Headers.RetryAfter is not null
                    && text.Contains("\"code\":900", StringComparison.Ordinal);
                (refused ? met.Refused : met.Strange).Enqueue(refused ? reference : $"{(int)answer.StatusCode} {text}");
                await Task.Delay(50);
            }
        })));
        return met;
    }

    private sealed class Met
    {
        public ConcurrentQueue<double> Took { get; } = new();

        public ConcurrentQueue<string> Refused { get; } = new();

        public ConcurrentQueue<string> Strange { get; } = new();

        public double P99 => Took.IsEmpty ? 0 : Took.Order().ElementAt((int)((Took.Count - 1) * 0.99));

        public override string ToString() => FormattableString.Invariant(
            $"{Took.Count} accepted, {Refused.Count} refused, {Strange.Count} strange, p99 {P99:F0} ms");
    }
}
