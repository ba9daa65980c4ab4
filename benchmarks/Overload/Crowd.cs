using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace EGovPay.Benchmarks.Overload;

/// <summary>What a crowd met.</summary>
/// <param name="P99">Of what was accepted, milliseconds: in a closed loop from the sending, in an open one from when it was due.</param>
/// <param name="Strange">Answers that an overloaded server must not give.</param>
/// <param name="Unsent">Of an open loop: what was due while as many were under way as this machine can hold; it was not sent.</param>
internal sealed record CrowdMet(int Accepted, int Refused, int Strange, int Unsent, double P50, double P99, double Seconds)
{
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Accepted / Seconds:F0}/s accepted, {Refused / Seconds:F0}/s refused, {Strange} strange, {Unsent} unsent, p50 {P50:F1} ms, p99 {P99:F1} ms");
}

/// <summary>Terminals that pay, one payment a request, each under a reference of its own that is never repeated.</summary>
internal sealed class Crowd : IDisposable
{
    private const int MostUnderWay = 4_000;

    /// <summary>A caller that was refused asks again after this: twenty times sooner than it was told.</summary>
    private static readonly TimeSpan Impatience = TimeSpan.FromMilliseconds(100);

    private readonly ConcurrentStack<Wire> idle = new();
    private readonly IReadOnlyList<string> keys;
    private readonly IPEndPoint server;
    private readonly ConcurrentQueue<string> refused = new();
    private readonly string run = Guid.NewGuid().ToString("N")[..8];
    private long begun;

    public Crowd(Uri server, IReadOnlyList<string> keys)
    {
        this.server = new IPEndPoint(IPAddress.Parse(server.Host), server.Port);
        this.keys = keys;
    }

    public IReadOnlyCollection<string> RefusedReferences => refused;

    /// <summary>So many callers, each asking again when it was answered.</summary>
    public async Task<CrowdMet> ClosedAsync(int connections, double seconds)
    {
        var tally = new Tally();
        var began = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, connections).Select(caller => Task.Run(async () =>
        {
            while (Stopwatch.GetElapsedTime(began).TotalSeconds < seconds)
            {
                if (!await AskAsync(caller, Stopwatch.GetTimestamp(), tally))
                {
                    await Task.Delay(Impatience);
                }
            }
        })));
        return tally.Read(Stopwatch.GetElapsedTime(began).TotalSeconds);
    }

    /// <summary>So many a second, whoever still waits for an answer.</summary>
    public async Task<CrowdMet> OpenAsync(double perSecond, double seconds)
    {
        var tally = new Tally();
        var began = Stopwatch.GetTimestamp();
        var asked = new List<Task>();
        var underWay = 0;
        var (sent, elapsed) = (0L, 0.0);
        do
        {
            elapsed = Stopwatch.GetElapsedTime(began).TotalSeconds;
            for (var due = (long)(Math.Min(elapsed, seconds) * perSecond); sent < due; sent++)
            {
                if (Volatile.Read(ref underWay) >= MostUnderWay)
                {
                    tally.LeaveUnsent();
                    continue;
                }

                var (caller, at) = ((int)(sent % keys.Count), began + (long)(sent / perSecond * Stopwatch.Frequency));
                Interlocked.Increment(ref underWay);
                asked.Add(Task.Run(async () =>
                {
                    await AskAsync(caller, at, tally);
                    Interlocked.Decrement(ref underWay);
                }));
            }

            await Task.Delay(1);
        }
        while (elapsed < seconds);
        await Task.WhenAll(asked);
        return tally.Read(seconds);
    }

    public void Dispose()
    {
        while (idle.TryPop(out var wire))
        {
            wire.Dispose();
        }
    }

    /// <summary>One payment; true: confirmed.</summary>
    /// <param name="since">From when its time counts.</param>
    private async Task<bool> AskAsync(int caller, long since, Tally tally)
    {
        var number = Interlocked.Increment(ref begun);
        var reference = string.Create(CultureInfo.InvariantCulture, $"O{run}-{number}");
        // Three providers, so that no one's limit is what is measured.
        var (service, account) = (number % 3) switch
        {
            0 => ("10101", "012345678901234"),
            1 => ("10201", "110012345"),
            _ => ("10301", "2301234"),
        };
        var body = $$"""{"service":"{{service}}","account":"{{account}}","amountQepik":100,"totalQepik":100,"tender":"cash"}""";
        var request = Encoding.ASCII.GetBytes(string.Create(
            CultureInfo.InvariantCulture,
            $"PUT /v1/payments/{reference} HTTP/1.1\r\nHost: {server}\r\nAuthorization: Bearer {keys[caller % keys.Count]}\r\n"
            + $"Content-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}"));
        try
        {
            var wire = idle.TryPop(out var kept) ? kept : await Wire.ConnectAsync(server);
            WireAnswer answer;
            try
            {
                answer = await wire.AskAsync(request);
            }
            catch
            {
                wire.Dispose();
                throw;
            }

            idle.Push(wire);
            var took = Stopwatch.GetElapsedTime(since).TotalMilliseconds;
            switch (answer)
            {
                case { Status: 201 }:
                    tally.Accepted.Enqueue(took);
                    return true;
                case { Status: 503, Code: 900 or 400, SaysWhen: true }:
                    refused.Enqueue(reference);
                    tally.Refuse();
                    return false;
                default:
                    tally.Wonder($"{answer.Status} {answer.Code}");
                    return false;
            }
        }
        catch (Exception broken) when (broken is IOException or SocketException or TimeoutException)
        {
            tally.Wonder(broken.Message);
            return false;
        }
    }

    private sealed class Tally
    {
        private int refused;
        private int strange;
        private int unsent;

        public ConcurrentQueue<double> Accepted { get; } = new();

        public void Refuse() => Interlocked.Increment(ref refused);

        public void Wonder(string what)
        {
            if (Interlocked.Increment(ref strange) == 1)
            {
                Console.Error.WriteLine("  strange: " + what);
            }
        }

        public void LeaveUnsent() => Interlocked.Increment(ref unsent);

        public CrowdMet Read(double seconds)
        {
            var took = Accepted.Order().ToList();
            double At(double share) => took.Count == 0 ? 0 : took[(int)((took.Count - 1) * share)];
            return new CrowdMet(took.Count, refused, strange, unsent, At(0.5), At(0.99), seconds);
        }
    }
}
