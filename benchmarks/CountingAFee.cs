using BenchmarkDotNet.Attributes;
using EGovPay.Processing;
using EGovPay.Processing.Catalogue;

namespace EGovPay.Benchmarks;

/// <summary>What does a fee cost to count? The baseline counts the same in decimals.</summary>
[MemoryDiagnoser]
public class CountingAFee
{
    private readonly FeeRule _rule = new(FeeKind.Percent, 15, new Money(40), new Money(1_500), FeePaidBy.Payer);

    /// <summary>Below the floor, between floor and cap, above the cap.</summary>
    [Params(2_350L, 27_000L, 5_000_000L)]
    public long AmountQepik { get; set; }

    [Benchmark]
    public long Whole() => _rule.For(new Money(AmountQepik)).Qepik;

    [Benchmark(Baseline = true)]
    public decimal Decimals() => Math.Clamp(
        Math.Round(AmountQepik / 100m * 0.0015m, 2, MidpointRounding.AwayFromZero), 0.40m, 15.00m);
}
