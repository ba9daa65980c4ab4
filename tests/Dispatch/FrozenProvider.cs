using System.Collections.Concurrent;
using System.Diagnostics;
using EGovPay.Processing.Payments;
using EGovPay.Processing.StateMachine;
using EGovPay.Providers.Simulator;
using EGovPay.Tests.Payments;
using EGovPay.Tests.PostgreSql;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.Dispatch;

/// <summary>One provider that answers nobody costs the payers of another nothing.</summary>
public sealed class FrozenProvider(ITestOutputHelper output)
{
    private const int Callers = 8;
    private const int PaymentsEach = 40;

    [Fact]
    public async Task While_one_provider_hangs_with_all_its_permits_taken_another_is_as_quick_as_before()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var centre = await SmallCentre.StartAsync(database);
        var frozen = centre.Engine.Gates.Find("azerishiq")!;
        await MeasureAsync(centre, "warm");
        var known = SmallCentre.Request("known", "10101", "012345678901234", 100);
        var paid = await centre.Engine.Pay.PayAsync(centre.Terminal, known, TimeSpan.FromSeconds(20));
        paid.Payment!.State.Should().Be(PaymentState.Confirmed);
        var before = await MeasureAsync(centre, "before");

        centre.Simulator.Lies = Lies.None with { Provider = "azerishiq", Rates = [new(Lie.SilentBeforeCredit, 1_000_000)], Attempts = 1_000 };
        var hanging = Enumerable.Range(0, frozen.Settings.ConcurrencyLimit).Select(i => centre.Engine.Pay.PayAsync(
            centre.Terminal, SmallCentre.Request($"frozen-{i}", "10101", "012345678901234", 100), TimeSpan.FromMinutes(2))).ToList();
        PayAnswer refused;
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        do
        {
            limit.Token.ThrowIfCancellationRequested();
            refused = await centre.Engine.Pay.PayAsync(
                centre.Terminal, SmallCentre.Request($"more-{Guid.NewGuid():N}", "10101", "012345678901234", 100),
                TimeSpan.FromMilliseconds(20));
        }
        while (refused.Refused is not { Why: Processing.Refusal.Overloaded, RetryAfterSeconds: > 0 });

        var repeated = await centre.Engine.Pay.PayAsync(centre.Terminal, known, TimeSpan.FromSeconds(20));
        repeated.Payment!.State.Should().Be(PaymentState.Confirmed, "a known reference is answered from the book");
        repeated.Repeat.Should().BeTrue();
        (await centre.Engine.Pay.PayAsync(
            centre.Terminal, SmallCentre.Request("known", "10101", "012345678901234", 200), TimeSpan.FromSeconds(20)))
            .Refused!.Value.Why.Should().Be(Processing.Refusal.ReferenceUsedDifferently);
        var during = await MeasureAsync(centre, "during");
        hanging.Should().Contain(one => !one.IsCompleted, "the other one hung all the while");
        output.WriteLine($"p99 {before.TotalMilliseconds:F1} ms before, {during.TotalMilliseconds:F1} ms while the other hung");
        during.Should().BeLessThan(TimeSpan.FromMilliseconds(Math.Max(150, before.TotalMilliseconds * 4)));
        centre.Simulator.Lies = Lies.None;
        (await Task.WhenAll(hanging)).Should().OnlyContain(one => one.Payment!.State == PaymentState.Unknown
            || one.Payment.State == PaymentState.Confirmed);
    }

    /// <summary>The 99th of a hundred payments to a provider that works.</summary>
    private static async Task<TimeSpan> MeasureAsync(SmallCentre centre, string name)
    {
        var took = new ConcurrentBag<TimeSpan>();
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(async caller =>
        {
            for (var i = 0; i < PaymentsEach; i++)
            {
                var began = Stopwatch.GetTimestamp();
                var answer = await centre.Engine.Pay.PayAsync(
                    centre.Terminal, SmallCentre.Request($"{name}-{caller}-{i}", "10201", "110012345", 100), TimeSpan.FromSeconds(20));
                took.Add(Stopwatch.GetElapsedTime(began));
                answer.Payment.Should().NotBeNull($"{answer.Refused}");
                answer.Payment!.State.Should().Be(PaymentState.Confirmed);
            }
        }));
        return took.Order().ElementAt((int)(took.Count * 0.99));
    }
}
