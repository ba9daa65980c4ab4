using EGovPay.Terminals;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.Terminals;

/// <summary>How much is let in: what is young, by how long the queue for the processor stands.</summary>
public sealed class Admissions
{
    private static readonly TimeSpan Late = Admission.StandingQueue + TimeSpan.FromMilliseconds(1);

    private readonly SetTime time = new();
    private TimeSpan journal;

    [Fact]
    public void A_standing_queue_lowers_the_limit_and_a_used_up_limit_without_one_raises_it()
    {
        using var admission = Of(10_000);
        var before = admission.Limit;
        admission.Follow(Late);
        admission.Limit.Should().BeLessThan(before);
        for (var round = 0; round < 100; round++)
        {
            admission.Follow(Late);
        }

        admission.Limit.Should().Be(Admission.LeastLimit, "something is always let in");
        admission.Follow(TimeSpan.Zero);
        admission.Limit.Should().Be(Admission.LeastLimit, "nobody was refused, so nobody knows whether more would fit");
        while (admission.TryEnter() is not null)
        {
        }

        admission.Follow(TimeSpan.Zero);
        admission.Limit.Should().BeGreaterThan(Admission.LeastLimit);
    }

    [Fact]
    public void What_waits_for_others_takes_nothing_from_the_young()
    {
        using var admission = Of(10_000);
        var waiting = Fill(admission);
        admission.TryEnter().Should().BeNull();
        time.Advance(TimeSpan.FromMilliseconds(150));
        admission.TryEnter().Should().BeNull("they are still young");
        time.Advance(TimeSpan.FromMilliseconds(150));
        var young = Fill(admission);
        young.Count.Should().Be(waiting.Count);
        waiting.ForEach(place => place.Dispose());
        admission.TryEnter().Should().BeNull("who left was not counted any more");
        young.ForEach(place => place.Dispose());
        young[0].Dispose();
        admission.UnderWay.Should().Be(0);
        Fill(admission).Count.Should().Be(waiting.Count);
    }

    [Fact]
    public void A_long_pause_forgets_everybody_who_came_before_it()
    {
        using var admission = Of(10_000);
        var before = Fill(admission);
        time.Advance(TimeSpan.FromHours(5));
        Fill(admission).Count.Should().Be(before.Count);
    }

    [Fact]
    public void All_that_is_under_way_has_a_bound_of_its_own()
    {
        using var admission = Of(3);
        Fill(admission).Count.Should().Be(3);
        time.Advance(TimeSpan.FromSeconds(1));
        admission.TryEnter().Should().BeNull("who waits needs memory");
        admission.Refused.Should().Be(2);
    }

    [Fact]
    public void A_journal_that_stands_still_lets_nothing_in()
    {
        using var admission = Of(100);
        journal = Admission.StandingJournal + TimeSpan.FromMilliseconds(1);
        admission.TryEnter().Should().BeNull();
        journal = TimeSpan.Zero;
        admission.TryEnter().Should().NotBeNull();
    }

    [Fact]
    public async Task A_server_that_stops_lets_nothing_in_and_waits_for_what_is_under_way_but_not_for_ever()
    {
        using var admission = new Admission(100, () => TimeSpan.Zero, TimeProvider.System);
        var place = admission.TryEnter()!;
        admission.Close();
        admission.TryEnter().Should().BeNull();
        var emptied = admission.EmptyAsync(TimeSpan.FromSeconds(30));
        emptied.IsCompleted.Should().BeFalse();
        place.Dispose();
        await emptied;
        admission.Over.IsCancellationRequested.Should().BeTrue();

        using var hung = new Admission(100, () => TimeSpan.Zero, TimeProvider.System);
        hung.TryEnter();
        hung.Close();
        await hung.EmptyAsync(TimeSpan.FromMilliseconds(50));
        hung.Over.IsCancellationRequested.Should().BeTrue();
    }

    private Admission Of(int most) => new(most, () => journal, time);

    private static List<Admission.Place> Fill(Admission admission)
    {
        var places = new List<Admission.Place>();
        while (admission.TryEnter() is { } place)
        {
            places.Add(place);
        }

        return places;
    }

    private sealed class SetTime : TimeProvider
    {
        private long ticks = TimeSpan.FromDays(3).Ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => ticks;

        public void Advance(TimeSpan by) => ticks += by.Ticks;
    }
}
