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
        entrance.Follow(Late, null);
        entrance.Follow(Late, null);
        entrance.Limit.Should().Be(before, "nobody is in: what is late is late by others");
        var crowd = Fill(entrance);
        entrance.Follow(100 * Late, null);
        entrance.Limit.Should().BeInRange(before * 3 / 4, before - 1, "once may be a pause of the machine, however long");
        for (var round = 0; round < 100; round++)
        {
            entrance.Follow(Late, null);
        }

        entrance.Limit.Should().Be(Entrance.LeastLimit, "something is always let in");
        crowd.ForEach(place => place.Dispose());
        entrance.Follow(TimeSpan.Zero, null);
        entrance.Limit.Should().Be(Entrance.LeastLimit, "nobody was refused, so nobody knows whether more would fit");
        Fill(entrance);
        entrance.Follow(TimeSpan.Zero, null);
        entrance.Limit.Should().BeGreaterThan(Entrance.LeastLimit);
    }

    [Fact]
    public void Commits_that_are_all_slower_than_in_calm_lower_the_limit_and_a_slow_disk_does_not()
    {
        using var entrance = Of(10_000);
        entrance.Follow(TimeSpan.Zero, TimeSpan.FromMilliseconds(2));
        Fill(entrance);
        entrance.Follow(TimeSpan.Zero, TimeSpan.FromMilliseconds(14));
        var before = entrance.Limit;
        Fill(entrance);
        entrance.Follow(TimeSpan.Zero, TimeSpan.FromMilliseconds(16));
        entrance.Follow(TimeSpan.Zero, TimeSpan.FromMilliseconds(16));
        entrance.Limit.Should().BeLessThan(before);

        using var slow = Of(10_000);
        slow.Follow(TimeSpan.Zero, TimeSpan.FromMilliseconds(30));
        before = slow.Limit;
        Fill(slow);
        slow.Follow(TimeSpan.Zero, TimeSpan.FromMilliseconds(140));
        slow.Follow(TimeSpan.Zero, TimeSpan.FromMilliseconds(140));
        slow.Limit.Should().BeGreaterThan(before, "its commits take long also when little is in them");
    }

    [Fact]
    public void Who_waits_for_a_slow_provider_refuses_nobody_else_when_the_machine_pauses()
    {
        var atProvider = 0;
        using var entrance = new Entrance(10_000, () => TimeSpan.Zero, () => null, () => atProvider, time);
        var before = entrance.Limit;
        var waiting = Enumerable.Range(0, before - 8).Select(_ => entrance.TryEnter()!).ToList();
        atProvider = waiting.Count;
        for (var round = 0; round < 4; round++)
        {
            entrance.Follow(Late, null);
        }

        entrance.Limit.Should().Be(before, "nothing that works here is too much");
        Enumerable.Range(0, 8).Select(_ => entrance.TryEnter()).Should().NotContainNulls();
        atProvider = 0;
        entrance.Follow(Late, null);
        entrance.Limit.Should().BeLessThan(before, "all of it works here now");
    }

    [Fact]
    public void Who_looks_whether_there_is_room_takes_none()
    {
        using var entrance = Of(1);
        entrance.HasRoom().Should().BeTrue();
        entrance.HasRoom().Should().BeTrue();
        var place = entrance.TryEnter()!;
        entrance.HasRoom().Should().BeFalse();
        entrance.Refused.Should().Be(1);
        place.Dispose();
        entrance.HasRoom().Should().BeTrue();
    }

    [Fact]
    public void What_waits_for_others_takes_nothing_from_the_young()
    {
        using var entrance = Of(10_000);
        var waiting = Fill(entrance);
        entrance.TryEnter().Should().BeNull();
        time.Advance(TimeSpan.FromMilliseconds(300));
        entrance.TryEnter().Should().BeNull("they are still young");
        time.Advance(TimeSpan.FromMilliseconds(300));
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
        using var entrance = new Entrance(100, () => TimeSpan.Zero, () => null, () => 0, TimeProvider.System);
        var place = entrance.TryEnter()!;
        entrance.Close();
        entrance.TryEnter().Should().BeNull();
        var emptied = entrance.EmptyAsync(TimeSpan.FromSeconds(30));
        emptied.IsCompleted.Should().BeFalse();
        place.Dispose();
        await emptied;
        entrance.Over.IsCancellationRequested.Should().BeTrue();

        using var hung = new Entrance(100, () => TimeSpan.Zero, () => null, () => 0, TimeProvider.System);
        hung.TryEnter();
        hung.Close();
        await hung.EmptyAsync(TimeSpan.FromMilliseconds(50));
        hung.Over.IsCancellationRequested.Should().BeTrue();
    }

    private Entrance Of(int most) => new(most, () => journal, () => null, () => 0, time);

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
