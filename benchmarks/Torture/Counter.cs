using System.Buffers;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json;
using EGovPay.Processing;
using EGovPay.Processing.Catalogue;

namespace EGovPay.Benchmarks.Torture;

/// <summary>What a terminal reads in an answer.</summary>
/// <param name="Code">Of a refusal; 0: it is none.</param>
/// <param name="State">The payment's, or null.</param>
internal readonly record struct Answer(
    int Status, int Code, bool Transient, string? State, bool Final, string? Number, string? Receipt, long AmountQepik,
    string? Inquiry, long DueQepik)
{
    /// <summary>910 and 911 say nothing of the payment, nor does what is not of our making; every other problem is a refusal.</summary>
    public bool Refused => Code is > 0 and < 910;

    public static Answer Read(int status, byte[] body)
    {
        var answer = new Answer(status, 0, false, null, false, null, null, 0, null, 0);
        if (body.Length == 0 || body[0] != '{')
        {
            return answer;
        }

        using var document = JsonDocument.Parse(body);
        var root = document.RootElement;
        string? Text(string name) =>
            root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        long Whole(string name) =>
            root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetInt64() : 0;
        bool Yes(string name) => root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.True;
        return answer with
        {
            Code = (int)Whole("code"),
            Transient = Yes("transient"),
            State = status is 200 or 201 or 202 ? Text("state") : null,
            Final = Yes("final"),
            Number = Text("number"),
            Receipt = root.TryGetProperty("receipt", out var receipt) && receipt.ValueKind == JsonValueKind.Object
                && receipt.TryGetProperty("number", out var number) ? number.GetString() : null,
            AmountQepik = Whole("amountQepik"),
            Inquiry = Text("inquiry"),
            DueQepik = Whole("dueQepik"),
        };
    }
}

/// <summary>One terminal at its place: its connections to both nodes, its log, and how many of its requests are unanswered.</summary>
internal sealed class Counter : IDisposable
{
    private static readonly MediaTypeHeaderValue Json = new("application/json");

    private readonly HttpClient[] nodes;
    private readonly UnderWay underWay;

    public Counter(Desk desk, IReadOnlyList<TcpLink> links, ToldLog log, UnderWay underWay)
    {
        Log = log;
        this.underWay = underWay;
        nodes = [.. links.Select(link =>
        {
            var http = new HttpClient(new SocketsHttpHandler
            {
                UseCookies = false,
                UseProxy = false,
                ActivityHeadersPropagator = null,
                ConnectTimeout = TimeSpan.FromSeconds(5),
            })
            {
                BaseAddress = link.Address,
                Timeout = Timeout.InfiniteTimeSpan,
            };
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", desk.Key);
            return http;
        })];
    }

    public ToldLog Log { get; }

    public Task<Answer?> PayAsync(Payer payer, int node, long amountQepik, string? inquiry, TimeSpan patience, CancellationToken stop)
    {
        var total = amountQepik + Fee(payer.Rule, amountQepik);
        var request = Log.Ask("PUT", payer.Reference, node, payer.Service.CodeText, payer.Account, amountQepik, total);
        return SendAsync(
            request, "PUT", payer.Reference, node, HttpMethod.Put, "", PaymentBody(payer, amountQepik, total, inquiry), patience,
            stop);
    }

    public Task<Answer?> LookAsync(string reference, int node, int waitSeconds, TimeSpan patience, CancellationToken stop)
    {
        var request = Log.Ask("GET", reference, node, "", "", 0, 0);
        var wait = FormattableString.Invariant($"?wait={waitSeconds}");
        return SendAsync(request, "GET", reference, node, HttpMethod.Get, waitSeconds > 0 ? wait : "", default, patience, stop);
    }

    public Task<Answer?> CancelAsync(string reference, int node, TimeSpan patience, CancellationToken stop)
    {
        var request = Log.Ask("CANCEL", reference, node, "", "", 0, 0);
        return SendAsync(request, "CANCEL", reference, node, HttpMethod.Post, "/cancel", default, patience, stop);
    }

    public Task<Answer?> ReverseAsync(string reference, int node, TimeSpan patience, CancellationToken stop)
    {
        var request = Log.Ask("REVERSE", reference, node, "", "", 0, 0);
        return SendAsync(
            request, "REVERSE", reference, node, HttpMethod.Post, "/reversal", """{"reason":"torture"}"""u8.ToArray(), patience,
            stop);
    }

    /// <summary>Asks what is owed; writes nothing anywhere, so it is not in the log.</summary>
    public Task<Answer?> InquireAsync(Payer payer, int node, TimeSpan patience, CancellationToken stop) =>
        TrySendAsync(node, HttpMethod.Post, "/v1/inquiries", InquiryBody(payer), patience, _ => { }, stop);

    public void Dispose()
    {
        foreach (var http in nodes)
        {
            http.Dispose();
        }
    }

    private async Task<Answer?> SendAsync(
        int request, string verb, string reference, int node, HttpMethod method, string below, ReadOnlyMemory<byte> body,
        TimeSpan patience, CancellationToken stop)
    {
        var pays = verb == "PUT";
        if (pays)
        {
            underWay.Begin(node);
        }

        try
        {
            var answer = await TrySendAsync(
                node, method, "/v1/payments/" + reference + below, body, patience,
                why => Log.Lost(request, verb, reference, node, why), stop);
            if (answer is { } said)
            {
                Log.Said(request, verb, reference, node, said);
            }

            return answer;
        }
        finally
        {
            if (pays)
            {
                underWay.End(node);
            }
        }
    }

    /// <summary>Null: the answer is lost, and with it all certainty.</summary>
    private async Task<Answer?> TrySendAsync(
        int node, HttpMethod method, string path, ReadOnlyMemory<byte> body, TimeSpan patience, Action<string> lost,
        CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(patience);
        try
        {
            using var request = new HttpRequestMessage(method, path);
            if (!body.IsEmpty)
            {
                request.Content = new ReadOnlyMemoryContent(body);
                request.Content.Headers.ContentType = Json;
            }

            using var response = await nodes[node].SendAsync(request, HttpCompletionOption.ResponseContentRead, limit.Token);
            return Answer.Read((int)response.StatusCode, await response.Content.ReadAsByteArrayAsync(limit.Token));
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or SocketException or OperationCanceledException)
        {
            lost(failure is OperationCanceledException ? "no answer in time" : "the connection broke");
            stop.ThrowIfCancellationRequested();
            return null;
        }
        catch (JsonException)
        {
            lost("half an answer");
            return null;
        }
    }

    private static long Fee(ServiceRule rule, long amountQepik) =>
        rule.Fee.PaidBy == FeePaidBy.Payer ? rule.Fee.For(new Money(amountQepik)).Qepik : 0;

    private static ReadOnlyMemory<byte> InquiryBody(Payer payer) => Write(json => WriteWhat(json, payer));

    private static ReadOnlyMemory<byte> PaymentBody(Payer payer, long amountQepik, long totalQepik, string? inquiry) =>
        Write(json =>
        {
            WriteWhat(json, payer);
            json.WriteNumber("amountQepik"u8, amountQepik);
            json.WriteNumber("totalQepik"u8, totalQepik);
            json.WriteString("tender"u8, "cash"u8);
            if (inquiry is not null)
            {
                json.WriteString("inquiry"u8, inquiry);
            }
        });

    private static void WriteWhat(Utf8JsonWriter json, Payer payer)
    {
        json.WriteString("service"u8, payer.Service.CodeText);
        json.WriteString("account"u8, payer.Account);
        if (payer.Service.Fields.Count > 1)
        {
            json.WriteStartObject("fields"u8);
            foreach (var field in payer.Service.Fields.Skip(1))
            {
                json.WriteString(field.Name, field.Example);
            }

            json.WriteEndObject();
        }
    }

    private static ReadOnlyMemory<byte> Write(Action<Utf8JsonWriter> write)
    {
        var body = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        return body.WrittenMemory;
    }
}

/// <summary>Payments that were asked for and not answered yet, by the node that was asked.</summary>
internal sealed class UnderWay
{
    private readonly int[] asked = new int[2];

    public void Begin(int node) => Interlocked.Increment(ref asked[node]);

    public void End(int node) => Interlocked.Decrement(ref asked[node]);

    public int At(int node) => Volatile.Read(ref asked[node]);

    public int Everywhere => At(0) + At(1);
}
