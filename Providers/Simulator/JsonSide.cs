using System.Buffers;
using System.Collections.Frozen;
using System.Globalization;
using System.Text.Json;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Signatures;
using EGovPay.Providers.Osmp;
using Microsoft.AspNetCore.Http;
using NodaTime;
using NodaTime.Text;

namespace EGovPay.Providers.Simulator;

/// <summary>
/// The provider's end of the JSON protocol: inquiries, payments by PUT, questions by GET, reversals by DELETE; signatures are checked.
/// </summary>
internal sealed class JsonSide(SimulatorSettings settings, SimulatedBook book, IClock clock)
{
    private const int LongestAccount = 200;
    private static readonly DateTimeZone Baku = DateTimeZoneProviders.Tzdb["Asia/Baku"];
    private static readonly Duration Tolerance = Duration.FromMinutes(5);

    private readonly FrozenDictionary<int, MessageKey?> keys = settings.Providers
        .Where(provider => provider.Protocol == "json").ToFrozenDictionary(provider => provider.Id, settings.KeyOf);

    private readonly FrozenDictionary<int, DateTimeZone> zones = settings.Providers
        .Where(provider => provider.Protocol == "json")
        .ToFrozenDictionary(provider => provider.Id, provider => DateTimeZoneProviders.Tzdb[provider.Zone]);

    public async Task ServeAsync(HttpContext context, ProviderSettings provider, ReadOnlyMemory<char> below)
    {
        if (await SimulatedWire.ReadBodyAsync(context.Request) is not { } body)
        {
            await SimulatedWire.PlainAsync(context, 413, "too long\n");
            return;
        }

        if (!IsSigned(context.Request, provider, body))
        {
            await SimulatedWire.PlainAsync(context, 401, "the signature is not good\n");
            return;
        }

        // Perhaps a service's code comes first, where the address has a place for it.
        var rest = below.Span.TrimStart('/');
        var service = 0;
        var slash = rest.IndexOf('/');
        if (slash > 0 && int.TryParse(rest[..slash], NumberStyles.None, CultureInfo.InvariantCulture, out service))
        {
            rest = rest[(slash + 1)..];
        }

        var method = context.Request.Method;
        if (rest is "inquiries" && HttpMethods.IsPost(method))
        {
            await InquireAsync(context, provider, body);
        }
        else if (rest.StartsWith("payments/") && OsmpText.IsTransaction(rest["payments/".Length..]))
        {
            var number = UInt128.Parse(rest["payments/".Length..], NumberStyles.None, CultureInfo.InvariantCulture);
            await (HttpMethods.IsPut(method) ? PutAsync(context, provider, number, service, body)
                : HttpMethods.IsGet(method) ? GetAsync(context, provider, number)
                : HttpMethods.IsDelete(method) && provider.Reversals ? DeleteAsync(context, provider, number)
                : SimulatedWire.PlainAsync(context, 405, "PUT, GET, perhaps DELETE\n"));
        }
        else
        {
            await SimulatedWire.PlainAsync(context, 404, "no such place\n");
        }
    }

    private async Task PutAsync(
        HttpContext context, ProviderSettings provider, UInt128 number, int service, byte[] body)
    {
        if (ReadOrder(body) is not { } order)
        {
            await SimulatedWire.PlainAsync(context, 400, "account, amountQepik, fields, at\n");
            return;
        }

        var at = order.At.InZone(zones[provider.Id]).LocalDateTime;
        var date = (((((((((at.Year * 100L) + at.Month) * 100) + at.Day) * 100) + at.Hour) * 100) + at.Minute) * 100)
            + at.Second;
        var saying = await book.PayAsync(new(provider, number, order.Account, order.AmountQepik, date, service));
        await SayAsync(context, provider, number, saying);
    }

    private async Task GetAsync(HttpContext context, ProviderSettings provider, UInt128 number) =>
        await SayAsync(context, provider, number, await book.AskAsync(provider, number));

    private async Task DeleteAsync(HttpContext context, ProviderSettings provider, UInt128 number) =>
        await SayAsync(context, provider, number, await book.ReverseAsync(provider, number));

    private async Task SayAsync(HttpContext context, ProviderSettings provider, UInt128 number, Saying saying)
    {
        if (await SimulatedWire.LiedAsync(context, saying.OnTheWire, book.Lies))
        {
            return;
        }

        var text = new ArrayBufferWriter<byte>(160);
        using (var json = new Utf8JsonWriter(text))
        {
            json.WriteStartObject();
            json.WriteString("status"u8, saying.Said switch
            {
                Said.Accepted => "accepted"u8,
                Said.Declined => "rejected"u8,
                Said.UsedDifferently => "used-differently"u8,
                Said.NotSeen => "not-seen"u8,
                Said.Reversed => "reversed"u8,
                Said.Kept => "kept"u8,
                _ => "pending"u8,
            });
            if (saying.Said == Said.Accepted)
            {
                json.WriteString("transaction"u8, saying.Transaction.ToString(CultureInfo.InvariantCulture));
                if (book.Find(provider, number) is { } known && settings.CardServices.Contains(known.Service))
                {
                    json.WriteString(
                        "cardData"u8,
                            OsmpSide.CardData(number.ToString(CultureInfo.InvariantCulture), known.AmountQepik));
                }
            }

            if (saying.Said == Said.Declined)
            {
                json.WriteString("reason"u8, saying.NotOurs ? "not-ours" : OsmpResult.Of(saying.Code)!.DeclineName);
            }

            json.WriteEndObject();
        }

        var status = saying.Said switch { Said.UsedDifferently => 409, Said.NotSeen => 404, _ => 200 };
        await SendAsync(context, status, text, saying.OnTheWire);
    }

    private async Task InquireAsync(HttpContext context, ProviderSettings provider, byte[] body)
    {
        if (ReadAccount(body) is not { } account)
        {
            await RefuseAsync(context, 400, "account-malformed");
            return;
        }

        var magic = book.Lies.MagicAccounts ? MagicAccounts.Of(account) : 0;
        switch (magic)
        {
            case 1:
                await RefuseAsync(context, 404, "account-not-found");
                return;
            case 2:
                await RefuseAsync(context, 410, "account-inactive");
                return;
            case 3:
                await RefuseAsync(context, 422, "account-malformed");
                return;
            case MagicAccounts.InquiriesFail:
                await SimulatedWire.PlainAsync(context, 503, "not now\n");
                return;
            default:
                await SendAsync(context, 200, Owed(provider, account, magic == MagicAccounts.OwesNothing), Lie.None);
                return;
        }
    }

    private ArrayBufferWriter<byte> Owed(ProviderSettings provider, string account, bool nothing)
    {
        var month = clock.GetCurrentInstant().InZone(Baku).Date.ToYearMonth();
        var due = nothing ? [] : Debts.Of(settings.Seed, provider.Code, account, month);
        var text = new ArrayBufferWriter<byte>(512);
        using var json = new Utf8JsonWriter(text);
        json.WriteStartObject();
        json.WriteString("payer"u8, Debts.PayerOf(settings.Seed, provider.Code, account));
        json.WriteStartArray("lines"u8);
        foreach (var line in due)
        {
            json.WriteStartObject();
            json.WriteString("id"u8, line.Id);
            json.WriteString("title"u8, line.Title);
            json.WriteNumber("dueQepik"u8, line.DueQepik);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteNumber("dueQepik"u8, due.Sum(line => line.DueQepik));
        json.WriteNull("minQepik"u8);
        json.WriteNull("maxQepik"u8);
        json.WriteEndObject();
        json.Flush();
        return text;
    }

    private bool IsSigned(HttpRequest request, ProviderSettings provider, byte[] body)
    {
        if (keys[provider.Id] is not { } key)
        {
            return true;
        }

        var target = $"{request.Scheme}://{request.Host.Value}{request.PathBase}{request.Path}{request.QueryString}";
        var headers = request.Headers;
        return new SignedRequest(request.Method, target, headers["Content-Digest"])
            .Check(headers["Signature-Input"], headers["Signature"], body,
                id => id is null || string.Equals(id, key.Id, StringComparison.Ordinal) ? key : null,
                clock.GetCurrentInstant(), Tolerance).Good;
    }

    private static (string Account, long AmountQepik, Instant At)? ReadOrder(byte[] body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            var root = document.RootElement;
            return ReadAccount(root) is { } account
                && root.GetProperty("amountQepik").GetInt64() is var amount and > 0
                && root.GetProperty("fields").ValueKind == JsonValueKind.Object
                && InstantPattern.ExtendedIso
                    .Parse(root.GetProperty("at").GetString()!).TryGetValue(default, out var at)
                ? (account, amount, at) : null;
        }
        catch (Exception fault) when (IsOfJson(fault))
        {
            return null;
        }
    }

    private static string? ReadAccount(byte[] body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return ReadAccount(document.RootElement);
        }
        catch (Exception fault) when (IsOfJson(fault))
        {
            return null;
        }
    }

    private static string? ReadAccount(JsonElement root) =>
        root.GetProperty("account").GetString() is { Length: > 0 and <= LongestAccount } account
            && !account.Any(char.IsControl)
            ? account : null;

    private static bool IsOfJson(Exception fault) =>
        fault is JsonException or InvalidOperationException or FormatException or KeyNotFoundException;

    private static Task RefuseAsync(HttpContext context, int status, string reason)
    {
        var text = new ArrayBufferWriter<byte>(64);
        using (var json = new Utf8JsonWriter(text))
        {
            json.WriteStartObject();
            json.WriteString("reason"u8, reason);
            json.WriteEndObject();
        }

        return SendAsync(context, status, text, Lie.None);
    }

    private static Task SendAsync(HttpContext context, int status, ArrayBufferWriter<byte> body, Lie lie) =>
        SimulatedWire.SendAsync(context, status, "application/json",
            SimulatedWire.CutsOff(lie) ? body.WrittenMemory[..(body.WrittenCount * 2 / 3)] : body.WrittenMemory);
}
