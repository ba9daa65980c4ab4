using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Net.Sockets;

namespace EGovPay.Benchmarks.Fuzz;

/// <summary>One asker: it makes requests, breaks most of them, and judges every answer.</summary>
internal sealed class FuzzHttp : IDisposable
{
    private const int ExchangesAConnection = 300;

    /// <summary>The simulator behaves at every account but its magic ones, where it may keep silent on purpose.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan MagicPatience = TimeSpan.FromSeconds(30);

    private readonly Random random;
    private readonly FuzzedCentre centre;
    private readonly FuzzTally tally;
    private readonly Promises promises;
    private readonly Learned learned;
    private readonly GoodRequests good;
    private readonly Mutations mutate;
    private readonly Smuggling smuggle;
    private RawConnection? connection;

    public FuzzHttp(
        int seed, int worker, FuzzedCentre centre, IReadOnlyList<string> operations, Promises promises, FuzzTally tally)
    {
        random = new Random(Mix(seed, worker));
        this.centre = centre;
        this.tally = tally;
        this.promises = promises;
        learned = new Learned(random);
        good = new GoodRequests(random, worker, centre, learned, operations);
        mutate = new Mutations(random);
        smuggle = new Smuggling(random, mutate);
    }

    /// <summary>Every operation of the server's own OpenAPI document.</summary>
    public static async Task<IReadOnlyList<string>> OperationsAsync(Uri server)
    {
        using var http = new HttpClient { BaseAddress = server };
        var document = JsonNode.Parse(await http.GetStringAsync(new Uri("/openapi/v1.json", UriKind.Relative)))!;
        return
        [
            .. document["paths"]!.AsObject().SelectMany(path => path.Value!.AsObject()
                .Select(operation => $"{operation.Key.ToUpperInvariant()} {path.Key}")),
            "GET /openapi/v1.json",
        ];
    }

    /// <summary>Makes one request, well or badly, and judges what comes of it.</summary>
    public async Task AskAsync()
    {
        var input = Draw(out var operation);
        tally.Asked();
        Exchanged exchanged;
        try
        {
            connection ??= await RawConnection.OpenAsync(centre.Server.Address, random);
            exchanged = await connection.ExchangeAsync(input, Magic(input.Bytes) ? MagicPatience : Patience);
        }
        catch (SocketException refused)
        {
            Leave();
            promises.Untold(input.Bytes);
            await CrashedAsync(input, refused.Message);
            return;
        }

        promises.Sent(input.Bytes, exchanged);
        Judge(input, operation, exchanged);
        if (centre.Server.Ended)
        {
            await CrashedAsync(input, "the process ended");
        }

        if (input.Sending != Sending.Framed || exchanged.Broken || exchanged.Hung || exchanged.Answers[^1].Closes
            || connection!.Exchanges > ExchangesAConnection || exchanged.Answers[^1].Status == 429)
        {
            Leave();
        }
    }

    public void Dispose() => Leave();

    private static int Mix(int seed, int worker) => unchecked((int)((uint)seed * 2_654_435_761u) ^ (worker * 40_503));

    private static bool Magic(byte[] bytes) => bytes.AsSpan().IndexOf("666"u8) >= 0;

    private FuzzedInput Draw(out string operation)
    {
        var (drawn, request, _) = good.Draw();
        operation = drawn;
        var how = random.Next(100);
        if (how < 4)
        {
            var (bytes, sending, kind) = smuggle.Draw(AnyPayment);
            operation = "";
            return new FuzzedInput(kind, bytes, sending, Promise.Payment);
        }

        if (how < 82)
        {
            mutate.Apply(request);
        }

        // What a method of lower case means is the server's to say; an answer to HEAD has no body.
        return new FuzzedInput(
            drawn, request.ToBytes(), Sending.Framed, Promises.Of(request.Method, request.Target),
            NoBody: request.Method == "HEAD");
    }

    /// <summary>For raw streams only what pays, cancels and asks: what their answers promise is known without a request.</summary>
    private FuzzedRequest AnyPayment()
    {
        while (true)
        {
            var (operation, request, promise) = good.Draw();
            if (promise == Promise.Payment || operation is "GET /v1/account" or "POST /v1/inquiries")
            {
                return request;
            }
        }
    }

    private void Judge(FuzzedInput input, string operation, Exchanged exchanged)
    {
        if (exchanged.Hung)
        {
            tally.Hang(input.Kind, Unkeyed(input));
        }

        if (exchanged.Hung || exchanged.Broken || exchanged.Answers.Count == 0 || input.Sending == Sending.Cut)
        {
            tally.Unanswered();
            promises.Untold(input.Bytes);
        }

        foreach (var answer in exchanged.Answers)
        {
            tally.Status(answer.Status);
            promises.Told(input.Writes, answer);
            if (Wrong(answer) is { } what)
            {
                tally.ServerError(input.Kind, Unkeyed(input), what);
            }
        }

        if (input.Sending == Sending.Framed && exchanged.Answers is [var only])
        {
            learned.From(operation, only);
        }
    }

    /// <summary>Null for an answer as it may be. 505 is the web server's own word for a version of HTTP that it does not speak.</summary>
    private static string? Wrong(FuzzedAnswer answer)
    {
        if (answer.Status >= 500 && answer.Status is not (503 or 505))
        {
            return $"{answer.Head}\n{answer.BodyText}";
        }

        if (answer.Body.AsSpan().IndexOf("\n   at "u8) >= 0 || answer.Body.AsSpan().IndexOf("Exception"u8) >= 0)
        {
            return "a stack trace: " + answer.BodyText;
        }

        if (answer.Body.Length > 0 && answer.Head.Contains("json", StringComparison.OrdinalIgnoreCase))
        {
            try
            {
                using var _ = JsonDocument.Parse(answer.Body);
            }
            catch (JsonException broken)
            {
                return $"the answer is no JSON: {broken.Message}";
            }
        }

        return null;
    }

    /// <summary>The bytes with places for keys, which another run has others of.</summary>
    private byte[] Unkeyed(FuzzedInput input)
    {
        var text = new StringBuilder(Encoding.Latin1.GetString(input.Bytes));
        foreach (var terminal in centre.Terminals)
        {
            text.Replace(terminal.Key, $"{{{{KEY:{terminal.Code}}}}}");
            text.Replace(
                Convert.ToBase64String(Encoding.UTF8.GetBytes($"{terminal.Code}:{terminal.Key}")), $"{{{{BASIC:{terminal.Code}}}}}");
        }

        return Encoding.Latin1.GetBytes($"{input.Sending}\n{text}");
    }

    private async Task CrashedAsync(FuzzedInput input, string what)
    {
        await centre.RestartAsync(() => tally.Crash(input.Kind, Unkeyed(input), what));
    }

    private void Leave()
    {
        connection?.Dispose();
        connection = null;
    }
}
