using EGovPay.Terminals;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.Terminals;

/// <summary>How much is let in: what is young, by how long the queue for the processor stands.</summary>
public sealed class Entrances
{
    private static readonly TimeSpan Late = Entrance.StandingQueue + TimeSpan.FromMilliseconds(1);

    private readonly SetTime time = new();
    private TimeSpan journal;

    [Fact]
    public void A_standing_queue_lowers_the_limit_and_a_used_up_limit_without_one_raises_it()
    {
        using var entrance = Of(10_000);
        var before = entrance.Limit;
        entrance.Follow(Late);
        entrance.Limit.Should().BeLessThan(before);
        for (var round = 0; round < 100; round++)
        {
            entrance.Follow(Late);
        }

        entrance.Limit.Should().Be(Entrance.LeastLimit, "something is always let in");
        entrance.Follow(TimeSpan.Zero);
        entrance.Limit.Should().Be(Entrance.LeastLimit, "nobody was refused, so nobody knows whether more would fit");
        while (entrance.TryEnter() is not null)
        {
        }

        entrance.Follow(TimeSpan.Zero);
        entrance.Limit.Should().BeGreaterThan(Entrance.LeastLimit);
    }

    [Fact]
    public void What_waits_for_others_takes_nothing_from_the_young()
    {
        using var entrance = Of(10_000);
        var waiting = Fill(entrance);
        entrance.TryEnter().Should().BeNull();
        time.Advance(TimeSpan.FromMilliseconds(150));
        entrance.TryEnter().Should().BeNull("they are still young");
        time.Advance(TimeSpan.FromMilliseconds(150));
        var young = Fill(entrance);
        young.Count.Should().Be(waiting.Count);
        waiting.ForEach(place => place.Dispose());
        entrance.TryEnter().Should().BeNull("who left was not counted any more");
        young.ForEach(place => place.Dispose());
        young[0].Dispose();
        entrance.UnderWay.Should().Be(0);
        Fill(entrance).Count.Should().Be(waiting.Count);
    }

    [Fact]
    public void A_long_pause_forgets_everybody_who_came_before_it()
    {
        using var entrance = Of(10_000);
        var before = Fill(entrance);
        time.Advance(TimeSpan.FromHours(5));
        Fill(entrance).Count.Should().Be(before.Count);
    }

    [Fact]
    public void All_that_is_under_way_has_a_bound_of_its_own()
    {
        using var entrance = Of(3);
        Fill(entrance).Count.Should().Be(3);
        time.Advance(TimeSpan.FromSeconds(1));
        entrance.TryEnter().Should().BeNull("who waits needs memory");
        entrance.Refused.Should().Be(2);
    }

    [Fact]
    public void A_journal_that_stands_still_lets_nothing_in()
    {
        using var entrance = Of(100);
        journal = Entrance.StandingJournal + TimeSpan.FromMilliseconds(1);
        entrance.TryEnter().Should().BeNull();
        journal = TimeSpan.Zero;
        entrance.TryEnter().Should().NotBeNull();
    }

    [Fact]
    public async Task A_server_that_stops_lets_nothing_in_and_waits_for_what_is_under_way_but_not_for_ever()
    {
        using var entrance = new Entrance(100, () => TimeSpan.Zero, TimeProvider.System);
        var place = entrance.TryEnter()!;
        entrance.Close();
        entrance.TryEnter().Should().BeNull();
        var emptied = entrance.EmptyAsync(TimeSpan.FromSeconds(30));
        emptied.IsCompleted.Should().BeFalse();
        place.Dispose();
        await emptied;
        entrance.Over.IsCancellationRequested.Should().BeTrue();

        using var hung = new Entrance(100, () => TimeSpan.Zero, TimeProvider.System);
        hung.TryEnter();
        hung.Close();
        await hung.EmptyAsync(TimeSpan.FromMilliseconds(50));
        hung.Over.IsCancellationRequested.Should().BeTrue();
    }

    private Entrance Of(int most) => new(most, () => journal, time);

    private static List<Entrance.Place> Fill(Entrance entrance)
    {
        var places = new List<Entrance.Place>();
        while (entrance.TryEnter() is { } place)
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
