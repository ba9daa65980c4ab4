using EGovPay.Processing.Catalogue;
using Microsoft.Extensions.Logging;
using NodaTime;

namespace EGovPay.Processing.Dispatch;

/// <summary>
/// Asks providers whose breaker is not closed whether they are there again: an inquiry about a service's example account, never a
/// payment. Without it a provider that nobody asks anything would stay refused for ever.
/// </summary>
public sealed class ProbeProviders(CatalogueInForce catalogue, Gates gates, Node node, IClock clock, TimeProvider time,
    ILogger<ProbeProviders> log)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly InquiryAnswer NotAsked = new(InquiryResult.Unavailable, ConnectionFailed: true);

    /// <summary>Probes until stopped.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await Task.WhenAll(gates.All.Where(gate => !gate.Open).Select(ProbeAsync));
            }
            catch (Exception failure)
            {
                Log.BackgroundFailed(log, failure, "probing providers");
            }

            await time.PauseAsync(Pause, stop);
        }
    }

    internal async Task ProbeAsync(ProviderGate gate)
    {
        var services = catalogue.Current.Services;
        var service = services.FirstOrDefault(one => one.Provider == gate.Settings.Code)
            ?? services.FirstOrDefault(one => one.Portable);
        if (service is null || gate.TryEnterInquiry() is not { } permit)
        {
            return;
        }

        using (permit)
        {
            var number = await node.NextNumberAsync();
            node.Done(number);
            using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(gate.Settings.TimeoutSeconds), time);
            var question = new InquiryQuestion(
                number, service, service.Fields[0].Example,
                [.. service.Fields.Skip(1).Select(field => new Payments.FieldValue(field.Name, field.Example))],
                clock.GetCurrentInstant());
            await gate.CallAsync(
                () => gate.Provider.InquireAsync(question, timeout.Token),
                answer => answer.Result != InquiryResult.Unavailable, NotAsked);
        }
    }
}
