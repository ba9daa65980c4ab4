using EGovPay.Processing;
using EGovPay.Processing.Dispatch;
using EGovPay.Processing.Journal;
using EGovPay.Tests.PostgreSql;
using FluentAssertions;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;
using Xunit;

namespace EGovPay.Tests;

/// <summary>Nothing that matters hangs on a node's wall clock; and what is done where the database's own is set.</summary>
public sealed class DatabaseClockTests
{
    private static readonly Instant Noon = Instant.FromUtc(2017, 11, 22, 8, 0);

    [Fact]
    public void A_wall_clock_that_is_set_changes_nothing_once_the_database_has_told_its_time()
    {
        var hands = new Hands { Wall = TimeSpan.FromMinutes(3) };
        var clock = new DatabaseClock(hands);
        clock.GetCurrentInstant().Should().Be(Noon + Duration.FromMinutes(3), "before that there is nothing better");

        clock.Told(Noon, hands.GetTimestamp()).Should().Be(Duration.Zero);
        hands.Wall += TimeSpan.FromHours(-7);
        hands.Pass(TimeSpan.FromSeconds(90));

        clock.GetCurrentInstant().Should().Be(Noon + Duration.FromSeconds(90));
        clock.Even(TimeSpan.FromDays(1)).Should().BeTrue();
    }

    [Theory]
    [InlineData(3_600)]
    [InlineData(-3_600)]
    [InlineData(2)]
    [InlineData(-2)]
    public void A_step_of_the_databases_clock_is_noticed_for_as_long_as_a_claim_may_last(int seconds)
    {
        var hands = new Hands();
        var clock = new DatabaseClock(hands);
        clock.Told(Noon, hands.GetTimestamp());
        hands.Pass(TimeSpan.FromSeconds(1));
        clock.Told(Noon + Duration.FromSeconds(1.2), hands.GetTimestamp()).Should().Be(Duration.Zero, "clocks drift a little");
        hands.Pass(TimeSpan.FromSeconds(1));

        var moved = clock.Told(Noon + Duration.FromSeconds(2.2 + seconds), hands.GetTimestamp());

        moved.Should().Be(Duration.FromSeconds(seconds));
        clock.Even(TimeSpan.FromSeconds(60)).Should().BeFalse();
        clock.GetCurrentInstant().Should().Be(Noon + Duration.FromSeconds(2.2 + seconds), "the database is right by definition");
        hands.Pass(TimeSpan.FromSeconds(61));
        clock.Even(TimeSpan.FromSeconds(60)).Should().BeTrue();
    }

    [Fact]
    public void A_slow_answer_is_not_taken_for_a_step()
    {
        var hands = new Hands();
        var clock = new DatabaseClock(hands);
        clock.Told(Noon, hands.GetTimestamp());
        var asked = hands.GetTimestamp();
        hands.Pass(TimeSpan.FromSeconds(3));

        clock.Told(Noon + Duration.FromSeconds(0.1), asked).Should().Be(Duration.Zero);
    }

    [Theory]
    [InlineData(2.9, 0.0)]
    [InlineData(2.9, 3.0)]
    [InlineData(0.0, 3.0)]
    public void A_prompt_answer_after_a_slow_one_is_not_taken_for_a_step(double told, double trip)
    {
        var hands = new Hands();
        var clock = new DatabaseClock(hands);
        var asked = hands.GetTimestamp();
        hands.Pass(TimeSpan.FromSeconds(3));
        // The database looked at its clock when it was asked, or only just before it answered.
        clock.Told(Noon + Duration.FromSeconds(told), asked).Should().Be(Duration.Zero);
        asked = hands.GetTimestamp();
        hands.Pass(TimeSpan.FromSeconds(trip));

        clock.Told(Noon + Duration.FromSeconds(3), asked).Should().Be(Duration.Zero);
        clock.Even(TimeSpan.FromDays(1)).Should().BeTrue();
    }

    [Fact]
    public void A_slow_answer_does_not_spoil_what_prompt_ones_have_told()
    {
        var hands = new Hands();
        var clock = new DatabaseClock(hands);
        clock.Told(Noon, hands.GetTimestamp());
        var asked = hands.GetTimestamp();
        hands.Pass(TimeSpan.FromSeconds(3));

        clock.Told(Noon + Duration.FromSeconds(3), asked);

        clock.GetCurrentInstant().Should().BeInRange(Noon + Duration.FromSeconds(2.99), Noon + Duration.FromSeconds(3.01));
    }

    [Theory]
    [InlineData(2.2)]
    [InlineData(-2.2)]
    public void A_step_shows_beside_answers_that_take_a_second(double seconds)
    {
        var hands = new Hands();
        var clock = new DatabaseClock(hands);
        for (var beat = 0; beat < 5; beat++)
        {
            var asked = hands.GetTimestamp();
            hands.Pass(TimeSpan.FromSeconds(1));
            clock.Told(Noon + Duration.FromSeconds(beat + 0.5), asked).Should().Be(Duration.Zero);
        }

        var last = hands.GetTimestamp();
        hands.Pass(TimeSpan.FromSeconds(1));

        clock.Told(Noon + Duration.FromSeconds(5.5 + seconds), last).TotalSeconds.Should().BeApproximately(seconds, 0.01);
    }

    [Fact]
    public async Task A_node_whose_wall_is_hours_wrong_judges_by_the_databases_time()
    {
        await using var database = await TestDatabase.CreateAsync();
        var clock = new DatabaseClock(new Hands { Wall = TimeSpan.FromHours(-5), Runs = true });
        await using var engine = await Engine.StartAsync(
            new EngineSettings
            {
                ConnectionString = database.ConnectionString,
                Secret = new byte[32],
                NodeName = "wrong",
                Journal = new JournalSettings(1),
                Connect = _ => new Dictionary<string, IProvider>(StringComparer.Ordinal),
                Route = (_, _) => null,
                Background = false,
            },
            clock, NullLoggerFactory.Instance, TestContext.Current.CancellationToken);

        var told = Instant.FromDateTimeUtc(await database.AskAsync<DateTime>("select clock_timestamp()"));

        (engine.Clock.GetCurrentInstant() - told).TotalSeconds.Should().BeInRange(-2, 2);
    }

    /// <summary>A monotonic clock and one on the wall, each moved by hand; or the machine's own monotonic one.</summary>
    private sealed class Hands : TimeProvider
    {
        private long ticks = 1_000;

        public TimeSpan Wall { get; set; }

        public bool Runs { get; init; }

        public override long TimestampFrequency => Runs ? System.TimestampFrequency : TimeSpan.TicksPerSecond;

        public void Pass(TimeSpan time) => ticks += time.Ticks;

        public override long GetTimestamp() => Runs ? System.GetTimestamp() : ticks;

        /// <summary>Its wall stands still unless it runs: two looks at a running clock never show the same.</summary>
        public override DateTimeOffset GetUtcNow() => (Runs ? System.GetUtcNow() : Noon.ToDateTimeOffset()) + Wall;
    }
}
