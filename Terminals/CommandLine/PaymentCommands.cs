using System.CommandLine;
using System.Globalization;
using EGovPay.Processing;
using EGovPay.Processing.Ledger;
using EGovPay.Processing.Payments;
using EGovPay.Processing.People;
using EGovPay.Processing.PostgreSql;
using EGovPay.Processing.Receipts;
using EGovPay.Processing.StateMachine;
using NodaTime;
using NodaTime.Text;
using Npgsql;

namespace EGovPay.Terminals.CommandLine;

/// <summary>`egovpay payment …`: one payment with all that happened to it, and the wish to take it back.</summary>
internal static class PaymentCommands
{
    private static readonly string PaymentEvents = Sql.Load("CommandLine/PaymentEvents.sql");
    private static readonly string PaymentTransfers = Sql.Load("CommandLine/PaymentTransfers.sql");
    private static readonly TimeSpan ReversalPatience = TimeSpan.FromSeconds(10);
    private static readonly string PaymentByReference = Sql.Load("CommandLine/PaymentByReference.sql");

    public static Verb Build() =>
        new Verb("payment", "Payments, for an operator.").With(
            [Show(), OpenQuestions.Unknown(), OpenQuestions.Contradictions(), Reverse(), .. PaymentDecisionCommands.Build()]);

    internal static Argument<string> PaymentArgument() => new("payment")
    {
        Description = "its number, or the terminal's reference",
    };

    internal static Option<string?> AgentOption() => new("--agent")
    {
        Description = "the agent's code, with a reference", HelpName = "CODE",
    };

    private static Verb Show()
    {
        var which = PaymentArgument();
        var agent = AgentOption();
        var full = new Option<bool>("--full")
        {
            Description = "show the account, and what was asked and answered, in full; masked and cut otherwise",
        };
        var json = Print.JsonOption();
        return new Verb(
                "show", "Shows a payment, its events with who decided, its transfers, and what its provider was asked and answered.",
                "egovpay payment show 731000000042", "egovpay payment show T7-000123 --agent btb --json")
            .With(which, agent, full, json)
            .Does(async (parsed, cancel) =>
            {
                await using var store = await Store.UseAsync(ReadSettings.From(parsed), cancel);
                var found = await FindAsync(store.Database, parsed.GetValue(which)!, parsed.GetValue(agent), cancel);
                var account = parsed.GetValue(full) ? found.Account : Mask.Account(found.Account);
                var output = parsed.InvocationConfiguration.Output;
                var events = await EventsAsync(store.Database, found, cancel);
                var transfers = await TransfersAsync(store.Database, found, cancel);
                var exchanges = await PaymentExchanges.ReadAsync(store.Database, found, parsed.GetValue(full), cancel);
                if (parsed.GetValue(json))
                {
                    Print.Json(output, line => Write(line, found, account, events, transfers, exchanges));
                    return Exit.Done;
                }

                await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
                    $"Payment {found.Number}, reference {found.Reference}: "
                    + $"{found.State}{(found.Final ? "" : ", not final yet")}."));
                await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
                    $"Service {found.ServiceCode:00000}, account {account}, amount {Print.Manat(found.AmountQepik)}, "
                    + $"fee "
                    + $"{Print.Manat(found.FeeQepik)}, total {Print.Manat(found.TotalQepik)} manat, {found.Tender}."));
                Print.Table(
                    output, null, [
                        "step", "at (UTC)", "event", "state", "day", "provider's transaction", "decline", "by", "note"],
                    events.Select(one => new[]
                    {
                        Number(one.Step), Text(one.At), one.Edge.Event.ToString(), one.Edge.To.ToString(), Day(
                            one.BusinessDay),
                        one.ProviderTransaction ?? "", Decline(one), By(one), one.Note ?? "",
                    }));
                if (transfers.Count > 0)
                {
                    Print.Table(
                        output, null, ["step", "debit", "credit", ">amount", "day"],
                        transfers.Select(one => new[]
                        {
                            Number(one.Step), Accounts.Name(one.Debit), Accounts.Name(one.Credit), Print.Manat(
                                one.AmountQepik),
                            Day(one.BusinessDay),
                        }));
                }

                await exchanges.SayAsync(output);
                return Exit.Done;
            });
    }

    private static Verb Reverse()
    {
        var which = new Argument<string>("payment") { Description = "its number, or the terminal's reference" };
        var reason = new Option<string>("--reason") { Description = "why, kept with the payment", HelpName = "TEXT", Required = true };
        var agent = new Option<string?>("--agent")
        {
            Description = "the agent's code, with a reference", HelpName = "CODE",
        };
        var json = Print.JsonOption();
        return new Verb(
                "reverse", "Asks the provider to take a confirmed payment back, where its service and the time allow.",
                "egovpay payment reverse 731000000042 --reason \"səhv hesab\"")
            .With(which, reason, agent, json)
            .Does(Acts.PaymentReverse, async (parsed, cancel) =>
            {
                var why = parsed.GetValue(reason)!;
                if (why.Length is 0 or > 200 || why.Any(char.IsControl))
                {
                    throw CommandException.Usage("--reason: 1 to 200 characters, none of them a control character.");
                }

                await using var books = await Books.OpenAsync(parsed, cancel);
                var found = await FindAsync(books.Engine.Database, parsed.GetValue(which)!, parsed.GetValue(agent), cancel);
                var answer = await books.Engine.Reverse.ReverseAsync(books.Person.Login, found, why);
                if (answer.Refused is { } no)
                {
                    throw new CommandException(no.Why == Refusal.NotFinal
                        ? $"Payment {found.Number} is {found.State}: only a confirmed one can be taken back."
                        : $"Payment {found.Number} is {found.State} and cannot be taken back: its service or its provider does not "
                            + "allow it, the time for it is over, it was asked for before, or it was corrected.");
                }

                // A node that serves asks at once; the answer is waited for a little.
                var now = await books.Engine.Waiting.FinalAsync(answer.Payment!, ReversalPatience, cancel);
                await SayReversalAsync(parsed.InvocationConfiguration.Output, now, parsed.GetValue(json));
                return Exit.Done;
            });
    }

    private static async Task SayReversalAsync(TextWriter output, Payment payment, bool asJson)
    {
        if (asJson)
        {
            Print.Json(output, line =>
            {
                line.WriteString("number", Number(payment.Number));
                line.WriteString("state", payment.State.ToString());
                line.WriteBoolean("final", payment.Final);
            });
            return;
        }

        await output.WriteLineAsync($"Payment {Number(payment.Number)} is {payment.State}" + payment.State switch
        {
            PaymentState.Reversed => ": its money is the agent's again.",
            PaymentState.Confirmed => ": the provider keeps it.",
            _ => ": its provider is asked until it answers. Look: egovpay payment show.",
        });
    }

    internal static async Task<Payment> FindAsync(
        NpgsqlDataSource database, string which, string? agent, CancellationToken cancel)
    {
        var book = new PaymentBook(database);
        if (agent is null && long.TryParse(which, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && await book.FindAnywhereAsync(number, cancel) is { } byNumber)
        {
            return byNumber;
        }

        var found = new List<(int AgentId, long Number, string Agent)>();
        await using (var command = database.CreateCommand(PaymentByReference))
        {
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = which });
            command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = agent });
            await using var reader = await command.ExecuteReaderAsync(cancel);
            while (await reader.ReadAsync(cancel))
            {
                found.Add((reader.GetInt32(0), reader.GetInt64(1), reader.GetString(2)));
            }
        }

        return found switch
        {
            [] => throw new CommandException($"There is no payment '{which}'."),
            [var one] => (await book.FindAsync(one.AgentId, one.Number, cancel))!,
            _ => throw new CommandException(
                $"Several agents have a reference '{which}': {string.Join(", ", found.Select(one => one.Agent))}. Say "
                + $"which: --agent CODE."),
        };
    }

    private static async Task<List<Happened>> EventsAsync(
        NpgsqlDataSource database, Payment payment, CancellationToken cancel)
    {
        await using var command = Keyed(database, PaymentEvents, payment);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var events = new List<Happened>();
        string? Column(int column) => reader.IsDBNull(column) ? null : reader.GetString(column);
        while (await reader.ReadAsync(cancel))
        {
            events.Add(new Happened(
                reader.GetInt16(0), Transitions.Numbered(reader.GetInt16(1)), reader.GetInstant(2), reader.GetInt32(3),
                reader.GetLocalDateOrNull(4), Column(5), Column(6), Column(7), Column(8), Column(9), Column(10)));
        }

        return events;
    }

    private static async Task<List<Transferred>> TransfersAsync(
        NpgsqlDataSource database, Payment payment, CancellationToken cancel)
    {
        await using var command = Keyed(database, PaymentTransfers, payment);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var transfers = new List<Transferred>();
        while (await reader.ReadAsync(cancel))
        {
            transfers.Add(new Transferred(
                reader.GetInt16(0), reader.GetInt32(1), reader.GetInt32(2), reader.GetInt64(3), reader.GetLocalDate(
                    4)));
        }

        return transfers;
    }

    private static NpgsqlCommand Keyed(NpgsqlDataSource database, string statement, Payment payment)
    {
        var command = database.CreateCommand(statement);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = payment.AgentId });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = payment.Number });
        return command;
    }

    private static void Write(
        System.Text.Json.Utf8JsonWriter line, Payment payment, string account, List<Happened> events,
        List<Transferred> transfers, PaymentExchanges exchanges)
    {
        line.WriteString("number", Number(payment.Number));
        line.WriteString("reference", payment.Reference);
        line.WriteString("state", payment.State.ToString());
        line.WriteBoolean("final", payment.Final);
        line.WriteString("service", payment.ServiceCode.ToString("00000", CultureInfo.InvariantCulture));
        line.WriteString("account", account);
        line.WriteNumber("amountQepik", payment.AmountQepik);
        line.WriteNumber("feeQepik", payment.FeeQepik);
        line.WriteStartArray("events");
        foreach (var one in events)
        {
            line.WriteStartObject();
            line.WriteNumber("step", one.Step);
            line.WriteString("event", one.Edge.Event.ToString());
            line.WriteString("state", one.Edge.To.ToString());
            line.WriteString("at", Text(one.At));
            line.WriteNumber("node", one.Node);
            line.WriteString("providerTransaction", one.ProviderTransaction);
            line.WriteString("decline", one.DeclineName);
            line.WriteString("note", one.Note);
            line.WriteString("madeBy", one.MadeBy);
            line.WriteString("approvedBy", one.ApprovedBy);
            line.WriteEndObject();
        }

        line.WriteEndArray();
        line.WriteStartArray("transfers");
        foreach (var one in transfers)
        {
            line.WriteStartObject();
            line.WriteNumber("step", one.Step);
            line.WriteString("debit", Accounts.Name(one.Debit));
            line.WriteString("credit", Accounts.Name(one.Credit));
            line.WriteNumber("amountQepik", one.AmountQepik);
            line.WriteString("businessDay", Day(one.BusinessDay));
            line.WriteEndObject();
        }

        line.WriteEndArray();
        exchanges.Write(line);
    }

    private static string By(Happened one) => one.ApprovedBy is null ? one.MadeBy ?? "" : $"{one.MadeBy}, {one.ApprovedBy}";

    private static string Decline(Happened one) =>
        one.DeclineName is null ? "" : $"{one.DeclineName} {one.ProviderCode}".TrimEnd();

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Text(Instant at) => InstantPattern.ExtendedIso.Format(at);

    private static string Day(LocalDate? day) => day?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) ?? "";

    private sealed record Happened(
        short Step, Edge Edge, Instant At, int Node, LocalDate? BusinessDay, string? ProviderTransaction,
        string? DeclineName,
        string? ProviderCode, string? Note, string? MadeBy, string? ApprovedBy);

    private sealed record Transferred(short Step, int Debit, int Credit, long AmountQepik, LocalDate BusinessDay);
}
