using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using EGovPay.Processing;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Signatures;
using NodaTime;

namespace EGovPay.Benchmarks.Fuzz;

/// <summary>
/// Good requests to every operation of the OpenAPI document, as this worker can make them now. What has no template here
/// gets a general one, so a new endpoint is fuzzed from its first day.
/// </summary>
internal sealed class GoodRequests(
    Random random, int worker, FuzzedCentre centre, Learned learned, IReadOnlyList<string> operations)
{
    private const string Json = "application/json";

    private static readonly string[] Languages = ["az", "en", "ru", "az-Latn-AZ,ru;q=0.5", "de", "*"];
    private static readonly string[] Accepts =
        [Json, "text/plain", "text/html", "*/*", "text/html;q=0,*/*", "application/xml", "application/pdf;q=0.1,text/plain"];

    /// <summary>What people and terminals do often, so that there is something to break.</summary>
    private static readonly string[] Frequent =
    [
        "PUT /v1/payments/{reference}", "PUT /v1/payments/{reference}", "PUT /v1/payments/{reference}",
        "POST /v1/inquiries", "POST /v1/inquiries", "GET /v1/payments/{reference}", "POST /v1/payments/{reference}/cancel",
        "GET /osmp", "POST /osmp",
    ];

    private int made;

    /// <summary>An operation drawn at random, and a good request to it.</summary>
    public (string Operation, FuzzedRequest Request, Promise Writes) Draw()
    {
        var operation = random.Next(2) == 0
            ? Frequent[random.Next(Frequent.Length)]
            : operations[random.Next(operations.Count)];
        var terminal = centre.Terminals[random.Next(4) == 0 ? random.Next(centre.Terminals.Count) : random.Next(6)];
        if (operation.Contains("/shifts", StringComparison.Ordinal) && random.Next(4) > 0)
        {
            terminal = centre.Terminals.First(one => one.Shifts);
        }

        var (method, path) = (operation[..operation.IndexOf(' ', StringComparison.Ordinal)],
            operation[(operation.IndexOf(' ', StringComparison.Ordinal) + 1)..]);
        var request = new FuzzedRequest { Method = method, Target = path };
        request.Headers.Add(("Host", centre.Server.Address.Authority));
        var promise = Fill(operation, request);
        request.Target = request.Target.Replace("{reference}", learned.AnyReference(), StringComparison.Ordinal)
            .Replace("{number}", random.Next(1, 5).ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
            .Replace("{code}", learned.AnyCode(), StringComparison.Ordinal);
        Authorize(operation, request, terminal);
        return (operation, request, promise);
    }

    private Promise Fill(string operation, FuzzedRequest request)
    {
        switch (operation)
        {
            case "PUT /v1/payments/{reference}":
                request.Target = "/v1/payments/" + (random.Next(10) == 0 ? learned.AnyReference() : NewReference());
                Body(request, Payment());
                return Promise.Payment;
            case "POST /v1/payments/{reference}/cancel":
                request.Target = $"/v1/payments/{(random.Next(2) == 0 ? NewReference() : learned.AnyReference())}/cancel";
                return Promise.Payment;
            case "POST /v1/inquiries":
                var asked = Service();
                Body(request, With(new JsonObject { ["service"] = asked.CodeText, ["account"] = asked.Fields[0].Example }, asked));
                return Promise.Nothing;
            case "GET /v1/payments/{reference}":
                request.Target += random.Next(3) == 0 ? "?wait=0" : "";
                return Promise.Nothing;
            case "GET /v1/payments":
                request.Target += random.Next(3) switch
                {
                    0 => "?limit=5",
                    1 => "?from=2026-01-01&to=2026-12-31&state=Confirmed&limit=2",
                    _ => "",
                };
                return Promise.Nothing;
            case "GET /v1/services":
                request.Target += random.Next(3) switch { 0 => "?q=su&lang=az", 1 => "?group=kommunal", _ => "" };
                return Promise.Nothing;
            case "GET /v1/services/{code}":
                request.Target = "/v1/services/" + Service().CodeText;
                return Promise.Nothing;
            case "GET /v1/payments/{reference}/receipt":
                request.Headers.Add(("Accept", Accepts[random.Next(Accepts.Length)]));
                return Promise.Print;
            case "GET /osmp":
                request.Target = "/osmp?" + Osmp();
                return Promise.Payment;
            case "POST /osmp":
                request.Body = Encoding.UTF8.GetBytes(Osmp());
                request.Headers.Add(("Content-Type", "application/x-www-form-urlencoded"));
                return Promise.Payment;
            default:
                return FillMore(operation, request);
        }
    }

    private Promise FillMore(string operation, FuzzedRequest request)
    {
        switch (operation)
        {
            case "POST /v1/payments/{reference}/reversal":
                Body(request, new JsonObject { ["reason"] = "Səhv hesab" });
                return Promise.Nothing;
            case "POST /v1/shifts":
                Body(request, new JsonObject { ["cashier"] = "Aysel Məmmədova", ["floatQepik"] = random.Next(10_000) });
                return Promise.ShiftOpened;
            case "POST /v1/shifts/current/close":
                Body(request, new JsonObject { ["countedCashQepik"] = random.Next(1_000_000) });
                return Promise.ShiftClosed;
            case "POST /v1/terminal/status":
                Body(request, new JsonObject
                {
                    ["software"] = "7.1", ["printer"] = "ok", ["validator"] = "ok", ["cashQepik"] = random.Next(1_000_000),
                    ["commandsDone"] = new JsonArray("reboot"),
                });
                return Promise.Status;
            case "POST /v1/terminal/collections":
                Body(request, new JsonObject { ["bagNumber"] = $"{worker}-{made++}", ["notes"] = new JsonObject { ["500"] = 3 } });
                return Promise.Collection;
            case "POST /v1/payments/{reference}/card-written":
                return Promise.CardWritten;
            case "POST /v1/payments/{reference}/cash-returned":
                return Promise.CashReturned;
            default:
                if (request.Method is not ("GET" or "HEAD"))
                {
                    Body(request, new JsonObject { ["reason"] = "x", ["url"] = "http://127.0.0.1:1/", ["id"] = 1 });
                }

                return Promise.Nothing;
        }
    }

    private string NewReference() => FormattableString.Invariant($"F{worker}-{made++}");

    private Service Service() => centre.Services[random.Next(centre.Services.Count)];

    private JsonObject Payment()
    {
        if (random.Next(3) > 0 && learned.TakeQuote() is { } quote)
        {
            var json = new JsonObject
            {
                ["service"] = quote.Service, ["account"] = quote.Account, ["amountQepik"] = quote.DueQepik,
                ["totalQepik"] = quote.DueQepik + quote.FeeQepik, ["tender"] = "cash", ["inquiry"] = quote.Inquiry,
            };
            var service = centre.Services.First(one => one.CodeText == quote.Service);
            if (quote.Lines.Count > 0 && random.Next(2) == 0)
            {
                json["lines"] = new JsonArray([.. quote.Lines.Select(LineOf)]);
            }

            return More(With(json, service));
        }

        var sold = Service();
        var rule = sold.Rules[^1];
        var amount = rule.Choices is { Count: > 0 } choices
            ? choices[random.Next(choices.Count)].Qepik
            : random.NextInt64(rule.Min.Qepik, Math.Min(rule.Max.Qepik, rule.Min.Qepik + 5_000) + 1);
        var fee = rule.Fee.PaidBy == FeePaidBy.Payer ? rule.Fee.For(new Money(amount)).Qepik : 0;
        return More(With(
            new JsonObject
            {
                ["service"] = sold.CodeText, ["account"] = sold.Fields[0].Example, ["amountQepik"] = amount,
                ["totalQepik"] = amount + fee, ["tender"] = "cash",
            },
            sold));
    }

    private static JsonObject LineOf(string text)
    {
        var line = JsonNode.Parse(text)!;
        return new JsonObject { ["id"] = (string)line["id"]!, ["amountQepik"] = (long)line["dueQepik"]! };
    }

    private JsonObject More(JsonObject payment)
    {
        if (random.Next(4) == 0)
        {
            payment["tender"] = "card";
            payment["rrn"] = "123456789012";
            payment["maskedPan"] = "416973******1234";
        }

        if (random.Next(4) == 0)
        {
            payment["contact"] = new JsonObject { ["email"] = "odeyici@example.az", ["phone"] = "+994501234567", ["lang"] = "ru" };
            payment["cashier"] = "Aysel";
        }

        return payment;
    }

    private static JsonObject With(JsonObject json, Service service)
    {
        if (service.Fields.Count > 1)
        {
            var fields = new JsonObject();
            foreach (var field in service.Fields.Skip(1))
            {
                fields[field.Name] = field.Example;
            }

            json["fields"] = fields;
        }

        return json;
    }

    private string Osmp()
    {
        var service = Service();
        var pay = random.Next(2) == 0;
        var transaction = random.Next(8) == 0
            ? learned.AnyTransaction()
            : FormattableString.Invariant($"{worker + 1}{made++:000000000}");
        learned.Transaction(transaction);
        var sum = random.Next(100, 5_000);
        var text = new StringBuilder(FormattableString.Invariant(
            $"command={(pay ? "pay" : "check")}&txn_id={transaction}&account={service.Fields[0].Example}&sum={sum / 100}.{sum % 100:00}"));
        text.Append("&prv_id=").Append(service.CodeText);
        for (var i = 1; i < service.Fields.Count; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $"&data{i}={Uri.EscapeDataString(service.Fields[i].Example)}");
        }

        return text.ToString();
    }

    private void Body(FuzzedRequest request, JsonObject body)
    {
        request.Body = Encoding.UTF8.GetBytes(body.ToJsonString());
        request.Headers.Add(("Content-Type", Json));
        request.Chunked = random.Next(20) == 0;
    }

    private void Authorize(string operation, FuzzedRequest request, FuzzedTerminal terminal)
    {
        if (random.Next(6) == 0)
        {
            request.Headers.Add(("Accept-Language", Languages[random.Next(Languages.Length)]));
        }

        if (operation.EndsWith(" /osmp", StringComparison.Ordinal))
        {
            var pair = Encoding.UTF8.GetBytes($"{terminal.Code}:{terminal.Key}");
            request.Headers.Add(("Authorization", "Basic " + Convert.ToBase64String(pair)));
            return;
        }

        request.Headers.Add(("Authorization", "Bearer " + terminal.Key));
        if (terminal.Signing is { } key)
        {
            var digest = ContentDigest.Of(request.Body ?? []);
            var target = centre.Server.Address.GetLeftPart(UriPartial.Authority) + request.Target;
            var (input, signature) = new SignedRequest(request.Method, target, digest).Sign(
                key, SystemClock.Instance.GetCurrentInstant(), FormattableString.Invariant($"{worker}-{made++}"));
            request.Headers.Add(("Content-Digest", digest));
            request.Headers.Add(("Signature-Input", input));
            request.Headers.Add(("Signature", signature));
        }
    }
}
