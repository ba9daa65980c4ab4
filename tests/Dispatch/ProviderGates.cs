using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Dispatch;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.Dispatch;

/// <summary>The door to a provider: who may pass, and when nobody may.</summary>
public sealed class ProviderGates
{
    private static readonly DeliveryAnswer Silent = new(DeliveryResult.Silent);
    private static readonly DeliveryAnswer Refused = new(DeliveryResult.NotSent);

    [Fact]
    public void Only_as_many_payments_pass_at_once_as_the_provider_takes_and_questions_have_room_of_their_own()
    {
        using var gate = new ProviderGate(new Scripted(limit: 4));
        var passed = Enumerable.Range(0, 4).Select(_ => gate.TryEnterPayment()).ToList();
        passed.Should().NotContainNulls();
        gate.TryEnterPayment().Should().BeNull("the provider takes four");

        gate.TryEnterQuestion().Should().NotBeNull("payers must not wait behind questions, nor questions behind payers");
        gate.TryEnterQuestion().Should().BeNull("a quarter of the limit is for questions");
        gate.TryEnterInquiry().Should().NotBeNull();

        passed[0]!.Dispose();
        passed[0]!.Dispose();
        gate.TryEnterPayment().Should().NotBeNull("a place was given back");
        gate.TryEnterPayment().Should().BeNull("and given back once, however often it is said");
    }

    [Fact]
    public async Task A_provider_that_fails_is_closed_to_payments_and_an_inquiry_opens_it_again_but_a_payment_never_tries()
    {
        var clock = new Hands();
        using var gate = new ProviderGate(new Scripted(limit: 100), clock);
        for (var i = 0; i < 40; i++)
        {
            await CallAsync(gate, Silent);
        }

        gate.Open.Should().BeFalse();
        gate.TryEnterPayment().Should().BeNull("nothing may be taken for a provider that is down");
        (await CallAsync(gate, new DeliveryAnswer(DeliveryResult.Confirmed))).Should().Be(Refused, "nothing is sent while it is open");

        clock.Move(TimeSpan.FromSeconds(4));
        gate.TryEnterPayment().Should().BeNull("a payment is never the one that tries");

        (await CallAsync(gate, Silent)).Should().Be(Silent, "one question passes");
        gate.Open.Should().BeFalse("it was not answered");

        clock.Move(TimeSpan.FromSeconds(4));
        var told = await gate.CallAsync(
            () => Task.FromResult(new InquiryAnswer(InquiryResult.NotFound)), answer => answer.Result != InquiryResult.Unavailable,
            new InquiryAnswer(InquiryResult.Unavailable));
        told.Result.Should().Be(InquiryResult.NotFound);
        gate.Open.Should().BeTrue("a no is an answer: the provider is there");
        gate.TryEnterPayment().Should().NotBeNull();
    }

    [Fact]
    public async Task Declines_are_answers_and_close_no_door()
    {
        using var gate = new ProviderGate(new Scripted(limit: 100));
        for (var i = 0; i < 100; i++)
        {
            await CallAsync(gate, new DeliveryAnswer(DeliveryResult.Declined, DeclineName: "account-not-found"));
        }

        gate.Open.Should().BeTrue();
    }

    [Fact]
    public void A_changed_provider_gets_a_new_door_and_an_unchanged_one_keeps_its_own()
    {
        using var gates = new Gates();
        var (kept, changed) = (new Scripted(4, 1), new Scripted(4, 2));
        gates.Replace([kept, changed]);
        var (first, second) = (gates.Find(1), gates.Find(2));

        gates.Replace([kept, new Scripted(8, 2)]);

        gates.Find(1).Should().BeSameAs(first);
        gates.Find(2).Should().NotBeSameAs(second);
        gates.Find("provider-2")!.Settings.ConcurrencyLimit.Should().Be(8);
        gates.Find(3).Should().BeNull();
    }

    [Fact]
    public void A_claim_that_has_ended_leaves_no_time_to_send()
    {
        var clock = TimeProvider.System;
        SendDeadline.Passed.Left(clock).Should().Be(TimeSpan.Zero);
        var deadline = SendDeadline.After(clock.GetTimestamp(), 11, clock);
        deadline.Left(clock).Should().BeGreaterThan(TimeSpan.FromSeconds(10)).And.BeLessThanOrEqualTo(TimeSpan.FromSeconds(11));
        SendDeadline.After(clock.GetTimestamp() - (12 * clock.TimestampFrequency), 11, clock)
            .Left(clock).Should().Be(TimeSpan.Zero, "a node that was frozen for twelve seconds may send nothing");
    }

    private static Task<DeliveryAnswer> CallAsync(ProviderGate gate, DeliveryAnswer answer) => gate.CallAsync(
        () => Task.FromResult(answer),
        given => given.Result is DeliveryResult.Confirmed or DeliveryResult.Declined,
        Refused);

    private sealed class Hands : TimeProvider
    {
        private DateTimeOffset now = DateTimeOffset.UnixEpoch;

        public void Move(TimeSpan by) => now += by;

        public override DateTimeOffset GetUtcNow() => now;

        public override long GetTimestamp() => now.UtcTicks;
    }

    private sealed class Scripted(int limit, int id = 1) : IProvider
    {
        public ProviderSettings Settings { get; } = new(
            id, FormattableString.Invariant($"provider-{id}"), new Localised("a", "b", "c"), null, "osmp", "x", limit, 8, true, "Asia/Baku");

        public Task<InquiryAnswer> InquireAsync(InquiryQuestion question, CancellationToken deadline) =>
            Task.FromResult(new InquiryAnswer(InquiryResult.Found));

        public Task<DeliveryAnswer> PayAsync(Delivery delivery, CancellationToken deadline) => Task.FromResult(Silent);

        public Task<DeliveryAnswer> AskAsync(Delivery delivery, CancellationToken deadline) => Task.FromResult(Silent);

        public Task<ReversalAnswer> ReverseAsync(Reversal reversal, CancellationToken deadline) =>
            Task.FromResult(new ReversalAnswer(ReversalResult.Silent));
    }
}
