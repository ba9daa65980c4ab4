using System.Diagnostics.Metrics;
using NodaTime;

namespace EGovPay.Terminals.Observing;

/// <summary>Gauges of what surrounds a server: the disk it writes to, the certificates it shows, whom it keeps out.</summary>
internal sealed class WatchHost : IDisposable
{
    private readonly Meter meter = new(Measures.Name);
    private readonly string folder;

    /// <param name="folder">Where this node writes; its file system is watched.</param>
    /// <param name="certificates">By use, when each ends.</param>
    /// <param name="lockedOut">By what is guessed at, how many callers are kept out now.</param>
    public WatchHost(
        string folder, IClock clock, Func<IEnumerable<(string Use, Instant Ends)>> certificates,
        Func<IEnumerable<(string Kind, int Callers)>> lockedOut)
    {
        Measures.Begin();
        this.folder = folder;
        meter.CreateObservableGauge("egovpay.disk.free", Free, "By", "Free where this node writes.");
        meter.CreateObservableGauge(
            "egovpay.certificate.remaining",
            () => certificates().Select(one => new Measurement<double>(
                (one.Ends - clock.GetCurrentInstant()).TotalSeconds, new KeyValuePair<string, object?>("egovpay.use", one.Use))),
            "s", "Until a certificate ends.");
        meter.CreateObservableGauge(
            "egovpay.lockouts.active",
            () => lockedOut().Select(one => new Measurement<int>(one.Callers, Measures.Of(one.Kind))),
            "{caller}", "Callers that are kept out now, by what they guessed at.");
    }

    public void Dispose() => meter.Dispose();

    private Measurement<long>[] Free()
    {
        try
        {
            return [new Measurement<long>(new DriveInfo(folder).AvailableFreeSpace)];
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // No figure is better than a wrong one, and the alarm on its absence is the node's own.
            return [];
        }
    }
}
