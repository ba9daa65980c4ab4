using System.Text.RegularExpressions;
using EGovPay.Processing.StateMachine;
using EGovPay.Processing.Telling;
using EGovPay.Tests.House;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.Telling;

public sealed class Announcements
{
    [Fact]
    public void The_journal_writes_an_outbox_row_for_exactly_those_edges_that_are_announced()
    {
        var sql = File.ReadAllText(Path.Combine(Tree.Root, "Processing", "Journal", "Outcome.sql"));
        var silent = Regex.Match(sql, @"t\.notify and t\.edge not in \(([0-9, ]+)\)").Groups[1].Value
            .Split(',', StringSplitOptions.TrimEntries).Select(short.Parse);
        Transitions.All.Where(edge => edge.From != PaymentState.None && Announcement.Of(edge.Id) is null).Select(edge => edge.Id)
            .Should().BeEquivalentTo(silent);
        Announcement.Of(3)!.Type.Should().Be("payment.cancelled", "a cancel of an unseen reference is written by its own statement");
    }

    [Theory]
    [InlineData(8, "payment.confirmed", true, ToldToPayer.Always)]
    [InlineData(17, "payment.confirmed", true, ToldToPayer.Always)]
    [InlineData(7, "payment.declined", false, ToldToPayer.WhenLate)]
    [InlineData(11, "payment.declined", false, ToldToPayer.Always)]
    [InlineData(16, "payment.declined", false, ToldToPayer.Always)]
    [InlineData(5, "payment.cancelled", false, ToldToPayer.Never)]
    [InlineData(12, "payment.unknown", false, ToldToPayer.Never)]
    [InlineData(18, "payment.reversing", false, ToldToPayer.Never)]
    [InlineData(20, "payment.reversed", true, ToldToPayer.Always)]
    [InlineData(21, "payment.reversal_refused", false, ToldToPayer.Never)]
    [InlineData(24, "payment.corrected", true, ToldToPayer.Always)]
    [InlineData(27, "payment.corrected", true, ToldToPayer.Always)]
    public void An_edge_is_told_to_whom_it_concerns(short edge, string type, bool provider, ToldToPayer payer) =>
        Announcement.Of(edge).Should().Be(new Announcement(edge, type, provider, payer));

    [Theory]
    [InlineData(4)]
    [InlineData(13)]
    [InlineData(23)]
    [InlineData(28)]
    [InlineData(0)]
    [InlineData(99)]
    [InlineData(-1)]
    public void What_changes_nothing_outside_is_told_to_nobody(short edge) => Announcement.Of(edge).Should().BeNull();

    [Fact]
    public void Eleven_attempts_take_about_a_day()
    {
        var delays = Enumerable.Range(1, RetrySchedule.Attempts - 1).Select(n => RetrySchedule.After(n, 0.5)!.Value).ToList();
        RetrySchedule.Attempts.Should().BeInRange(10, 12);
        delays.Aggregate((a, b) => a + b).TotalHours.Should().BeInRange(23, RetrySchedule.GiveUpHours);
        delays.Should().BeInAscendingOrder();
        RetrySchedule.After(RetrySchedule.Attempts, 0.5).Should().BeNull("that was the last");
        RetrySchedule.After(0, 0.5).Should().BeNull();
        RetrySchedule.After(1, 0).Should().Be(TimeSpan.FromSeconds(4.5));
        RetrySchedule.After(1, 1).Should().Be(TimeSpan.FromSeconds(5.5));
    }
}
