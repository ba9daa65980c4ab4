using System.Text;
using EGovPay.Settlement.Reconciliation;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.Reconciliation;

/// <summary>The payments of a day as a comparison holds them.</summary>
public sealed class HoldingPayments
{
    [Fact]
    public void Every_payment_is_found_again_as_it_was_and_no_other()
    {
        var random = new Random(7);
        var book = new OurBook();
        var known = new Dictionary<long, (int Index, int Agent, long Amount, byte[] Account)>();
        // One after another, far apart, and such as scatter to one slot.
        var numbers = Enumerable.Range(0, 40_000).Select(i => 731_000_000_000L + i)
            .Concat(Enumerable.Range(1, 5_000).Select(i => (long)i << 40))
            .Concat(Enumerable.Range(0, 5_000).Select(_ => random.NextInt64(1, 999_999_999_999_999_999)));
        foreach (var number in numbers.Distinct())
        {
            // Around the length that lies beside the payment, and the longest there is.
            var account = Encoding.UTF8.GetBytes(new string((char)('a' + known.Count % 26), new[] { 1, 10, 31, 32, 33, 200 }[known.Count % 6]));
            known.Add(number, (known.Count, random.Next(), random.NextInt64(), account));
            book.Add(number, known[number].Agent, known[number].Amount, account);
        }

        book.Count.Should().Be(known.Count);
        foreach (var (number, was) in known)
        {
            var index = book.Find(number);
            index.Should().Be(was.Index);
            book[index].AgentId.Should().Be(was.Agent);
            book[index].AmountQepik.Should().Be(was.Amount);
            book.AccountOf(index).SequenceEqual(was.Account).Should().BeTrue();
            if (!known.ContainsKey(number + 1))
            {
                book.Find(number + 1).Should().Be(-1);
            }
        }
    }

    [Fact]
    public void The_last_event_says_how_a_payment_stands_in_whatever_order_they_come()
    {
        var book = new OurBook();
        book.Add(5, 16, 100, "501"u8);
        book.Happened(5, 2, 18);
        book.Happened(5, 1, 8);
        book.Happened(6, 1, 8);
        book[0].Edge.Should().Be(18);
        book[0].Step.Should().Be(2);
    }
}
