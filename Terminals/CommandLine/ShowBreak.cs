using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using EGovPay.Processing.Catalogue;
using EGovPay.Settlement.Breaks;
using NodaTime.Text;

namespace EGovPay.Terminals.CommandLine;

/// <summary>`egovpay breaks show`: one break with the evidence of both sides.</summary>
internal static class ShowBreak
{
    private const string Qepik = "Qepik";
    private const string NothingSaid = "{}";
    private static readonly string[] Languages = ["az", "en", "ru"];

    public static Verb Build()
    {
        var id = new Argument<long>("id") { Description = "the break's number, as `egovpay breaks list` shows it" };
        var language = new Option<string>("--language")
        {
            Description = $"of cause and next step: {string.Join(", ", Languages)}", HelpName = "CODE", DefaultValueFactory = _ => "en",
        };
        var json = Print.JsonOption();
        return new Verb(
                "show",
                "Shows one break: what we say and what they say, in which file and line; the payment's events, postings and exchanges; "
                + "what has probably happened, and what to do next.",
                "egovpay breaks show 31", "egovpay breaks show 31 --language az", "egovpay breaks show 31 --json")
            .With(id, language, json)
            .Does(async (parsed, cancel) =>
            {
                var tongue = parsed.GetValue(language)!;
                if (!Languages.Contains(tongue, StringComparer.Ordinal))
                {
                    throw CommandException.Usage($"--language: one of {string.Join(", ", Languages)}.");
                }

                await using var store = await Store.UseAsync(ReadSettings.From(parsed), cancel);
                var one = await new BreakBook(store.Database).FindAsync(parsed.GetValue(id), cancel)
                    ?? throw new CommandException(
                        $"There is no break {Number(parsed.GetValue(id))}. `egovpay breaks list --all` shows them.");
                var catalogue = await CatalogueStore.LatestOrEmbeddedAsync(store.Database, cancel);
                var evidence = one is { AgentId: { } agent, Number: { } number }
                    ? await PaymentEvidence.ReadAsync(store.Database, agent, number, cancel) : [];
                var output = parsed.InvocationConfiguration.Output;
                if (parsed.GetValue(json))
                {
                    Print.Json(output, line =>
                    {
                        Write(line, one, catalogue, tongue);
                        WriteEvidence(line, evidence);
                    });
                    return Exit.Done;
                }

                Print.Table(output, null, ["", ""], Facts(one, catalogue, tongue));
                Print.Table(output, null, ["our evidence", "at or step", "what"], evidence.Select(each => new[] { each.Kind, each.At, each.Text }));
                return Exit.Done;
            });
    }

    public static string State(SettlementBreak one) => one.State switch
    {
        BreakState.Proposed => $"proposal {Number(one.ProposalId!.Value)}: {one.Resolution}",
        BreakState.Settled when one.ProposalId is null => $"settled by itself: a comparison (run by {one.SettledBy}) found it no more",
        BreakState.Settled => $"settled by {one.SettledBy}{(one.Resolution is { } word ? $": {word}" : "")}",
        _ => one.Reopened > 0 ? $"open again ({Number(one.Reopened)})" : "open",
    };

    /// <summary>A break as JSON; texts only where a language is named.</summary>
    public static void Write(Utf8JsonWriter line, SettlementBreak one, CatalogueSnapshot catalogue, string? language = null)
    {
        line.WriteNumber("break", one.Id);
        line.WriteString("side", OpenBreaks.TextOf(one.Side));
        line.WriteString("kind", one.Kind.ToString());
        line.WriteString("subject", one.Subject);
        line.WriteString("provider", Provider(one, catalogue));
        line.WriteString("number", one.Number is { } number ? Number(number) : null);
        line.WriteString("day", LocalDatePattern.Iso.Format(one.Day));
        line.WriteString("openedAt", InstantPattern.ExtendedIso.Format(one.OpenedAt));
        line.WriteNumber("ageDays", one.AgeDays);
        line.WriteNumber("amountAtRiskQepik", one.AmountAtRiskQepik);
        line.WriteString("state", one.State.ToString().ToLowerInvariant());
        line.WriteString("settledBy", one.SettledBy);
        line.WriteString("proposal", one.ProposalId is { } proposal ? Number(proposal) : null);
        line.WriteString("resolution", one.Resolution);
        line.WriteNumber("reopened", one.Reopened);
        line.WriteString("file", one.FileName);
        line.WriteString("line", one.Line is { } place ? Number(place) : null);
        line.WriteString("cause", one.Cause);
        line.WriteString("step", one.Step);
        if (language is not null)
        {
            line.WriteString("causeText", BreakTexts.Cause(one.Cause, language));
            line.WriteString("stepText", BreakTexts.Step(one.Step, language));
        }

        foreach (var (name, said) in new[] { ("ours", one.Ours), ("theirs", one.Theirs), ("suggestion", one.Suggestion) })
        {
            line.WritePropertyName(name);
            line.WriteRawValue(said ?? "null");
        }
    }

    private static void WriteEvidence(Utf8JsonWriter line, IReadOnlyList<Evidence> evidence)
    {
        line.WriteStartArray("evidence");
        foreach (var one in evidence)
        {
            line.WriteStartObject();
            line.WriteString("kind", one.Kind);
            line.WriteString("at", one.At);
            line.WriteString("text", one.Text);
            line.WriteEndObject();
        }

        line.WriteEndArray();
    }

    private static IEnumerable<string[]> Facts(SettlementBreak one, CatalogueSnapshot catalogue, string language)
    {
        yield return ["break", $"{Number(one.Id)}, {BreakTexts.Kinds[one.Kind].In(language)} ({one.Kind}), {one.Subject}"];
        yield return ["provider", Provider(one, catalogue) ?? ""];
        yield return ["day", $"{LocalDatePattern.Iso.Format(one.Day)}; open for {Number(one.AgeDays)} days; {State(one)}"];
        yield return ["at risk", Print.Manat(one.AmountAtRiskQepik)];
        yield return ["cause", BreakTexts.Cause(one.Cause, language)];
        yield return ["next", BreakTexts.Step(one.Step, language)];
        foreach (var row in Said("ours", one.Ours ?? NothingSaid).Concat(Said("theirs", one.Theirs ?? NothingSaid)))
        {
            yield return row;
        }

        yield return ["file", one.FileName is null ? "" : $"{one.FileName}{(one.Line is { } at ? $", line {Number(at)}" : "")}"];
        if (one.Suggestion is { } may)
        {
            foreach (var row in Said("it may be", may))
            {
                yield return row;
            }
        }
    }

    /// <summary>What a side says, a fact a row: a wide line of JSON is nothing for people.</summary>
    internal static IEnumerable<string[]> Said(string side, string json)
    {
        using var said = JsonDocument.Parse(json);
        var facts = Facts(said.RootElement);
        return facts.Count == 0 ? [[side, "nothing"]] : [.. facts.Select((fact, at) => new[] { at == 0 ? side : "", $"{fact.Name}: {fact.Text}" })];
    }

    private static List<(string Name, string Text)> Facts(JsonElement said) => said.ValueKind != JsonValueKind.Object ? []
        :
        [
            .. said.EnumerateObject().Where(one => one.Value.ValueKind != JsonValueKind.Null)
                .Select(one => (Words(one.Name), Text(one.Name, one.Value))),
        ];

    /// <summary>`amountQepik` is an amount, `endToEndId` an end to end id.</summary>
    private static string Words(string name) => string.Concat(
        (name.EndsWith(Qepik, StringComparison.Ordinal) ? name[..^Qepik.Length] : name)
        .Select(letter => char.IsAsciiLetterUpper(letter) ? $" {char.ToLowerInvariant(letter)}" : letter.ToString()));

    private static string Text(string name, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number when name.EndsWith(Qepik, StringComparison.Ordinal) && value.TryGetInt64(out var qepik) => Print.Manat(qepik),
        JsonValueKind.True => "yes",
        JsonValueKind.False => "no",
        JsonValueKind.Object => string.Join(", ", Facts(value).Select(one => $"{one.Name} {one.Text}")),
        JsonValueKind.Array => string.Join("; ", value.EnumerateArray().Select(each => Text(name, each))),
        _ => value.ToString(),
    };

    private static string? Provider(SettlementBreak one, CatalogueSnapshot catalogue) =>
        one.ProviderId is { } provider ? catalogue.Provider(provider)?.Code ?? Number(provider) : null;

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
