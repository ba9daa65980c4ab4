using EGovPay.Processing.Dispatch;
using EGovPay.Providers.Simulator;
using FluentAssertions;
using Xunit;
using static EGovPay.Tests.Providers.SimulatedProviders;

namespace EGovPay.Tests.Providers.Simulator;

/// <summary>Hundreds of payments to providers that lie in every way by rate: what our side believes, and what was credited.</summary>
public sealed class BothSidesAgreeTests
{
    private const int Payments = 300;
    private const int MostAsks = 12;

    [Theory]
    [InlineData("azerishiq")]
    [InlineData("azeriqaz")]
    [InlineData("dmx")]
    public async Task What_is_confirmed_is_credited_once_and_what_is_declined_never(string provider)
    {
        // Two lies can leave a payment unknown for ever, and are left out: here everything must become known.
        var lies = new Lies { SilenceMilliseconds = 30, LateMilliseconds = 10, Attempts = 2 };
        foreach (var lie in Enum.GetValues<Lie>().Except(
            [Lie.None, Lie.FinalErrorAfterCredit, Lie.SilentForEver, Lie.TemporaryForEver]))
        {
            Lies.TryAdd(lies, $"{Lies.Name(lie)}=0.05", out lies, out var fault).Should().BeTrue(fault);
        }

        await using var world = await StartAsync(lies);
        var results = new DeliveryResult[Payments + 1];
        await Parallel.ForAsync(1, Payments + 1, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (number, _) =>
        {
            var delivery = Delivery(number, "123456", 100 + number);
            var answer = await world.Adapters[provider].PayAsync(delivery, CancellationToken.None);
            for (var asks = 0; asks < MostAsks && answer.Result == DeliveryResult.Silent; asks++)
            {
                answer = await world.Adapters[provider].AskAsync(delivery, CancellationToken.None);
            }

            results[number] = answer.Result;
        });

        var credited = await CreditedAsync(world);
        var believed = Enumerable.Range(1, Payments).Where(number => results[number] == DeliveryResult.Confirmed).ToArray();
        credited.Values.Should().OnlyContain(times => times <= 1);
        credited.Where(one => one.Value == 1).Select(one => one.Key).Should().BeEquivalentTo(believed);
        believed.Length.Should().BeInRange(Payments / 2, Payments * 97 / 100, "one in ten is declined");
        results.Skip(1).Should().OnlyContain(
            result => result == DeliveryResult.Confirmed || result == DeliveryResult.Declined, "all is known in the end");
    }

    private static async Task<Dictionary<int, int>> CreditedAsync(SimulatedProviders world)
    {
        var ledger = await world.Http.GetStringAsync(new Uri("/_sim/ledger", UriKind.Relative));
        return ledger.Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(line => line.Split('\t'))
            .ToDictionary(
                parts => int.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture),
                parts => int.Parse(parts[3], System.Globalization.CultureInfo.InvariantCulture));
    }
}
