using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace EGovPay.Benchmarks.Overload;

/// <summary>What a crowd met.</summary>
/// <param name="P99">Of what was accepted, milliseconds: in a closed loop from the sending, in an open one from when it was due.</param>
/// <param name="Longest">The longest of these times.</param>
/// <param name="Strange">Answers that an overloaded server must not give.</param>
/// <param name="Unsent">Of an open loop: what was due while as many were under way as this machine can hold; it was not sent.</param>
internal sealed record CrowdMet(int Accepted, int Refused, int Strange, int Unsent, double P50, double P99, double Longest, double Seconds)
{
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Accepted / Seconds:F0}/s accepted, {Refused / Seconds:F0}/s refused, {Strange} strange, {Unsent} unsent, p50 {P50:F1} ms, p99 {P99:F1} ms");
}

/// <summary>What terminals ask for: a payment, or who owes what.</summary>
internal enum CrowdAsks { Payments, Inquiries }

/// <summary>Terminals that pay, one payment a request, each under a reference of its own that is never repeated; or that only inquire.</summary>
internal sealed class Crowd : IDisposable
{
    private const int MostUnderWay = 4_000;

    // Three providers, so that no one's limit is what is measured.
    private static readonly string[] Bills =
    [
        """{"service":"10101","account":"012345678901234","amountQepik":100,"totalQepik":100,"tender":"cash"}""",
        """{"service":"10201","account":"110012345","amountQepik":100,"totalQepik":100,"tender":"cash"}""",
        """{"service":"10301","account":"2301234","amountQepik":100,"totalQepik":100,"tender":"cash"}""",
    ];

    /// <summary>Of references, so that one after another comes to lie elsewhere; without a common factor with their count.</summary>
    private const long Scatter = 618_033_989;
    private const long ReferenceCount = 1_000_000_000;

    private const string InquiryStart = "POST /v1/inquiries HTTP/1.1\r\nX-Turn: ";

    /// <summary>A caller that was refused asks again after this: twenty times sooner than it was told.</summary>
    private static readonly TimeSpan Impatience = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(40);

    private readonly ConcurrentStack<Wire> idle = new();
    private readonly ConcurrentBag<Wire> all = [];
    private readonly IPEndPoint server;
    private readonly byte[][] requests;
    private readonly ConcurrentQueue<long> refused = new();
    private readonly ConcurrentQueue<long> told = new();
    private readonly string references = FormattableString.Invariant($"O{Guid.NewGuid().ToString("N")[..8]}-");
    private readonly CrowdAsks asks;
    private readonly int place;
    private readonly Timer watch;
    private long begun;

    /// <param name="bodiesOf">What the terminal of this place in the keys pays, as JSON; null: a bill of each of three providers.</param>
    public Crowd(
        Uri server, IReadOnlyList<string> keys, Func<int, IEnumerable<string>>? bodiesOf = null, CrowdAsks asks = CrowdAsks.Payments)
    {
        this.server = new IPEndPoint(IPAddress.Parse(server.Host), server.Port);
        this.asks = asks;
        place = (asks == CrowdAsks.Payments ? "PUT /v1/payments/" + references : InquiryStart).Length;
        requests = [.. keys.SelectMany((key, at) => (bodiesOf?.Invoke(at) ?? Bills).Select(body => Write(key, body)))];
        Random.Shared.Shuffle(requests);
        watch = new Timer(_ => EndLate(), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
    }

    public IEnumerable<string> RefusedReferences => refused.Select(ReferenceOf);

    /// <summary>References of the payments that terminals were told are confirmed.</summary>
    public IEnumerable<string> ToldReferences => told.Select(ReferenceOf);

    /// <summary>So many callers, each asking again when it was answered. They are connected before the first one asks.</summary>
    public async Task<CrowdMet> ClosedAsync(int connections, double seconds)
    {
        var tally = new Tally();
        while (idle.Count < connections)
        {
            var wire = await Wire.ConnectAsync(server);
            all.Add(wire);
            idle.Push(wire);
        }

        var began = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, connections).Select(_ => Task.Run(async () =>
        {
            while (Stopwatch.GetElapsedTime(began).TotalSeconds < seconds)
            {
                if (!await AskAsync(Stopwatch.GetTimestamp(), tally))
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
        var (sent, elapsed) = (0L, 0.0);
        do
        {
            elapsed = Stopwatch.GetElapsedTime(began).TotalSeconds;
            for (var due = (long)(Math.Min(elapsed, seconds) * perSecond); sent < due; sent++)
            {
                if (tally.UnderWay < MostUnderWay)
                {
                    _ = AskAsync(began + (long)(sent / perSecond * Stopwatch.Frequency), tally);
                }
                else
                {
                    tally.LeaveUnsent();
                }
            }

            await Task.Delay(1);
        }
        while (elapsed < seconds || tally.UnderWay > 0);
        return tally.Read(seconds);
    }

    public void Dispose()
    {
        watch.Dispose();
        foreach (var wire in all)
        {
            wire.Dispose();
        }
    }

    private byte[] Write(string key, string body)
    {
        // An inquiry has no reference: its number is in a field that nobody reads.
        var start = asks == CrowdAsks.Payments
            ? $"PUT /v1/payments/{ReferenceOf(0)} HTTP/1.1" : InquiryStart + new string('0', Wire.Digits);
        return Encoding.ASCII.GetBytes(string.Create(
            CultureInfo.InvariantCulture,
            $"{start}\r\nHost: {server}\r\nAuthorization: Bearer {key}\r\n"
            + $"Content-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}"));
    }

    private string ReferenceOf(long number) =>
        references + number.ToString(CultureInfo.InvariantCulture).PadLeft(Wire.Digits, '0');

    /// <summary>One payment; true: confirmed.</summary>
    /// <param name="since">From when its time counts.</param>
    private async Task<bool> AskAsync(long since, Tally tally)
    {
        tally.Begin();
        try
        {
            if (!idle.TryPop(out var wire))
            {
                all.Add(wire = await Wire.ConnectAsync(server));
            }

            var turn = Interlocked.Increment(ref begun);
            var number = turn * Scatter % ReferenceCount;
            var answer = await wire.AskAsync(requests[turn % requests.Length], place, number);
            idle.Push(wire);
            switch (answer)
            {
                case { Status: 200 } when asks == CrowdAsks.Inquiries:
                    tally.Accept(Stopwatch.GetElapsedTime(since).TotalMilliseconds);
                    return true;
                case { Status: 201, Confirmed: true }:
                    told.Enqueue(number);
                    tally.Accept(Stopwatch.GetElapsedTime(since).TotalMilliseconds);
                    return true;
                case { Status: 503, Code: 900 or 400, SaysWhen: true }:
                    refused.Enqueue(number);
                    tally.Refuse();
                    return false;
                default:
                    tally.Wonder($"{answer.Status} {answer.Code}");
                    return false;
            }
        }
        catch (Exception broken) when (broken is IOException or SocketException or ObjectDisposedException)
        {
            // Its wire is not used again.
            tally.Wonder(broken.Message);
            return false;
        }
        finally
        {
            tally.End();
        }
    }

    /// <summary>Ends what waits too long, which its caller then wonders about.</summary>
    private void EndLate()
    {
        foreach (var wire in all)
        {
            if (wire.AskedAt is var at and not long.MaxValue && Stopwatch.GetElapsedTime(at) > Longest)
            {
                wire.Dispose();
            }
        }
    }

    private sealed class Tally
    {
        private int refused;
        private int strange;
        private int unsent;
        private int underWay;
        private readonly ConcurrentQueue<double> accepted = new();

        public int UnderWay => Volatile.Read(ref underWay);

        public void Begin() => Interlocked.Increment(ref underWay);

        public void End() => Interlocked.Decrement(ref underWay);

        public void Accept(double milliseconds) => accepted.Enqueue(milliseconds);

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
            var took = accepted.Order().ToList();
            double At(double share) => took.Count == 0 ? 0 : took[(int)((took.Count - 1) * share)];
            return new CrowdMet(took.Count, refused, strange, unsent, At(0.5), At(0.99), At(1), seconds);
        }
    }
}
