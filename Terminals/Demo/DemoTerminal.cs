using System.Buffers;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using EGovPay.Processing;
using EGovPay.Processing.Catalogue;

namespace EGovPay.Terminals.Demo;

/// <summary>
/// One terminal of the demo, over the real HTTP API with a connection pool of its own: it serves its payers some at a
/// time, sends the same request again until it is answered, and keeps what it was told.
/// </summary>
internal sealed class DemoTerminal : IDisposable
{
    /// <summary>Payers served at once; whoever is known to wait long is served beside them.</summary>
    private const int Seats = 5;
    private const int WaitingRoom = 200;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);

    private readonly TaskCompletionSource attended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly HttpClient http;
    private readonly DemoTally tally;
    private readonly CancellationToken stop;

    public DemoTerminal(Uri server, string key, DemoTally tally, CancellationToken stop)
    {
        http = new HttpClient(
            new SocketsHttpHandler { UseCookies = false, UseProxy = false, ActivityHeadersPropagator = null })
        {
            BaseAddress = server, Timeout = TimeSpan.FromSeconds(30),
        };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        this.tally = tally;
        this.stop = stop;
    }

    /// <summary>Ends when every payer has been attended to; who met silence may still be waiting for the truth.</summary>
    public Task Attended => attended.Task;

    /// <summary>Serves its payers, in their order as far as several seats go.</summary>
    public async Task ServeAsync(IReadOnlyList<Planned> payers)
    {
        var next = -1;
        using var room = new SemaphoreSlim(WaitingRoom);
        var waiting = new System.Collections.Concurrent.ConcurrentBag<Task>();
        async Task SeatAsync()
        {
            int at;
            while ((at = Interlocked.Increment(ref next)) < payers.Count)
            {
                var payer = payers[at];
                if (!payer.Slow)
                {
                    await PlayAsync(payer);
                    continue;
                }

                await room.WaitAsync(stop);
                waiting.Add(PlayAsync(payer).ContinueWith(
                    played =>
                    {
                        room.Release();
                        return played;
                    }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously,
                    TaskScheduler.Default).Unwrap());
            }
        }

        await Task.WhenAll(Enumerable.Range(0, Seats).Select(_ => SeatAsync()));
        attended.SetResult();
        await Task.WhenAll(waiting);
    }

    public void Dispose() => http.Dispose();

    private async Task PlayAsync(Planned payer)
    {
        try
        {
            await (payer.Scene switch
            {
                Scene.Refused => BeRefusedAsync(payer),
                Scene.Cancels => CancelUnseenAsync(payer),
                _ => PayAsync(payer),
            });
        }
        catch (TimeoutException late)
        {
            tally.Surprise($"{payer.Reference} ({payer.Scene}): {late.Message}");
        }

        tally.Finish(payer.Scene);
    }

    private async Task PayAsync(Planned payer)
    {
        var (amount, inquiry) = (payer.AmountQepik, (string?)null);
        if (payer.Asks)
        {
            var quote = await SendAsync(HttpMethod.Post, "/v1/inquiries", InquiryBody(payer));
            if (quote.Status != 200)
            {
                tally.Surprise(
                    $"{payer.Reference}: the inquiry for {payer.Service.CodeText} was answered {quote.Status} "
                    + $"{quote.Code}");
                return;
            }

            inquiry = quote.Inquiry;
            amount = payer.Rule.Mode == AmountMode.Full ? quote.DueQepik
                : Math.Clamp(amount, quote.MinQepik, quote.MaxQepik);
        }

        var path = $"/v1/payments/{payer.Reference}";
        var body = PaymentBody(payer, amount, inquiry);
        var answer = await UntilFinalAsync(path, await SendAsync(HttpMethod.Put, path, body));
        if (answer.State is null)
        {
            tally.Surprise(
                $"{payer.Reference} ({payer.Scene}, {payer.Service.CodeText}): answered {answer.Status} {answer.Code}");
            return;
        }

        tally.Told[payer.Reference] = answer.State;
        Expect(payer, answer.State, payer.Scene == Scene.Declined ? "Declined" : "Confirmed");
        switch (payer.Scene)
        {
            case Scene.Repeats:
                var again = await SendAsync(HttpMethod.Put, path, body);
                if (again.Status != 200 || again.Number != answer.Number || again.State != answer.State)
                {
                    tally.Surprise(
                        $"{payer.Reference}: the repeat was answered {again.Status} {again.Number} {again.State}");
                }

                break;
            case Scene.ChangesRepeat:
                ExpectCode(payer, await SendAsync(HttpMethod.Put, path, PaymentBody(payer, amount + 1, inquiry)), 140);
                break;
            case Scene.CancelsTooLate:
                ExpectCode(payer, await SendAsync(HttpMethod.Post, path + "/cancel", default), 413);
                break;
        }
    }

    /// <summary>The payer left before the request did; what arrives late finds it cancelled.</summary>
    private async Task CancelUnseenAsync(Planned payer)
    {
        var path = $"/v1/payments/{payer.Reference}";
        var cancelled = await SendAsync(HttpMethod.Post, path + "/cancel", default);
        tally.Told[payer.Reference] = cancelled.State ?? "";
        Expect(payer, cancelled.State, "Cancelled");
        if (payer.Rule.Inquiry != InquiryNeed.Required)
        {
            var late = await SendAsync(HttpMethod.Put, path, PaymentBody(payer, payer.AmountQepik, null));
            Expect(payer, late.State, "Cancelled");
        }
    }

    /// <summary>Requests that are wrong in one of several ways; each must be refused and leave nothing.</summary>
    private async Task BeRefusedAsync(Planned payer)
    {
        var path = $"/v1/payments/{payer.Reference}";
        var amount = payer.AmountQepik;
        var (body, code) = (payer.Choice % 5) switch
        {
            0 => (PaymentBody(payer, amount, null, service: "99999"), 200),
            1 => (PaymentBody(payer, amount, null, account: "?"), 210),
            2 => (PaymentBody(payer, amount, "no-such-inquiry"), 0),
            3 => (PaymentBody(payer, amount, null, extraQepik: 7), 0),
            _ => ("{\"service\":"u8.ToArray().AsMemory(), 100),
        };
        var answer = await SendAsync(HttpMethod.Put, path, body);
        if (answer.Code is < 100 or >= 300 || (code != 0 && answer.Code != code))
        {
            tally.Surprise(
                $"{payer.Reference}: a wrong request ({payer.Choice % 5}) was answered {answer.Status} {answer.Code}");
        }
    }

    private async Task<DemoAnswer> UntilFinalAsync(string path, DemoAnswer answer)
    {
        var since = TimeProvider.System.GetTimestamp();
        while (answer is { State: not null, Final: false })
        {
            if (TimeProvider.System.GetElapsedTime(since) > Patience)
            {
                throw new TimeoutException($"not final after {Patience.TotalMinutes:0} minutes");
            }

            answer = await SendAsync(HttpMethod.Get, path + "?wait=20", default);
        }

        return answer;
    }

    /// <summary>Sends a request until it is answered with something certain, the same request each time.</summary>
    private async Task<DemoAnswer> SendAsync(HttpMethod method, string path, ReadOnlyMemory<byte> body)
    {
        var since = TimeProvider.System.GetTimestamp();
        for (var pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            var answer = await TrySendAsync(method, path, body);
            if (answer is { Refused: true } refused)
            {
                tally.Refuse(refused.Code);
            }

            if (answer is { Again: false } certain)
            {
                if (certain.Status == 200 && method == HttpMethod.Put)
                {
                    tally.Repeat();
                }

                return certain;
            }

            tally.Retry();
            if (TimeProvider.System.GetElapsedTime(since) > Patience)
            {
                throw new TimeoutException($"no answer within {Patience.TotalMinutes:0} minutes");
            }

            await Task.Delay(pause, stop);
        }
    }

    private async Task<DemoAnswer?> TrySendAsync(HttpMethod method, string path, ReadOnlyMemory<byte> body)
    {
        try
        {
            using var request = new HttpRequestMessage(method, path);
            if (!body.IsEmpty)
            {
                request.Content = new ReadOnlyMemoryContent(body);
                request.Content.Headers.ContentType = Json;
            }

            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseContentRead, stop);
            return DemoAnswer.Read((int)response.StatusCode, await response.Content.ReadAsByteArrayAsync(stop));
        }
        catch (Exception lost) when (
            lost is HttpRequestException or IOException
                || (lost is OperationCanceledException && !stop.IsCancellationRequested))
        {
            // The answer is lost, and with it all certainty: the same request goes again.
            return null;
        }
    }

    private void Expect(Planned payer, string? state, string expected)
    {
        if (state != expected)
        {
            tally.Surprise(
                $"{payer.Reference} ({payer.Scene}, {payer.Service.CodeText}): {state ?? "no state"} instead of "
                + $"{expected}");
        }
    }

    private void ExpectCode(Planned payer, DemoAnswer answer, int code)
    {
        if (answer.Code != code)
        {
            tally.Surprise(
                $"{payer.Reference} ({payer.Scene}): answered {answer.Status} {answer.Code} instead of {code}");
        }
    }

    private static readonly MediaTypeHeaderValue Json = new("application/json");

    private static ReadOnlyMemory<byte> InquiryBody(Planned payer)
    {
        var body = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteString("service"u8, payer.Service.CodeText);
            json.WriteString("account"u8, payer.Account);
            WriteFields(json, payer.Service);
            json.WriteEndObject();
        }

        return body.WrittenMemory;
    }

    private static ReadOnlyMemory<byte> PaymentBody(
        Planned payer, long amountQepik, string? inquiry, string? service = null, string? account = null,
        long extraQepik = 0)
    {
        var fee = payer.Rule.Fee.PaidBy == FeePaidBy.Payer ? payer.Rule.Fee.For(new Money(amountQepik)).Qepik : 0;
        var body = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteString("service"u8, service ?? payer.Service.CodeText);
            json.WriteString("account"u8, account ?? payer.Account);
            WriteFields(json, payer.Service);
            json.WriteNumber("amountQepik"u8, amountQepik);
            json.WriteNumber("totalQepik"u8, checked(amountQepik + fee + extraQepik));
            if (inquiry is not null)
            {
                json.WriteString("inquiry"u8, inquiry);
            }

            switch (payer.Choice % 10)
            {
                case < 7:
                    json.WriteString("tender"u8, "cash"u8);
                    break;
                case < 9:
                    json.WriteString("tender"u8, "card"u8);
                    json.WriteString("rrn"u8, payer.Choice.ToString("000000000000", CultureInfo.InvariantCulture));
                    json.WriteString("maskedPan"u8, "416973******1234"u8);
                    break;
                default:
                    json.WriteString("tender"u8, "account"u8);
                    break;
            }

            json.WriteEndObject();
        }

        return body.WrittenMemory;
    }

    private static void WriteFields(Utf8JsonWriter json, Service service)
    {
        if (service.Fields.Count < 2)
        {
            return;
        }

        json.WriteStartObject("fields"u8);
        for (var i = 1; i < service.Fields.Count; i++)
        {
            json.WriteString(service.Fields[i].Name, service.Fields[i].Example);
        }

        json.WriteEndObject();
    }
}
