using EGovPay.Processing;
using EGovPay.Processing.Catalogue;
using FluentAssertions;
using NodaTime;
using Xunit;

namespace EGovPay.Tests.Validation;

public sealed class OpeningTimes
{
    private static readonly Service Service = Asking.Catalogue.Find("10101")!;

    [Theory]
    [InlineData(9, 0, 18, 0, 8, 59, false)]
    [InlineData(9, 0, 18, 0, 9, 0, true)]
    [InlineData(9, 0, 18, 0, 17, 59, true)]
    [InlineData(9, 0, 18, 0, 18, 0, false)]
    [InlineData(22, 0, 6, 0, 23, 0, true)]
    [InlineData(22, 0, 6, 0, 5, 59, true)]
    [InlineData(22, 0, 6, 0, 6, 0, false)]
    [InlineData(22, 0, 6, 0, 21, 59, false)]
    public void Hours_are_Baku_hours_and_may_cross_midnight(
        int opens, int opensMinute, int closes, int closesMinute, int hour, int minute, bool open)
    {
        var rule = Service.Rules[0] with { Hours = new(new(opens, opensMinute), new(closes, closesMinute)) };
        Refused(new LocalDateTime(2026, 11, 22, hour, minute), rule)
            .Should().Be(open ? null : new Refused(Refusal.ServiceClosedNow, "service"));
    }

    [Fact]
    public void In_the_summer_of_2015_Baku_was_five_hours_ahead()
    {
        var rule = Service.Rules[0] with { Hours = new(new(9, 0), new(10, 0)) };
        var catalogue = Asking.CatalogueWith(Service, rule);
        var half = Duration.FromMinutes(30);
        Asking.Check(Asking.GoodFor("10101"), catalogue, now: Instant.FromUtc(2015, 7, 1, 4, 0) + half).Refused
            .Should().BeNull();
        Asking.Check(Asking.GoodFor("10101"), catalogue, now: Instant.FromUtc(2016, 7, 1, 5, 0) + half).Refused
            .Should().BeNull();
        Asking.Check(Asking.GoodFor("10101"), catalogue, now: Instant.FromUtc(2016, 7, 1, 4, 0) + half).Refused
            .Should().NotBeNull();
    }

    [Fact]
    public void Before_its_first_rule_a_service_is_not_open_yet_and_a_closing_rule_closes_it()
    {
        var first = Service.Rules[0] with { From = new LocalDate(2026, 11, 22) };
        var closing = first with { From = new LocalDate(2026, 11, 24), Open = false };
        var suspended = new Refused(Refusal.ServiceSuspended, "service");
        Refused(new LocalDateTime(2026, 11, 21, 23, 59), first, closing).Should().Be(suspended);
        Refused(new LocalDateTime(2026, 11, 22, 0, 0), first, closing).Should().BeNull();
        Refused(new LocalDateTime(2026, 11, 23, 23, 59), first, closing).Should().BeNull();
        Refused(new LocalDateTime(2026, 11, 24, 0, 0), first, closing).Should().Be(suspended);
        suspended.Transient.Should().BeTrue("the same request succeeds once it opens");
    }

    private static Refused? Refused(LocalDateTime wall, params ServiceRule[] rules) => Asking.Check(
        Asking.GoodFor("10101"),
        Asking.CatalogueWith(Service, rules),
        now: wall.InZoneStrictly(Baku.Zone).ToInstant()).Refused;
}
