using EGovPay.Processing.StateMachine;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.StateMachine;

public sealed class FindingEdges
{
    [Fact]
    public void The_indexed_look_up_and_the_table_say_the_same_of_every_state_and_event()
    {
        for (var from = -2; from < 12; from++)
        {
            for (var happened = -2; happened < 24; happened++)
            {
                var (state, what) = ((PaymentState)from, (PaymentEvent)happened);
                var row = Transitions.All.SingleOrDefault(edge => edge.From == state && edge.Event == what);
                Transitions.Find(state, what).Should().BeSameAs(row, "of {0} and {1}", state, what);
            }
        }

        Transitions.Find((PaymentState)short.MaxValue, (PaymentEvent)short.MaxValue).Should().BeNull();
        Transitions.Find((PaymentState)short.MinValue, (PaymentEvent)short.MinValue).Should().BeNull();
    }
}
