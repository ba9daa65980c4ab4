using System.Diagnostics;
using EGovPay.Processing.Payments;
using EGovPay.Processing.StateMachine;
using EGovPay.Tests.Payments;
using EGovPay.Tests.PostgreSql;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.Observing;

/// <summary>The measures say what happened, no more and no less.</summary>
public sealed class MeasuringPayments(TestDatabase database) : IClassFixture<TestDatabase>
{
    private const string Good = "012345678901234";
    private const string NotFound = "012345678966601";
    private const string LaterForEver = "012345678966628";

    [Fact]
    public async Task Ten_confirmed_two_declined_and_one_unknown_are_counted_as_such()
    {
        using var heard = new Heard();
        await using var centre = await SmallCentre.StartAsync(database);
        var numbers = new List<long>();
        foreach (var (account, times) in new[] { (Good, 10), (NotFound, 2), (LaterForEver, 1) })
        {
            for (var i = 0; i < times; i++)
            {
                numbers.Add((await PayAsync(centre, $"{account}-{i}", account)).Payment!.Number);
            }
        }

        heard.Sum("egovpay.payments", "Dispatched").Should().Be(13);
        heard.Sum("egovpay.payments", "Confirmed").Should().Be(10);
        heard.Sum("egovpay.payments", "Declined").Should().Be(2);
        heard.Sum("egovpay.payments", "Unknown").Should().Be(1);
        heard.Sum("egovpay.receipts").Should().Be(10);
        heard.Of("egovpay.payment.duration").Should().HaveCount(12, "one is not final").And.OnlyContain(one => one.Value >= 0);
        heard.Sum("egovpay.takeovers").Should().Be(0);
        var asked = heard.Of("egovpay.provider.request.duration", "pay").ToList();
        asked.Should().HaveCount(13).And.OnlyContain(one => (string)one.Tag("egovpay.provider")! == "azerishiq"
            && (string)one.Tag("egovpay.protocol")! == "osmp");
        asked.Count(one => (string)one.Tag("egovpay.result")! == "Confirmed").Should().Be(10);
        asked.Count(one => (string)one.Tag("egovpay.result")! == "Silent").Should().Be(1);

        // The top-up, thirteen acceptances, thirteen outcomes, and each further silence about the one.
        var silences = heard.Of("egovpay.provider.request.duration", "ask").Count();
        heard.Sum("egovpay.journal.batch.size").Should().BeInRange(27 + silences - 1, 27 + silences + 6);
        heard.Of("egovpay.journal.commit.duration").Should().HaveSameCount(heard.Of("egovpay.journal.batch.size"));
        OnlyFewTags(heard, numbers);
    }

    [Fact]
    public async Task The_gauges_show_what_is_unknown_and_the_doors_of_providers()
    {
        await using var centre = await SmallCentre.StartAsync(database);
        (await PayAsync(centre, "gauge-1", LaterForEver)).Payment!.State.Should().Be(PaymentState.Unknown);
        await centre.Engine.Watch.ReadAsync(CancellationToken.None);

        var shown = Heard.Look(centre.Engine);
        double One(string name, string? tag = null) =>
            shown.Single(one => one.Name == name && (tag is null || one.Tags.Any(own => Equals(own.Value, tag)))).Value;
        One("egovpay.unknown.payments", "azerishiq").Should().BeGreaterThanOrEqualTo(1);
        One("egovpay.unknown.amount", "azerishiq").Should().BeGreaterThanOrEqualTo(2_350);
        One("egovpay.unknown.age", "azerishiq").Should().BeInRange(0, 600);
        One("egovpay.nodes", "alive").Should().BeGreaterThanOrEqualTo(1);
        One("egovpay.day.lag").Should().Be(0);
        One("egovpay.node.lease.age").Should().BeInRange(0, 4);
        Math.Abs(One("egovpay.clock.offset")).Should().BeLessThan(2);
        One("egovpay.provider.breaker", "azerishiq").Should().Be(0);
        One("egovpay.journal.queue.length").Should().Be(0);
    }

    [Fact]
    public async Task A_provider_that_breaks_off_every_line_opens_its_breaker_and_the_gauge_says_so()
    {
        await using var centre = await SmallCentre.StartAsync(database);
        var gate = centre.Engine.Gates.Find("azerishiq")!;
        for (var i = 0; i < 40; i++)
        {
            await gate.CallAsync(() => Task.FromResult(false), healthy => healthy, refused: false);
        }

        Heard.Look(centre.Engine).Single(one => one.Name == "egovpay.provider.breaker" && (string)one.Tag("egovpay.provider")! == "azerishiq")
            .Value.Should().Be(2);
    }

    [Fact]
    public async Task A_payment_is_one_trace_from_its_acceptance_to_its_outcome_and_names_no_account()
    {
        using var heard = new Heard();
        await using var centre = await SmallCentre.StartAsync(database);
        using var caller = new Activity("caller").SetIdFormat(ActivityIdFormat.W3C).Start();
        caller.ActivityTraceFlags |= ActivityTraceFlags.Recorded;
        caller.IsAllDataRequested = true;
        var answer = await PayAsync(centre, "trace-1", Good);
        caller.Stop();

        var ours = heard.Spans.Where(span => span.TraceId == caller.TraceId).ToList();
        ours.Select(span => span.OperationName).Should().Equal("journal accept", "pay azerishiq", "journal record");
        ours.Should().OnlyContain(span => span.ParentSpanId == caller.SpanId);
        ours[0].GetTagItem("egovpay.journal.batch.size").Should().Be(1);
        ours[1].Kind.Should().Be(ActivityKind.Client);
        ours[1].GetTagItem("egovpay.payment.number").Should().Be(answer.Payment!.Number);
        caller.GetTagItem("egovpay.payment.number").Should().Be(answer.Payment.Number);
        caller.Events.Should().ContainSingle(happened => happened.Name == "validated");
        ours.SelectMany(span => span.TagObjects).Should().NotContain(tag => $"{tag.Value}".Contains(Good) || $"{tag.Value}".Contains("trace-1"));
    }

    private static Task<PayAnswer> PayAsync(SmallCentre centre, string reference, string account) =>
        centre.Engine.Pay.PayAsync(
            centre.Terminal, SmallCentre.Request(reference, "10101", account, 2_350), TimeSpan.FromSeconds(20));

    /// <summary>A tag that holds a reference, a number or an account would be a series for each payment.</summary>
    private static void OnlyFewTags(Heard heard, List<long> numbers)
    {
        var values = heard.All.Where(one => one.Name.StartsWith("egovpay.", StringComparison.Ordinal))
            .SelectMany(one => one.Tags.Select(tag => $"{tag.Value}")).Distinct().ToList();
        values.Should().NotContain(value => value.Contains("012345678") || value.Contains("bank-"));
        values.Should().NotContain(numbers.Select(number => $"{number}"));
    }
}
