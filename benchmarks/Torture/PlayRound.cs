using EGovPay.Processing;
using EGovPay.Processing.Catalogue;
using NodaTime;

namespace EGovPay.Benchmarks.Torture;

/// <summary>One round: payers come, faults happen, everything settles, every terminal takes a last look.</summary>
internal sealed class PlayRound(
    TortureOptions options, int round, Scene scene, IReadOnlyDictionary<string, Counter> counters, UnderWay underWay,
    Action<string> say)
{
    private const int LooksAtOnce = 32;
    private static readonly TimeSpan LastLookLimit = TimeSpan.FromSeconds(60);

    public async Task RunAsync(CancellationToken stop)
    {
        var now = SystemClock.Instance.GetCurrentInstant().InZone(Baku.Zone).LocalDateTime;
        var payers = PayerPlan.Draw(options, round, EmbeddedCatalogue.Load(), now, scene.Centre.Desks);
        var faults = FaultPlan.Draw(options, round);
        await scene.LieAsync(LiesPlan.Draw(options, round), stop);
        using var settling = CancellationTokenSource.CreateLinkedTokenSource(stop);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var finals = new int[1];
        var serving = Task.WhenAll(payers.Select(payer => ServeAsync(payer, finals, settling.Token)));
        var suffering = SufferAsync(faults, over.Token, stop);
        await Task.Delay(TimeSpan.FromSeconds(options.Seconds), stop);
        await over.CancelAsync();
        await scene.LieAsync(options.Lies ?? LiesPlan.None, stop);
        await suffering;
        say($"round {round}: {finals[0]} of {payers.Count} final when the faults ended");
        settling.CancelAfter(TimeSpan.FromSeconds(options.SettleSeconds));
        await serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stop.ThrowIfCancellationRequested();
        if (serving.IsFaulted)
        {
            await serving;
        }

        await scene.ThrowIfLostAsync();
        await LookAsync(payers, stop);
    }

    private async Task ServeAsync(Payer payer, int[] finals, CancellationToken settling)
    {
        await Task.Delay(payer.ComesAt, settling);
        if (await new ServePayer(payer, counters[payer.Desk.Terminal], settling).ServeAsync() is not null)
        {
            Interlocked.Increment(ref finals[0]);
        }
    }

    private async Task SufferAsync(IReadOnlyList<Fault> faults, CancellationToken over, CancellationToken stop)
    {
        var since = TimeProvider.System.GetTimestamp();
        var lasting = new List<Task>();
        foreach (var fault in faults)
        {
            var left = fault.At - TimeProvider.System.GetElapsedTime(since);
            if (left > TimeSpan.Zero)
            {
                await Task.Delay(left, over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            if (over.IsCancellationRequested)
            {
                break;
            }

            say($"  {fault}");
            lasting.Add(scene.SufferAsync(fault, underWay, over, stop));
        }

        await Task.WhenAll(lasting);
    }

    /// <summary>The last look of the terminals at everything they ever asked for in this round; it is part of their logs.</summary>
    private async Task LookAsync(IReadOnlyList<Payer> payers, CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(LastLookLimit);
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = LooksAtOnce, CancellationToken = limit.Token };
        await Parallel.ForEachAsync(payers, parallel, async (payer, cancel) =>
        {
            var counter = counters[payer.Desk.Terminal];
            for (var attempt = 0; attempt < 20; attempt++)
            {
                if (await counter.LookAsync(payer.Reference, attempt % 2, 0, TimeSpan.FromSeconds(10), cancel) is { Status: 200 or 404 })
                {
                    return;
                }

                await Task.Delay(200, cancel);
            }
        });
    }
}
