using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using EGovPay.Processing;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Ledger;
using EGovPay.Processing.PostgreSql;
using EGovPay.Processing.StateMachine;
using EGovPay.Settlement.Breaks;
using NodaTime.Text;
using Npgsql;

namespace EGovPay.Terminals.CommandLine;

/// <summary>`egovpay breaks show`: one break with the evidence of both sides.</summary>
internal static class ShowBreak
{
    private const int MostExchanges = 20;

    private static readonly string[] Languages = ["az", "en", "ru"];

    private static readonly string PaymentEvents = Sql.Load("CommandLine/PaymentEvents.sql");
    private static readonly string PaymentTransfers = Sql.Load("CommandLine/PaymentTransfers.sql");
    private static readonly string PaymentExchanges = Sql.Load("CommandLine/PaymentExchanges.sql");

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
                    ? await EvidenceAsync(store.Database, agent, number, cancel) : [];
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

    private static void WriteEvidence(Utf8JsonWriter line, List<Evidence> evidence)
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
        yield return ["ours", one.Ours ?? "nothing"];
        yield return ["theirs", one.Theirs ?? "nothing"];
        yield return ["file", one.FileName is null ? "" : $"{one.FileName}{(one.Line is { } at ? $", line {Number(at)}" : "")}"];
        if (one.Suggestion is { } may)
        {
            yield return ["it may be", may];
        }
    }

    /// <summary>What we know of a payment, from its events, the ledger, and what its provider was asked.</summary>
    private static async Task<List<Evidence>> EvidenceAsync(
        NpgsqlDataSource database, int agentId, long number, CancellationToken cancel)
    {
        var evidence = new List<Evidence>();
        async Task ReadAsync(string sql, Func<NpgsqlDataReader, Evidence> of, params int[] more)
        {
            await using var command = database.CreateCommand(sql);
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = agentId });
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = number });
            foreach (var one in more)
            {
                command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = one });
            }

            await using var row = await command.ExecuteReaderAsync(cancel);
            while (await row.ReadAsync(cancel))
            {
                evidence.Add(of(row));
            }
        }

        await ReadAsync(PaymentEvents, row => new Evidence(
            "event", InstantPattern.ExtendedIso.Format(row.GetInstant(2)),
            $"{Transitions.Numbered(row.GetInt16(1)).Event}{Also(row, 5)}{Also(row, 6)}{Also(row, 8)}{Also(row, 9)}{Also(row, 10)}"));
        await ReadAsync(PaymentTransfers, row => new Evidence(
            "posting", Number(row.GetInt16(0)),
            $"{Accounts.Name(row.GetInt32(1))} > {Accounts.Name(row.GetInt32(2))}: {Print.Manat(row.GetInt64(3))}, "
            + LocalDatePattern.Iso.Format(row.GetLocalDate(4))));
        await ReadAsync(
            PaymentExchanges,
            row => new Evidence("exchange", Number(row.GetInt16(0)), $"{row.GetString(2)} | {(row.IsDBNull(3) ? "no answer" : row.GetString(3))}"),
            MostExchanges);
        return evidence;
    }

    private static string Also(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? "" : $", {row.GetString(column)}";

    private static string? Provider(SettlementBreak one, CatalogueSnapshot catalogue) =>
        one.ProviderId is { } provider ? catalogue.Provider(provider)?.Code ?? Number(provider) : null;

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>One thing that we know.</summary>
    private sealed record Evidence(string Kind, string At, string Text);
}
