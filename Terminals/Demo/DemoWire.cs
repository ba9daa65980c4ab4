using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;

namespace EGovPay.Terminals.Demo;

/// <summary>
/// A terminal's line to the server: a connection pool of its own, and the patience to send the same request again until it
/// is answered with something certain.
/// </summary>
internal sealed partial class DemoWire : IDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);
    private static readonly MediaTypeHeaderValue Json = new("application/json");

    private readonly HttpClient http;
    private readonly AuthenticationHeaderValue bearer;
    private readonly AuthenticationHeaderValue basic;
    private readonly DemoTally tally;
    private readonly CancellationToken stop;

    public DemoWire(Uri server, DemoDesk desk, DemoTally tally, CancellationToken stop)
    {
        http = new HttpClient(
            new SocketsHttpHandler { UseCookies = false, UseProxy = false, ActivityHeadersPropagator = null })
        {
            BaseAddress = server, Timeout = TimeSpan.FromSeconds(30),
        };
        bearer = new AuthenticationHeaderValue("Bearer", desk.Key);
        basic = new AuthenticationHeaderValue(
            "Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{desk.Terminal}:{desk.Key}")));
        this.tally = tally;
        this.stop = stop;
    }

    /// <summary>Sends a request until it is answered with something certain, the same request each time.</summary>
    public async Task<DemoAnswer> SendAsync(HttpMethod method, string path, ReadOnlyMemory<byte> body)
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
            request.Headers.Authorization = bearer;
            if (!body.IsEmpty)
            {
                request.Content = new ReadOnlyMemoryContent(body);
                request.Content.Headers.ContentType = Json;
            }

            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseContentRead, stop);
            return DemoAnswer.Read((int)response.StatusCode, await response.Content.ReadAsByteArrayAsync(stop));
        }
        catch (Exception lost) when (Lost(lost))
        {
            return null;
        }
    }

    /// <summary>Pays by OSMP, again and again until the result is final: 0 is paid; 1 and 90 are not final.</summary>
    /// <param name="query">Without the command.</param>
    public async Task<int> PayByOsmpAsync(string query)
    {
        var since = TimeProvider.System.GetTimestamp();
        for (var pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            if (await TryGetAsync($"/osmp?command=pay&{query}", basic, null) is { Status: 200 } said
                && Result().Match(Encoding.UTF8.GetString(said.Body)) is { Success: true } found
                && int.Parse(found.Groups[1].ValueSpan, CultureInfo.InvariantCulture) is var result and not (1 or 90))
            {
                return result;
            }

            tally.Retry();
            if (TimeProvider.System.GetElapsedTime(since) > Patience)
            {
                throw new TimeoutException($"no final result within {Patience.TotalMinutes:0} minutes");
            }

            await Task.Delay(pause, stop);
        }
    }

    /// <summary>Gets a document in one form, trying again while the server is away; the status and the first bytes.</summary>
    public async Task<(int Status, byte[] Body)> GetAsync(string path, string accept)
    {
        while (true)
        {
            if (await TryGetAsync(path, bearer, accept) is { Status: < 500 } said)
            {
                return said;
            }

            tally.Retry();
            await Task.Delay(LongestPause, stop);
        }
    }

    public void Dispose() => http.Dispose();

    private async Task<(int Status, byte[] Body)?> TryGetAsync(string path, AuthenticationHeaderValue who, string? accept)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            request.Headers.Authorization = who;
            if (accept is not null)
            {
                request.Headers.Accept.ParseAdd(accept);
            }

            using var response = await http.SendAsync(request, stop);
            return ((int)response.StatusCode, await response.Content.ReadAsByteArrayAsync(stop));
        }
        catch (Exception lost) when (Lost(lost))
        {
            return null;
        }
    }

    /// <summary>The answer is lost, and with it all certainty: the same request goes again.</summary>
    private bool Lost(Exception failure) =>
        failure is HttpRequestException or IOException or SocketException
        || (failure is OperationCanceledException && !stop.IsCancellationRequested);

    [GeneratedRegex("<result>([0-9]+)</result>", RegexOptions.CultureInvariant)]
    private static partial Regex Result();
}
