using System.Globalization;
using EGovPay.Processing.Audit;
using EGovPay.Processing.StateMachine;
using EGovPay.Terminals.CommandLine;

namespace EGovPay.Terminals.Demo;

/// <summary>What the demo's day came to: a table for people, one line for scripts.</summary>
internal sealed class DemoResult(
    DemoOptions options, DemoTally tally, CompareBooks compared, DemoSettled settled, AuditReport audit, DemoTold told,
    double seconds, int restarts)
{
    private int Payments => compared.States.Values.Sum();

    /// <summary>What providers confirmed, also where it was taken back later.</summary>
    private int Confirmed => Of(PaymentState.Confirmed) + Reversed;

    private int Reversed => Of(PaymentState.Reversed);

    private int Declined => Of(PaymentState.Declined);

    private int Cancelled => Of(PaymentState.Cancelled);

    private int Unknown => compared.States.Where(state => !Transitions.IsFinal(state.Key)).Sum(state => state.Value);

    /// <summary>
    /// Both books agree, nothing is unknown, every invariant holds, every payer is accounted for, and the evening found what was planted.
    /// </summary>
    public bool Good =>
        compared.ConfirmedUncredited.Count == 0 && compared.CreditedUnconfirmed.Count == 0
            && compared.CreditedTwice.Count == 0
        && compared.ToldOtherwise.Count == 0 && Unknown == 0 && audit.Violations == 0 && told.Told == told.Events
        && settled.Good
        && Payments == Confirmed + Declined + Cancelled && Payments == options.Payments;

    /// <summary>The last line of the demo's output.</summary>
    public string Line()
    {
        using var line = new StringWriter(CultureInfo.InvariantCulture);
        Print.Json(line, json =>
        {
            json.WriteNumber("payments", Payments);
            json.WriteNumber("confirmed", Confirmed);
            json.WriteNumber("declined", Declined);
            json.WriteNumber("cancelled", Cancelled);
            json.WriteNumber("unknown", Unknown);
            json.WriteNumber("refused", tally.RefusedRequests);
            json.WriteNumber("repeats", tally.Repeats);
            json.WriteNumber("confirmedUncredited", compared.ConfirmedUncredited.Count);
            json.WriteNumber("creditedUnconfirmed", compared.CreditedUnconfirmed.Count);
            json.WriteNumber("creditedTwice", compared.CreditedTwice.Count);
            json.WriteNumber("auditViolations", audit.Violations);
            json.WriteNumber("seconds", Math.Round((decimal)seconds, 1));
            json.WriteNumber("perSecond", (long)Math.Round(Payments / Math.Max(seconds, 0.001)));
            json.WriteNumber("reversed", Reversed);
            json.WriteNumber("breaksPlanted", settled.Planted.Count);
            json.WriteNumber("breaksFound", settled.Found.Count);
            json.WriteNumber("falseBreaks", settled.FalseBreaks);
            json.WriteNumber("payoutsQepik", settled.PayoutsQepik);
            json.WriteBoolean("sealed", settled.Sealed);
        });
        return line.ToString().TrimEnd();
    }

    /// <summary>Shows the day on stderr.</summary>
    public void Show(IReadOnlyList<DemoDesk> desks, Uri server, Uri simulator)
    {
        Print.Table(Console.Error, "The day", ["what", ">how many"], Rows());
        Name("confirmed here, not credited there", compared.ConfirmedUncredited);
        Name("credited there, not confirmed here", compared.CreditedUnconfirmed);
        Name("credited twice", compared.CreditedTwice);
        Name("told otherwise", compared.ToldOtherwise);
        Name("planted and not found", [.. settled.Planted.Except(settled.Found, StringComparer.Ordinal)]);
        Name("found and not planted", [.. settled.Found.Except(settled.Planted, StringComparer.Ordinal)]);
        foreach (var broken in audit.Invariants.Where(invariant => invariant.Violations > 0))
        {
            Name($"broken: {broken.Name}", [.. broken.Offenders.Select(offender => $"{offender.Number} {offender.What}")]);
        }

        foreach (var surprise in tally.FirstSurprises)
        {
            DemoProgress.Say($"unexpected: {surprise}");
        }

        if (options.Exit)
        {
            return;
        }

        var address = server.GetLeftPart(UriPartial.Authority);
        Print.Table(
            Console.Error, "Terminals to try by hand", ["agent", "terminal", "name", "key"],
            desks.Select(desk => new[] { desk.Agent, desk.Terminal, desk.Name, desk.Key }));
        DemoProgress.Say(
            $"Server: {address}   providers: {simulator.GetLeftPart(UriPartial.Authority)} (/_sim/ledger)");
        DemoProgress.Say(string.Join('\n',
            $"  KEY={desks[0].Key}",
            $"  curl -s {address}/v1/services?q=azerisiq -H \"Authorization: Bearer $KEY\"",
            $"  curl -s -X PUT {address}/v1/payments/MY-1 -H \"Authorization: Bearer $KEY\" "
            + "-H 'Content-Type: application/json' -d '{\"service\":\"10101\",\"account\":\"012345678901234\","
            + "\"amountQepik\":2350,\"totalQepik\":2350,\"tender\":\"cash\"}'",
            $"  curl -s {address}/v1/payments/MY-1/receipt -H \"Authorization: Bearer $KEY\" -H 'Accept: text/plain'",
            $"  curl -s {address}/v1/account -H \"Authorization: Bearer $KEY\""));
    }

    /// <summary>What the day came to, line by line.</summary>
    private IReadOnlyList<string[]> Rows()
    {
        string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);
        return
        [
            new[] { "payments in our book", Number(Payments) },
            new[] { "  confirmed", Number(Confirmed) },
            new[] { "    of these taken back later", Number(Reversed) },
            new[] { "  declined by the provider", Number(Declined) },
            new[] { "  cancelled by the terminal", Number(Cancelled) },
            new[] { "  not final", Number(Unknown) },
            new[] { "late answers of providers", Number(tally.Of(Scene.Late)) },
            new[] { "silence, dropped lines, nonsense: found out by asking", Number(tally.Of(Scene.Silent)) },
            new[] { "receipts taken, as PDF, JSON and text", Number(tally.Of(Scene.TakesReceipt)) },
            new[] { "payments by terminals that speak OSMP", Number(tally.Of(Scene.SpeaksOsmp)) },
            new[] { "requests repeated and answered from the book", Number(tally.Repeats) },
            new[] { "requests refused", Number(tally.RefusedRequests) },
            new[] { "answers lost or put off, and asked for again", Number(tally.Retries) },
            new[] { "the server died and was started again", Number(restarts) },
            new[] { "confirmed here, not credited there", Number(compared.ConfirmedUncredited.Count) },
            new[] { "credited there, not confirmed here", Number(compared.CreditedUnconfirmed.Count) },
            new[] { "credited twice", Number(compared.CreditedTwice.Count) },
            new[] { "told otherwise than it stands", Number(compared.ToldOtherwise.Count) },
            new[] { "events that the Şəbəkə centre subscribed to", Number(told.Events) },
            new[] { "  and was told of, by signed webhooks", Number(told.Told) },
            new[] { "paid out to providers, qəpik", Number(settled.PayoutsQepik) },
            new[] { "days of these payments that are still open", Number(settled.Unsealed.Count) },
            new[] { "registers of providers compared", Number(settled.Registers) },
            new[] { "bookings in the bank's statements", Number(settled.Entries) },
            new[] { "differences planted in them", Number(settled.Planted.Count) },
            new[] { "  found, as breaks", Number(settled.Found.Count) },
            new[] { "  and breaks that nobody planted", Number(settled.FalseBreaks) },
            new[] { "invariants broken, by the audit", Number(audit.Violations) },
            new[] { "payments a second", Number((long)(Payments / Math.Max(seconds, 0.001))) },
        ];
    }

    private static void Name<T>(string what, IReadOnlyList<T> some)
    {
        if (some.Count > 0)
        {
            DemoProgress.Say($"{what}: {string.Join(", ", some.Take(10))}{(some.Count > 10 ? " …" : "")}");
        }
    }

    private int Of(PaymentState state) => compared.States.GetValueOrDefault(state);
}
