using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Dispatch;
using EGovPay.Providers;
using EGovPay.Providers.Simulator;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;

namespace EGovPay.Benchmarks.Fuzz;

/// <summary>A provider that answers anything but what it should, and the adapters that must live with it.</summary>
internal sealed class FuzzAnswers : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly string[] Bodies =
    [
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><response><osmp_txn_id>731000000001</osmp_txn_id><prv_txn>88121</prv_txn>"
            + "<sum>23.50</sum><result>0</result><comment>OK</comment><fields><field1 name=\"payer\">Ə. Məmmədov</field1></fields></response>",
        "{\"status\":\"accepted\",\"transaction\":\"88121\",\"reason\":null}",
        "{\"payer\":\"Əli Məmmədov\",\"lines\":[{\"id\":\"2026-10\",\"title\":\"Oktyabr\",\"dueQepik\":2350}],\"dueQepik\":2350,"
            + "\"minQepik\":10,\"maxQepik\":100000}",
        "<!DOCTYPE r [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\">]>"
            + "<response><result>&c;</result></response>",
        "<!DOCTYPE r SYSTEM \"file:///etc/passwd\"><response><osmp_txn_id>731000000001</osmp_txn_id><result>0</result></response>",
    ];

    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource ending = new();
    private readonly Random random;
    private readonly Mutations mutate;
    private readonly FuzzTally tally;
    private readonly ConnectProviders connect;
    private readonly IProvider[] adapters;
    private readonly Service service = EmbeddedCatalogue.Load().Find("10101")!;
    private volatile byte[] next = [];
    private volatile bool stalls;

    public FuzzAnswers(int seed, FuzzTally tally)
    {
        random = new Random(seed);
        mutate = new Mutations(random);
        this.tally = tally;
        listener.Start();
        _ = ServeAsync();
        var address = new Uri(FormattableString.Invariant($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}"));
        connect = new ConnectProviders(address, SimulatedAccess.For, SystemClock.Instance, NullLoggerFactory.Instance);
        adapters = [.. connect.Connect([Settings(1, "osmp"), Settings(2, "json")]).Values];
    }

    /// <summary>Has an adapter ask, and answers it with something drawn.</summary>
    public Task AskAsync()
    {
        tally.Asked();
        return AskAsync(Answer(), random.Next(6), random.Next(300) == 0);
    }

    /// <summary>Answers again with what was kept.</summary>
    public async Task ReplayAsync(byte[] answer)
    {
        for (var question = 0; question < 6; question++)
        {
            await AskAsync(answer, question, stall: false);
        }
    }

    public void Dispose()
    {
        ending.Cancel();
        listener.Dispose();
        connect.Dispose();
        ending.Dispose();
    }

    private async Task AskAsync(byte[] answer, int question, bool stall)
    {
        next = answer;
        stalls = stall;
        var adapter = adapters[question % 2];
        var began = Stopwatch.GetTimestamp();
        using var limit = new CancellationTokenSource(Patience + Patience);
        try
        {
            var now = SystemClock.Instance.GetCurrentInstant();
            var delivery = new Delivery(731_000_000_001, service.Code, "012345678901234", [], 2_350, now, question > 3);
            _ = question switch
            {
                < 2 => (object)await adapter.InquireAsync(
                    new InquiryQuestion(731_000_000_001, service, "012345678901234", [], now), limit.Token),
                < 4 => await adapter.PayAsync(delivery, limit.Token),
                _ => await adapter.AskAsync(delivery, limit.Token),
            };
        }
        catch (Exception defect)
        {
            tally.Crash("answer", answer, defect.ToString());
        }

        if (Stopwatch.GetElapsedTime(began) > Patience)
        {
            tally.Hang("answer", answer);
        }
    }

    private static ProviderSettings Settings(int id, string protocol) => new(
        id, protocol, new Localised(protocol, protocol, protocol), null, protocol, protocol + "/", 8, 1, true, "Asia/Baku");

    private byte[] Answer()
    {
        var body = Encoding.UTF8.GetBytes(Bodies[random.Next(Bodies.Length)]);
        for (var times = random.Next(3); times > 0; times--)
        {
            body = random.Next(3) == 0 ? mutate.Structure(body) : mutate.Bytes(body);
        }

        body = random.Next(30) switch
        {
            0 => Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("<a>", random.Next(1, 20_000)))),
            1 => Encoding.UTF8.GetBytes($"<response a=\"{new string('x', random.Next(1, 60_000))}\"><result>0</result></response>"),
            2 => Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("<response>", random.Next(1, 5_000)))),
            3 => new byte[random.Next(1, 70_000)],
            4 => Encoding.Unicode.GetBytes(Encoding.UTF8.GetString(body)),
            _ => body,
        };
        string[] types =
            ["text/xml", "text/xml; charset=windows-1251", "application/json", "text/xml; charset=x", "", "application/json; charset=utf-16"];
        var length = random.Next(12) switch { 0 => body.Length + 5, 1 => Math.Max(0, body.Length - 5), 2 => -1, _ => body.Length };
        string[] statuses = ["200 OK", "200 OK", "200 OK", "200 OK", "201 Created", "204 No Content", "302 Found", "404 Not Found",
            "409 Conflict", "422 X", "500 Oops", "503 X", "999 X", "100 Continue", "101 Switching"];
        var head = FormattableString.Invariant(
            $"HTTP/1.1 {statuses[random.Next(statuses.Length)]}\r\nContent-Type: {types[random.Next(types.Length)]}\r\nContent-Length: {length}\r\n");
        head += random.Next(20) switch
        {
            0 => "Transfer-Encoding: chunked\r\n",
            1 => "Content-Encoding: gzip\r\n",
            2 => $"X: {new string('x', 20_000)}\r\n",
            3 => "Location: file:///etc/passwd\r\n",
            4 => "Set-Cookie: a=b\r\nConnection: close\r\n",
            _ => "",
        };
        byte[] answer = [.. Encoding.Latin1.GetBytes(head + "\r\n"), .. body];
        return random.Next(10) == 0 ? mutate.Bytes(answer) : answer;
    }

    private async Task ServeAsync()
    {
        while (!ending.IsCancellationRequested)
        {
            try
            {
                var caller = await listener.AcceptTcpClientAsync(ending.Token);
                _ = AnswerAsync(caller);
            }
            catch (Exception over) when (over is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                // It ends, or a caller left before it was taken.
                continue;
            }
        }
    }

    private async Task AnswerAsync(TcpClient caller)
    {
        using var _ = caller;
        var buffer = new byte[32 * 1024];
        try
        {
            var read = 0;
            while (!Whole(buffer.AsSpan(0, read)))
            {
                var more = await caller.Client.ReceiveAsync(buffer.AsMemory(read), ending.Token);
                if (more == 0)
                {
                    return;
                }

                read += more;
            }

            if (stalls)
            {
                await Task.Delay(TimeSpan.FromSeconds(2), ending.Token);
            }

            await caller.Client.SendAsync(next, ending.Token);
            caller.Client.Shutdown(SocketShutdown.Both);
        }
        catch (Exception gone) when (gone is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The adapter has heard enough.
            return;
        }
    }

    private static bool Whole(ReadOnlySpan<byte> request)
    {
        var head = request.IndexOf("\r\n\r\n"u8);
        if (head < 0)
        {
            return false;
        }

        var text = Encoding.Latin1.GetString(request[..head]);
        var at = text.IndexOf("Content-Length:", StringComparison.OrdinalIgnoreCase);
        return at < 0 || request.Length - head - 4 >= int.Parse(
            text[(at + 15)..].Split('\r')[0], System.Globalization.CultureInfo.InvariantCulture);
    }
}
