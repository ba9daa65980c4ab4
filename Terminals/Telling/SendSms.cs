using System.Buffers;
using System.Net.Http.Headers;
using System.Text.Json;
using EGovPay.Terminals.Api;

namespace EGovPay.Terminals.Telling;

/// <summary>The gateway that takes our SMS: a POST of JSON <c>{id, to, from, text}</c>, with the key as bearer.</summary>
/// <param name="From">The sender's name, as phones show it.</param>
public sealed record SmsGateway(Uri Address, string? Key, string From)
{
    /// <summary>The key is never printed.</summary>
    public override string ToString() => nameof(SmsGateway);
}

/// <summary>Tells payers by SMS. The gateway gets the event's id, the same in every attempt.</summary>
internal sealed class SendSms(SmsGateway gateway, PayerTexts texts) : IWay, IDisposable
{
    private readonly HttpClient client = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        ConnectTimeout = TimeSpan.FromSeconds(5),
        MaxResponseHeadersLength = 16,
        MaxResponseDrainSize = 16 * 1024,
        ResponseDrainTimeout = TimeSpan.FromSeconds(1),
        PooledConnectionLifetime = TimeSpan.FromMinutes(2),
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    public async Task<Reached> TellAsync(Telling telling, CancellationToken cancel)
    {
        if (telling.Told.Contact is not { Phone: { } typed } contact)
        {
            return new Reached(Reach.Never, "the payer's number is no longer kept");
        }

        if (International(typed) is not { } to)
        {
            return new Reached(Reach.Never, "no phone number");
        }

        using var content = new ByteArrayContent(Body(telling, to, texts.Write(telling.Told.Payment, contact.Language).Short));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var request = new HttpRequestMessage(HttpMethod.Post, gateway.Address) { Content = content };
        if (gateway.Key is { } key)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        }

        try
        {
            using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
            var note = FormattableString.Invariant($"HTTP {(int)answer.StatusCode}");
            return (int)answer.StatusCode switch
            {
                >= 200 and < 300 => Reached.Told,
                400 or 404 or 422 => new Reached(Reach.Never, note),
                _ => new Reached(Reach.Ill, note),
            };
        }
        catch (HttpRequestException failed)
        {
            return new Reached(Reach.Ill, failed.HttpRequestError.ToString());
        }
    }

    public void Dispose() => client.Dispose();

    /// <summary>
    /// A number as a payer types it, with its country: <c>+994501234567</c>. One without a country is Azerbaijan's. Null: it is none.
    /// </summary>
    internal static string? International(string typed)
    {
        var digits = string.Concat(typed.Where(char.IsAsciiDigit));
        var plus = typed.TrimStart(' ', '(').StartsWith('+');
        if (typed.LastIndexOf('+') > (plus ? typed.IndexOf('+', StringComparison.Ordinal) : -1))
        {
            return null;
        }

        return (plus, digits) switch
        {
            (true, { Length: >= 8 and <= 15 }) when digits[0] != '0' => "+" + digits,
            (false, { Length: 12 }) when digits.StartsWith("994", StringComparison.Ordinal) => "+" + digits,
            (false, { Length: 10 }) when digits[0] == '0' && digits[1] != '0' => "+994" + digits[1..],
            (false, { Length: 9 }) when digits[0] != '0' => "+994" + digits,
            _ => null,
        };
    }

    private byte[] Body(Telling telling, string to, string text)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = ApiJson.Letters }))
        {
            json.WriteStartObject();
            json.WriteString("id", telling.Id);
            json.WriteString("to", to);
            json.WriteString("from", gateway.From);
            json.WriteString("text", text);
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }
}
