using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using NodaTime.Text;

namespace EGovPay.Providers.Simulator;

/// <summary>
/// What the simulator can be asked about itself, under <c>/_sim/</c>:
/// <c>GET ledger</c> (every transaction, TAB-separated: provider, txn, asked, credited, amountQepik, transaction,
/// code, reversed); <c>GET credited?txn=</c>; <c>GET register?provider=&amp;day=&amp;lies=missing,extra,changed</c>; <c>GET
/// statement?provider=&amp;day=&amp;form=csv|mt940</c>; <c>GET health</c>; <c>POST lies</c>.
/// </summary>
internal sealed class SimulatorControl(SimulatorSettings settings, SimulatedBook book)
{
    public Task ServeAsync(HttpContext context)
    {
        var path = context.Request.Path.Value!["/_sim/".Length..];
        return (context.Request.Method, path) switch
        {
            ("GET", "health") => HealthAsync(context),
            ("GET", "ledger") => LedgerAsync(context),
            ("GET", "credited") => CreditedAsync(context),
            ("GET" or "POST", "lies") => LiesAsync(context),
            ("GET", "register" or "statement") => FileAsync(context, path),
            _ => SimulatedWire.PlainAsync(context, 404, "ledger, credited?txn=, register, statement, lies, health\n"),
        };
    }

    private Task HealthAsync(HttpContext context) => JsonAsync(context, 200, json =>
    {
        json.WriteString("status"u8, "live"u8);
        json.WriteNumber("providers"u8, settings.Providers.Count);
        json.WriteNumber("transactions"u8, book.Count);
    });

    private async Task LedgerAsync(HttpContext context)
    {
        var only = context.Request.Query["provider"].ToString();
        context.Response.ContentType = "text/tab-separated-values; charset=utf-8";
        var writer = context.Response.BodyWriter;
        Encoding.UTF8.GetBytes("provider\ttxn\tasked\tcredited\tamountQepik\ttransaction\tcode\treversed\n", writer);
        foreach (var known in book.All)
        {
            if (only.Length > 0 && !string.Equals(known.Provider.Code, only, StringComparison.Ordinal))
            {
                continue;
            }

            Write(writer, known);
            if (writer.UnflushedBytes > 32 * 1024)
            {
                await writer.FlushAsync(context.RequestAborted);
            }
        }

        await writer.FlushAsync(context.RequestAborted);
    }

    private static void Write(IBufferWriter<byte> writer, Transaction known)
    {
        string line;
        lock (known)
        {
            line = string.Create(CultureInfo.InvariantCulture,
                $"{known.Provider.Code}\t{known.Number}\t{known.Asked}\t{known.Credited}\t")
                + string.Create(CultureInfo.InvariantCulture, $"{known.AmountQepik}\t{known.Own}\t{known.DeclineCode}\t{known.Reversed}\n");
        }

        Encoding.UTF8.GetBytes(line, writer);
    }

    private Task CreditedAsync(HttpContext context)
    {
        if (!UInt128.TryParse(
            context.Request.Query["txn"].ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return SimulatedWire.PlainAsync(context, 400, "txn= decimal digits\n");
        }

        // One number is asked of one provider; all are looked at, so that two would be seen.
        var found = settings.Providers.Select(provider => book.Find(provider, number)).Where(known => known is not null)
            .ToArray();
        return JsonAsync(context, 200, json =>
        {
            json.WriteString("txn"u8, number.ToString(CultureInfo.InvariantCulture));
            json.WriteNumber("credited"u8, found.Sum(known => known!.Credited));
            json.WriteNumber("asked"u8, found.Sum(known => known!.Asked));
            json.WriteNumber("reversed"u8, found.Sum(known => known!.Reversed));
            json.WriteNumber("amountQepik"u8, found.Sum(known => known!.Credited * known.AmountQepik));
            json.WriteString("provider"u8, found.Length == 1 ? found[0]!.Provider.Code : null);
            json.WriteString("transaction"u8,
                found.Length == 1 && found[0]!.Own > 0 ? found[0]!.Own.ToString(CultureInfo.InvariantCulture) : null);
        });
    }

    private Task FileAsync(HttpContext context, string which)
    {
        var query = context.Request.Query;
        var provider = settings.Providers.FirstOrDefault(one => one.Code == query["provider"].ToString());
        var lies = RegisterLies.None;
        if (provider is null
            || !LocalDatePattern.Iso.Parse(query["day"].ToString()).TryGetValue(default, out var day)
            || (query["lies"].ToString() is { Length: > 0 } named && !Enum.TryParse(named, ignoreCase: true, out lies)))
        {
            return SimulatedWire.PlainAsync(context, 400, "provider=, day=yyyy-MM-dd, lies=missing,extra,changed\n");
        }

        return SimulatedWire.PlainAsync(context, 200, which == "register"
            ? SimulatedFiles.Register(book, provider, day, lies, settings.Seed)
            : SimulatedFiles.Statement(book, provider, day, query["form"] == "mt940"));
    }

    private async Task LiesAsync(HttpContext context)
    {
        if (HttpMethods.IsPost(context.Request.Method))
        {
            var body = await SimulatedWire.ReadBodyAsync(context.Request) ?? [];
            if (!LiesText.TryRead(body, out var lies, out var fault))
            {
                await SimulatedWire.PlainAsync(context, 400, $"{fault}\n");
                return;
            }

            book.Lies = lies;
        }

        await JsonAsync(context, 200, json => LiesText.Write(json, book.Lies));
    }

    private static Task JsonAsync(HttpContext context, int status, Action<Utf8JsonWriter> write)
    {
        var body = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        return SimulatedWire.SendAsync(context, status, "application/json", body.WrittenMemory);
    }
}
