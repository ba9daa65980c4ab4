using System.Text;
using EGovPay.Processing;
using EGovPay.Processing.Agents;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Payments;
using EGovPay.Providers.Osmp;
using EGovPay.Terminals.Api;
using Npgsql;

namespace EGovPay.Terminals.OsmpIn;

/// <summary>
/// OSMP the other way round: terminal software calls us as if we were a provider. <c>check</c> is an inquiry,
/// <c>pay</c> a payment of cash whose fee we count ourselves, because the protocol's sum excludes it. The same
/// engine, the same order of checks.
/// </summary>
internal static class OsmpCalls
{
    public const string Path = "/osmp";

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapMethods(Path, ["GET", "POST"], ServeAsync).WithTags("osmp")
            .Produces(StatusCodes.Status200OK, contentType: "text/xml");

    /// <summary>Writes an answer; the gate uses it too, for what never reaches a call.</summary>
    public static async Task WriteAsync(HttpContext http, OsmpReply reply)
    {
        var xml = reply.ToXml();
        http.Response.StatusCode = StatusCodes.Status200OK;
        http.Response.ContentType = OsmpReply.ContentType;
        http.Response.ContentLength = xml.Length;
        await http.Response.Body.WriteAsync(xml, CancellationToken.None);
    }

    private static async Task ServeAsync(
        HttpContext http, Door door, Engine engine, ServerSettings settings, Entrance entrance, Outage outage) =>
        await WriteAsync(http, await AnswerAsync(http, door, engine, settings, entrance, outage));

    private static async Task<OsmpReply> AnswerAsync(
        HttpContext http, Door door, Engine engine, ServerSettings settings, Entrance entrance, Outage outage)
    {
        var body = await ReadBody.BytesAsync(http.Request);
        var text = HttpMethods.IsPost(http.Request.Method) && !body.IsEmpty
            ? Encoding.UTF8.GetString(body.Span)
            : http.Request.QueryString.Value ?? "";
        var asked = OsmpAsked.Read(text.TrimStart('?'), out var transaction);
        if (asked is null)
        {
            return OsmpReply.No(transaction, Refusal.MalformedRequest);
        }

        var (terminal, stranger) = await TerminalOfAsync(http, door, engine);
        if (terminal is null)
        {
            return OsmpReply.No(transaction, stranger!.Value.Why);
        }

        if (terminal.Signed)
        {
            // Its policy wants each request signed, and this protocol has no place for a signature.
            return OsmpReply.No(transaction, Refusal.SignatureInvalid);
        }

        if (door.Judge(terminal, asked.Service, ownPayments: false).Refused is { } refused)
        {
            return OsmpReply.No(transaction, refused.Why);
        }

        try
        {
            return asked.Command == "pay"
                ? await PayAsync(asked, terminal, engine, settings).InTimeAsync(settings, entrance)
                : await CheckAsync(asked, terminal, engine, http.RequestAborted);
        }
        catch (OperationCanceledException) when (entrance.Over.IsCancellationRequested)
        {
            return OsmpReply.No(transaction, Refusal.OutcomeNotKnown);
        }
        catch (Exception lost) when (lost is NpgsqlException || Outage.Is(lost))
        {
            if (Outage.Is(lost))
            {
                outage.Tell(lost);
            }
            else
            {
                Log.OutcomeNotKnown(http.RequestServices.LogOf(), lost);
            }

            return OsmpReply.No(transaction, asked.Command == "pay" ? Refusal.OutcomeNotKnown : Refusal.Overloaded);
        }
    }

    /// <summary>Basic authentication: the terminal's code (or number) and its key; both must fit.</summary>
    private static ValueTask<(Terminal? Terminal, Refused? Refused)> TerminalOfAsync(
        HttpContext http, Door door, Engine engine)
    {
        const string scheme = "Basic ";
        var now = engine.Clock.GetCurrentInstant();
        var given = http.Request.Headers.Authorization;
        var bytes = new byte[400];
        if (given.Count != 1 || given[0] is not { Length: > 6 and <= 400 } field
            || !field.StartsWith(scheme, StringComparison.OrdinalIgnoreCase)
            || !Convert.TryFromBase64String(field[scheme.Length..].Trim(), bytes, out var length))
        {
            return door.KnowAsync(http, null, now);
        }

        var pair = Encoding.UTF8.GetString(bytes, 0, length);
        var colon = pair.IndexOf(':', StringComparison.Ordinal);
        return colon < 1
            ? door.KnowAsync(http, null, now)
            : door.KnowAsync(http, pair[(colon + 1)..], now, terminal => Names(terminal, pair.AsSpan(0, colon)));
    }

    private static bool Names(Terminal terminal, ReadOnlySpan<char> name) =>
        name.SequenceEqual(terminal.TerminalCode)
        || name.SequenceEqual(FormattableString.Invariant($"{terminal.TerminalId}"));

    /// <summary>
    /// Who is it and what is owed. The sum of a check is often a made-up one, and is judged when it is paid.
    /// </summary>
    private static async Task<OsmpReply> CheckAsync(
        OsmpAsked asked, Terminal terminal, Engine engine, CancellationToken gone)
    {
        var reply = await engine.Inquire.AskAsync(
            terminal, asked.Service, asked.Account, FieldsOf(asked, engine.Catalogue.Current), gone);
        if (reply.Refused is { } refused)
        {
            return OsmpReply.No(asked.Transaction, refused.Why);
        }

        var quote = reply.Quote!;
        var fields = new List<KeyValuePair<string, string>>
        {
            new("due", OsmpText.Sum(quote.DueQepik)),
            new("min", OsmpText.Sum(quote.MinQepik)),
            new("max", OsmpText.Sum(quote.MaxQepik)),
            new("fee", OsmpText.Sum(quote.PayerFeeFor(new Money(asked.SumQepik ?? quote.DueQepik)).Qepik)),
        };
        if (quote.Payer is { } payer)
        {
            fields.Insert(0, new("payer", payer));
        }

        fields.AddRange((reply.Lines ?? []).Select(line =>
            new KeyValuePair<string, string>($"line:{line.Id}", $"{OsmpText.Sum(line.DueQepik)} {line.Title}")));
        return new OsmpReply(asked.Transaction, OsmpResult.Ok, Fields: fields);
    }

    private static async Task<OsmpReply> PayAsync(
        OsmpAsked asked, Terminal terminal, Engine engine, ServerSettings settings)
    {
        var current = engine.Catalogue.Current;
        var fields = FieldsOf(asked, current);
        var known = await engine.Book.FindAsync(terminal.PartFor(asked.Reference), asked.Reference);
        string? inquiry = null;
        var fee = known?.FeeQepik ?? 0;
        if (known is null)
        {
            var rule = current.Find(asked.Service)?.RuleOn(Baku.DateOf(engine.Clock.GetCurrentInstant()));
            fee = rule is null ? 0 : PayerFee(rule.Fee, asked.SumQepik!.Value);
            if (rule?.Inquiry == InquiryNeed.Required)
            {
                var reply = await engine.Inquire.AskAsync(
                    terminal, asked.Service, asked.Account, fields, CancellationToken.None);
                if (reply.Refused is { } refused)
                {
                    return OsmpReply.No(asked.Transaction, refused.Why);
                }

                (inquiry, fee) = (reply.Sealed, reply.Quote!.PayerFeeFor(new Money(asked.SumQepik!.Value)).Qepik);
            }
        }

        var answer = await engine.Pay.PayAsync(terminal, RequestOf(asked, fields, fee, inquiry), settings.PayPatience);
        return answer.Refused is { } no
            ? OsmpReply.No(asked.Transaction, no.Why)
            : OsmpReply.Of(asked.Transaction, answer.Payment!);
    }

    private static PaymentRequest RequestOf(
        OsmpAsked asked, FieldValue[]? fields, long feeQepik, string? inquiry) => new()
    {
        Reference = asked.Reference,
        Service = asked.Service,
        Account = asked.Account,
        Fields = fields,
        AmountQepik = asked.SumQepik!.Value,
        TotalQepik = checked(asked.SumQepik.Value + feeQepik),
        Inquiry = inquiry,
        Tender = Tender.Cash,
    };

    private static long PayerFee(FeeRule fee, long qepik) =>
        fee.PaidBy == FeePaidBy.Payer ? fee.For(new Money(qepik)).Qepik : 0;

    /// <summary>
    /// The service's further fields: by their names, or as <c>data1</c>, <c>data2</c>… in the service's order.
    /// </summary>
    private static FieldValue[]? FieldsOf(OsmpAsked asked, CatalogueSnapshot catalogue)
    {
        if (catalogue.Find(asked.Service) is not { Fields.Count: > 1 } service)
        {
            return null;
        }

        var fields = new List<FieldValue>();
        for (var i = 1; i < service.Fields.Count; i++)
        {
            var name = service.Fields[i].Name;
            if (asked.Data.TryGetValue(name, out var value)
                || asked.Data.TryGetValue(FormattableString.Invariant($"data{i}"), out value))
            {
                fields.Add(new FieldValue(name, value));
            }
        }

        return fields.Count == 0 ? null : [.. fields];
    }
}
