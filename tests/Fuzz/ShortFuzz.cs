using EGovPay.Benchmarks.Fuzz;
using EGovPay.Tests.PostgreSql;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.Fuzz;

/// <summary>A short run of the fuzzer: the same hostile input each time, and other input each time.</summary>
public sealed class ShortFuzz
{
    private const int Requests = 3_000;

    [Theory]
    [InlineData(1)]
    [InlineData(null)]
    public async Task Hostile_input_crashes_hangs_and_writes_nothing(int? fixedSeed)
    {
        var seed = fixedSeed ?? Random.Shared.Next();
        await using var database = await TestDatabase.CreateAsync();
        var folder = Path.Combine(Path.GetTempPath(), "egovpay-fuzz-failures");
        var tally = await RunFuzz.RunAsync(Requests, seed, database.ConnectionString, folder);
        tally.Good.Should().BeTrue(
            "seed {0}: {1}; kept: {2}; {3}", seed, tally.Line(), string.Join(' ', tally.Kept), string.Join('\n', tally.Strays));
        tally.Requests.Should().BeInRange(Requests - 10, Requests);
    }
}
