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
/// statement?provider=&amp;day=&amp;form=csv|mt940</c>; <c>GET health</c>; <c>POST lies</c>. Our own bank: <c>POST bank/orders</c> (pain.001),
/// <c>POST bank/deposits</c> (TAB-separated: account, qəpik, reference, day), <c>GET bank/statement?account=&amp;from=&amp;to=&amp;form=camt053|
/// mt940&amp;lies=</c>. With <c>planted=true</c> a file says what in it is not as the record has it, instead of itself.
/// </summary>
internal sealed class SimulatorControl(SimulatorSettings settings, SimulatedBook book)
{
    private const int LongestFile = 64 * 1024 * 1024;

    private readonly SimulatedBank bank = new(settings.Seed);

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
            ("POST", "bank/orders" or "bank/deposits") => BankAsync(context, path == "bank/orders"),
            ("GET", "bank/statement") => BankStatementAsync(context),
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

        return which == "register"
            ? TellAsync(context, SimulatedFiles.Register(book, provider, day, lies, settings.Seed))
            : SimulatedWire.PlainAsync(context, 200, SimulatedFiles.Statement(book, provider, day, query["form"] == "mt940"));
    }

    private static Task TellAsync(HttpContext context, (string Text, IReadOnlyList<Planted> Planted) file) => SimulatedWire.PlainAsync(
        context, 200, context.Request.Query["planted"] == "true" ? string.Concat(file.Planted) : file.Text);

    private async Task BankAsync(HttpContext context, bool orders)
    {
        if (await SimulatedWire.ReadBodyAsync(context.Request, LongestFile) is not { } body)
        {
            await SimulatedWire.PlainAsync(context, 413, "too long\n");
            return;
        }

        try
        {
            var taken = orders ? bank.Take(new MemoryStream(body, writable: false))
                : Encoding.UTF8.GetString(body).Split('\n', StringSplitOptions.RemoveEmptyEntries).Count(Deposit);
            await SimulatedWire.PlainAsync(context, 200, string.Create(CultureInfo.InvariantCulture, $"{taken} booked\n"));
        }
        catch (Exception fault) when (fault is System.Xml.XmlException or FormatException or UnparsableValueException)
        {
            await SimulatedWire.PlainAsync(context, 422, $"{fault.Message}\n");
        }
    }

    private bool Deposit(string line)
    {
        var parts = line.Split('\t');
        return parts.Length == 4 && long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var qepik)
            ? bank.Deposit(parts[0], qepik, parts[2], LocalDatePattern.Iso.Parse(parts[3]).GetValueOrThrow())
            : throw new FormatException("account, qəpik, reference and day, with TABs between");
    }

    private Task BankStatementAsync(HttpContext context)
    {
        var query = context.Request.Query;
        var lies = RegisterLies.None;
        return LocalDatePattern.Iso.Parse(query["from"].ToString()).TryGetValue(default, out var from)
            && LocalDatePattern.Iso.Parse(query["to"].ToString()).TryGetValue(default, out var to) && query["account"].ToString() is { Length: 28 } account
            && (query["lies"].ToString() is not { Length: > 0 } named || Enum.TryParse(named, ignoreCase: true, out lies))
            ? TellAsync(context, bank.Statement(account, from, to, lies, query["form"] == "mt940"))
            : SimulatedWire.PlainAsync(context, 400, "account=, from=yyyy-MM-dd, to=, form=camt053|mt940, lies=missing,extra,changed\n");
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
