using BenchmarkDotNet.Attributes;
using EGovPay.Processing.StateMachine;

namespace EGovPay.Benchmarks;

/// <summary>
/// What does a step of the state machine cost to look up? Each operation looks up every pair of state and event once
/// (160 pairs), hits and misses.
/// </summary>
[MemoryDiagnoser]
public class LookingUpAnEdge
{
    private const int Pairs = 8 * 20;

    private readonly Dictionary<(PaymentState From, PaymentEvent Event), Edge> _dictionary =
        Transitions.All.ToDictionary(edge => (edge.From, edge.Event));

    [Benchmark(OperationsPerInvoke = Pairs)]
    public int Indexed()
    {
        var found = 0;
        for (var from = 0; from < 8; from++)
        {
            for (var happened = 0; happened < 20; happened++)
            {
                found += Transitions.Find((PaymentState)from, (PaymentEvent)happened) is null ? 0 : 1;
            }
        }

        return found;
    }

    [Benchmark(OperationsPerInvoke = Pairs)]
    public int Dictionary()
    {
        var found = 0;
        for (var from = 0; from < 8; from++)
        {
            for (var happened = 0; happened < 20; happened++)
            {
                found += _dictionary.ContainsKey(((PaymentState)from, (PaymentEvent)happened)) ? 1 : 0;
            }
        }

        return found;
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Pairs)]
    public int Linq()
    {
        var found = 0;
        for (var from = 0; from < 8; from++)
        {
            for (var happened = 0; happened < 20; happened++)
            {
                var (state, what) = ((PaymentState)from, (PaymentEvent)happened);
                var row = Transitions.All.FirstOrDefault(edge => edge.From == state && edge.Event == what);
                found += row is null ? 0 : 1;
            }
        }

        return found;
    }
}
