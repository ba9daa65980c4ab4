using System.Diagnostics.Metrics;
using EGovPay.Terminals.Observing;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.Observing;

/// <summary>The measures as text.</summary>
public sealed class PrometheusTexts : IDisposable
{
    private readonly string name = "Test." + Guid.NewGuid().ToString("N");
    private readonly Meter meter;
    private readonly PrometheusText text;

    public PrometheusTexts()
    {
        meter = new Meter(name);
        text = new PrometheusText([name]);
    }

    public void Dispose()
    {
        text.Dispose();
        meter.Dispose();
    }

    [Fact]
    public void A_counter_adds_up_by_its_tags()
    {
        var counter = meter.CreateCounter<long>("egovpay.payments", "{payment}", "Payments.");
        counter.Add(2, new KeyValuePair<string, object?>("egovpay.state", "Confirmed"));
        counter.Add(3, new KeyValuePair<string, object?>("egovpay.state", "Confirmed"));
        counter.Add(1, new KeyValuePair<string, object?>("egovpay.state", "De\"cl\\in\ned"));
        text.Render().Should().Be(
            "# HELP egovpay_payments_total Payments.\n# TYPE egovpay_payments_total counter\n"
            + "egovpay_payments_total{egovpay_state=\"Confirmed\"} 5\n"
            + "egovpay_payments_total{egovpay_state=\"De\\\"cl\\\\in\\ned\"} 1\n");
    }

    [Fact]
    public void A_histogram_counts_below_each_bound_and_its_bounds_belong_below_them()
    {
        var histogram = meter.CreateHistogram<double>(
            "a.duration", "s", "D.", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.5, 1] });
        foreach (var value in new[] { 0.25, 0.5, 0.75, 4 })
        {
            histogram.Record(value);
        }

        text.Render().Should().Be(
            "# HELP a_duration_seconds D.\n# TYPE a_duration_seconds histogram\n"
            + "a_duration_seconds_bucket{le=\"0.5\"} 2\na_duration_seconds_bucket{le=\"1\"} 3\n"
            + "a_duration_seconds_bucket{le=\"+Inf\"} 4\na_duration_seconds_sum 5.5\na_duration_seconds_count 4\n");
    }

    [Fact]
    public void A_gauge_shows_what_is_there_now_and_not_what_was()
    {
        var provider = "a";
        meter.CreateObservableGauge(
            "breaker", () => new Measurement<int>(2, new KeyValuePair<string, object?>("provider", provider)), "{state}", "B.");
        text.Render().Should().EndWith("breaker{provider=\"a\"} 2\n");
        provider = "b";
        text.Render().Should().EndWith("breaker{provider=\"b\"} 2\n").And.NotContain("\"a\"");
    }

    [Fact]
    public void A_meter_that_ends_is_gone_and_others_are_never_shown()
    {
        using var other = new Meter(name + ".other");
        other.CreateCounter<long>("other").Add(1);
        meter.CreateCounter<long>("mine").Add(1);
        text.Render().Should().Contain("mine").And.NotContain("other");
        meter.Dispose();
        text.Render().Should().BeEmpty();
    }

    [Fact]
    public void What_nobody_bounds_is_bounded_here()
    {
        var counter = meter.CreateCounter<long>("many");
        for (var i = 0; i < 3_000; i++)
        {
            counter.Add(1, new KeyValuePair<string, object?>("who", i));
        }

        text.Render().Split('\n').Count(line => line.StartsWith("many_total{", StringComparison.Ordinal)).Should().Be(2_000);
    }

    [Fact]
    public void Measuring_what_was_measured_before_allocates_nothing()
    {
        var counter = meter.CreateCounter<long>("hot");
        var histogram = meter.CreateHistogram<double>("hot.duration", "s");
        var tag = new KeyValuePair<string, object?>("egovpay.state", "Confirmed");
        void Measure()
        {
            for (var i = 0; i < 1_000; i++)
            {
                counter.Add(1, tag);
                histogram.Record(0.01, tag);
            }
        }

        Measure();
        var before = GC.GetAllocatedBytesForCurrentThread();
        Measure();
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(1_000);
    }

    [Theory]
    [InlineData("egovpay.payments", "{payment}", "counter", "egovpay_payments_total")]
    [InlineData("egovpay.payment.duration", "s", "histogram", "egovpay_payment_duration_seconds")]
    [InlineData("egovpay.disk.free", "By", "gauge", "egovpay_disk_free_bytes")]
    [InlineData("egovpay.provider.breaker", "{state}", "gauge", "egovpay_provider_breaker")]
    [InlineData("egovpay.day.lag", "d", "gauge", "egovpay_day_lag_days")]
    public void Names_are_those_that_a_collector_gives(string measure, string unit, string kind, string expected) =>
        PrometheusText.NameOf(measure, unit, kind).Should().Be(expected);
}
