using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using EGovPay.Processing.Agents;
using EGovPay.Terminals.CommandLine;

namespace EGovPay.Tests.FailOver;

/// <summary>What a terminal was told of one payment in the end, and when.</summary>
internal sealed record Told(
    string Reference, string State, string Number, string? Receipt, long SentTicks, long ToldTicks, int Attempts);

/// <summary>
/// Terminals that pay one after another over real HTTP, keep what they were told, and go on with the same reference until they were
/// told something final, as the contract asks of them: now at one node, now at another.
/// </summary>
internal sealed class LoggingTerminals(IReadOnlyList<Uri> nodes, IReadOnlyList<string> keys, string account = "012345678901234",
    string prefix = "")
{
    private readonly ConcurrentQueue<Told> told = new();
    private readonly ConcurrentQueue<string> surprises = new();
    private readonly CancellationTokenSource stop = new();
    private readonly List<Task> running = [];
    private int begun;
    private int underWay;

    public IReadOnlyCollection<Told> Told => told;

    /// <summary>Answers that the contract does not know.</summary>
    public IReadOnlyCollection<string> Surprises => surprises;

    public int UnderWay => Volatile.Read(ref underWay);

    /// <summary>References that were begun and perhaps not finished.</summary>
    public ConcurrentDictionary<string, bool> Begun { get; } = new();

    /// <summary>A funded agent for each key, made in the database without a server.</summary>
    public static async Task<IReadOnlyList<string>> AddAsync(string connectionString, int count)
    {
        await using var engine = await Books.StartEngineAsync(connectionString, "test", CancellationToken.None);
        var keys = new List<string>();
        for (var i = 0; i < count; i++)
        {
            var name = FormattableString.Invariant($"agent-{i}");
            var agentId = (await engine.Administer.AddAgentAsync(name, "Sınaq agenti"))!.Value;
            var pointId = (await engine.Administer.AddPointAsync(agentId, "p1", "Mərkəz"))!.Value;
            keys.Add((await engine.Administer.AddTerminalAsync(agentId, pointId, new NewTerminal(name + "-t1", "Kassa")))!);
            await engine.Funds.TopUpAsync(agentId, 1, "deposit-1", 1_000_000_000, "test");
        }

        return keys;
    }

    public void Start()
    {
        for (var i = 0; i < keys.Count; i++)
        {
            var terminal = i;
            running.Add(Task.Run(() => RunAsync(terminal)));
        }
    }

    /// <summary>Begins nothing new, and ends when each payment that was begun is final.</summary>
    public async Task FinishAsync(int seconds = 60)
    {
        await stop.CancelAsync();
        await Task.WhenAll(running).WaitAsync(TimeSpan.FromSeconds(seconds));
    }

    public async Task UntilToldAsync(int more, int seconds = 60)
    {
        var enough = told.Count + more;
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        while (told.Count < enough)
        {
            await Task.Delay(10, limit.Token);
        }
    }

    private async Task RunAsync(int terminal)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(30) };
        http.DefaultRequestHeaders.Authorization = new("Bearer", keys[terminal]);
        while (!stop.IsCancellationRequested)
        {
            var reference = FormattableString.Invariant($"{prefix}T{terminal}-{Interlocked.Increment(ref begun)}");
            Begun[reference] = true;
            Interlocked.Increment(ref underWay);
            await PayAsync(http, terminal, reference);
            Interlocked.Decrement(ref underWay);
        }
    }

    private async Task PayAsync(HttpClient http, int terminal, string reference)
    {
        var sent = Stopwatch.GetTimestamp();
        for (var attempt = 0; ; attempt++)
        {
            var node = nodes[(terminal + attempt) % nodes.Count];
            try
            {
                using var body = new StringContent(Body(), Encoding.UTF8, "application/json");
                using var answer = await http.PutAsync(new Uri(node, "/v1/payments/" + reference), body);
                var text = await answer.Content.ReadAsStringAsync();
                switch (answer.StatusCode)
                {
                    case HttpStatusCode.Created or HttpStatusCode.OK:
                        told.Enqueue(Read(reference, text, sent, attempt));
                        return;
                    case HttpStatusCode.Accepted or HttpStatusCode.ServiceUnavailable:
                        break;
                    default:
                        surprises.Enqueue($"{reference}: {(int)answer.StatusCode} {text}");
                        break;
                }
            }
            catch (Exception broken) when (broken is HttpRequestException or TaskCanceledException)
            {
                // The answer was lost: the same again, at another node.
            }

            await Task.Delay(50);
        }
    }

    private string Body() => new JsonObject
    {
        ["service"] = "10101",
        ["account"] = account,
        ["amountQepik"] = 100,
        ["totalQepik"] = 100,
        ["tender"] = "cash",
    }.ToJsonString();

    private static Told Read(string reference, string text, long sent, int attempt)
    {
        var json = JsonNode.Parse(text)!;
        return new Told(
            reference, (string)json["state"]!, (string)json["number"]!, (string?)json["receipt"]?["number"], sent,
            Stopwatch.GetTimestamp(), attempt + 1);
    }
}
