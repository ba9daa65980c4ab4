using EGovPay.Processing.Continuity;
using EGovPay.Processing.PostgreSql;
using FluentAssertions;
using NodaTime;
using Xunit;

namespace EGovPay.Tests.FailOver;

/// <summary>A promoted standby, a restored backup and an old primary, told apart by what those know who were there.</summary>
public sealed class Judgements
{
    private static readonly Instant At = Instant.FromUtc(2026, 11, 22, 12, 0);
    private static readonly Guid Place = Guid.NewGuid();
    private static readonly Marker Remembered = new(Place, Epoch: 5, SystemIdentifier: 77, Timeline: 3, Mark: 100, At, new EventKey(16, 9, 1));

    private static readonly PastSeen Known = new(
        Epoch: 5, SystemIdentifier: 77, Timeline: 3, Doubted: false, EpochKnown: true, RestoredSince: false, Mark: 100,
        EventKnown: true, LastOther: At);

    private static readonly PrimaryMet Same = new(77, 3);
    private static readonly PrimaryMet Next = new(77, 4);

    [Fact]
    public void The_primary_that_was_known_goes_on() =>
        JudgeContinuity.Of(Remembered, Same, Known).Should().Be(Verdict.Continues);

    [Fact]
    public void A_database_that_nobody_worked_on_is_the_first() => JudgeContinuity.Of(
        null, Same, Known with { Epoch = null, EpochKnown = false, Mark = -1, LastOther = null }).Should().Be(Verdict.First);

    [Fact]
    public void A_new_timeline_with_everything_in_it_is_a_promotion_to_whoever_was_there()
    {
        JudgeContinuity.Of(Remembered, Next, Known).Should().Be(Verdict.Promoted);
        JudgeContinuity.Of(Remembered, Next, Known with { LastOther = null }).Should().Be(Verdict.Promoted);
        JudgeContinuity.Of(Remembered, Next, Known with { LastOther = At + Duration.FromSeconds(9) }).Should().Be(Verdict.Promoted);
    }

    [Fact]
    public void Who_was_not_there_at_the_end_cannot_vouch_for_it()
    {
        JudgeContinuity.Of(null, Next, Known).Should().Be(Verdict.NobodyVouches);
        JudgeContinuity.Of(Remembered, Next, Known with { LastOther = At + Duration.FromSeconds(11) })
            .Should().Be(Verdict.NobodyVouches, "others counted on after this node had gone");
        JudgeContinuity.Of(Remembered, new PrimaryMet(78, 1), Known).Should().Be(Verdict.NobodyVouches, "a copy is no promotion");
    }

    [Fact]
    public void What_is_remembered_and_not_there_is_lost_whatever_the_timeline_says()
    {
        foreach (var met in new[] { Same, Next, new PrimaryMet(78, 1) })
        {
            JudgeContinuity.Of(Remembered, met, Known with { Mark = 99 }).Should().Be(Verdict.Lost);
            JudgeContinuity.Of(Remembered, met, Known with { Mark = -1 }).Should().Be(Verdict.Lost);
            JudgeContinuity.Of(Remembered, met, Known with { EventKnown = false }).Should().Be(Verdict.Lost);
            JudgeContinuity.Of(Remembered, met, Known with { Epoch = 4, EpochKnown = false }).Should().Be(Verdict.Lost);
            JudgeContinuity.Of(Remembered, met, Known with { Epoch = null, EpochKnown = false }).Should().Be(Verdict.Lost);
        }
    }

    [Fact]
    public void Numbers_that_are_held_and_not_there_are_lost_whatever_is_remembered()
    {
        JudgeContinuity.Of(Remembered, Same, Known with { NumbersKnown = false }).Should().Be(Verdict.Lost);
        JudgeContinuity.Of(null, Same, Known with { NumbersKnown = false }).Should().Be(Verdict.Lost);
    }

    [Fact]
    public void More_than_is_remembered_is_nothing_lost() =>
        JudgeContinuity.Of(Remembered, Next, Known with { Mark = 101 }).Should().Be(
            Verdict.Promoted, "the count whose answer was lost may have come through");

    [Fact]
    public void What_one_node_doubts_no_node_works_on()
    {
        JudgeContinuity.Of(Remembered, Same, Known with { Doubted = true }).Should().Be(Verdict.Doubted);
        JudgeContinuity.Of(null, Same, Known with { Doubted = true }).Should().Be(Verdict.Doubted);
    }

    [Fact]
    public void After_somebody_owned_up_what_was_remembered_before_counts_no_more()
    {
        var after = Known with { Epoch = 8, EpochKnown = false, RestoredSince = true, Mark = -1, EventKnown = false, Timeline = 4 };
        JudgeContinuity.Of(Remembered, Next, after).Should().Be(Verdict.Continues);
        JudgeContinuity.Of(Remembered, new PrimaryMet(77, 2), after with { Timeline = 2 }).Should().Be(Verdict.Continues);
    }

    [Fact]
    public void Who_lived_through_a_restore_that_cut_off_what_it_knows_must_start_again()
    {
        var after = Known with { Epoch = 8, RestoredSince = true, RestoredInLife = true, Timeline = 4 };
        JudgeContinuity.Of(Remembered, Next, after with { Mark = 99 }).Should().Be(Verdict.Cut);
        JudgeContinuity.Of(Remembered, Next, after with { EventKnown = false }).Should().Be(Verdict.Cut);
        JudgeContinuity.Of(Remembered, Next, after with { EpochKnown = false }).Should().Be(Verdict.Cut);
        JudgeContinuity.Of(Remembered, Next, after with { NumbersKnown = false }).Should().Be(Verdict.Cut);
        JudgeContinuity.Of(null, Next, after).Should().Be(Verdict.Cut, "it worked, and cannot tell whether all of it is there");
        JudgeContinuity.Of(Remembered, Next, after).Should().Be(Verdict.Continues, "everything is there: somebody said it without need");
    }

    [Fact]
    public void A_primary_that_was_left_behind_is_known_by_its_timeline()
    {
        JudgeContinuity.Of(Remembered, new PrimaryMet(77, 2), Known with { Mark = 3, Timeline = 2 }).Should().Be(Verdict.OldPrimary);
        JudgeContinuity.Of(null, new PrimaryMet(77, 2), Known with { Timeline = 2 }).Should().Be(
            Verdict.Continues, "a node that never saw the new one cannot know; the standbys that do not follow the old one protect");
    }

    [Fact]
    public void A_memory_is_read_back_as_it_was_written_and_a_damaged_one_is_not_taken_for_none()
    {
        var path = Path.Combine(Path.GetTempPath(), $"remembered-{Guid.NewGuid():N}");
        try
        {
            Marker.Read(path).Should().BeNull();
            Remembered.Write(path);
            Marker.Read(path).Should().Be(Remembered);
            (Remembered with { Event = null }).Write(path);
            Marker.Read(path)!.Event.Should().BeNull();
            foreach (var broken in new[] { "", "x", Remembered.Text[..20], Remembered.Text.Replace("100", "1e9", StringComparison.Ordinal) })
            {
                File.WriteAllText(path, broken);
                var read = () => Marker.Read(path);
                read.Should().Throw<InvalidDataException>();
            }
        }
        finally
        {
            File.Delete(path);
        }
    }
}
