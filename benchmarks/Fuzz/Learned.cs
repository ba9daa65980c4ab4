using System.Text.Json.Nodes;

namespace EGovPay.Benchmarks.Fuzz;

/// <summary>An inquiry that was answered, with what a payment by it must say.</summary>
internal sealed record LearnedQuote(
    string Inquiry, string Service, string Account, long DueQepik, long FeeQepik, IReadOnlyList<string> Lines);

/// <summary>
/// What a worker has learned from good answers, so that later requests can be good, or nearly: references, inquiries,
/// verification codes. A few hundred of each at most.
/// </summary>
internal sealed class Learned(Random random)
{
    private const int Most = 256;

    private readonly List<string> references = [];
    private readonly List<string> codes = [];
    private readonly List<LearnedQuote> quotes = [];
    private readonly List<string> transactions = [];

    public void Reference(string reference) => Keep(references, reference);

    public void Code(string code) => Keep(codes, code);

    public void Quote(LearnedQuote quote) => Keep(quotes, quote);

    public void Transaction(string transaction) => Keep(transactions, transaction);

    public string AnyReference() => Any(references) ?? "nothing-yet";

    public string AnyCode() => Any(codes) ?? "0207-9NQX-0000-0000-0000-0000";

    public string AnyTransaction() => Any(transactions) ?? "1";

    /// <summary>A quote, which is good once, or null.</summary>
    public LearnedQuote? TakeQuote()
    {
        if (quotes.Count == 0)
        {
            return null;
        }

        var taken = quotes[^1];
        if (random.Next(8) > 0)
        {
            quotes.RemoveAt(quotes.Count - 1);
        }

        return taken;
    }

    /// <summary>Takes what is useful out of a good answer.</summary>
    public void From(string kind, FuzzedAnswer answer)
    {
        if (answer.Status is < 200 or > 202 || answer.Body.Length is 0 or > 8_192 || answer.Body[0] != '{')
        {
            return;
        }

        var json = JsonNode.Parse(answer.Body)!.AsObject();
        if (kind == "POST /v1/inquiries" && json["inquiry"] is { } inquiry)
        {
            Quote(new LearnedQuote(
                (string)inquiry!, (string)json["service"]!, (string)json["account"]!, (long)json["dueQepik"]!,
                (long)json["feeQepik"]!, [.. json["lines"]!.AsArray().Select(line => line!.ToJsonString())]));
        }

        if (json["reference"] is JsonValue reference && json["state"] is not null)
        {
            Reference((string)reference!);
            if (json["receipt"]?["code"] is { } code)
            {
                Code((string)code!);
            }
        }
    }

    private void Keep<T>(List<T> list, T one)
    {
        if (list.Count < Most)
        {
            list.Add(one);
        }
        else
        {
            list[random.Next(Most)] = one;
        }
    }

    private string? Any(List<string> list) => list.Count == 0 ? null : list[random.Next(list.Count)];
}
