namespace EGovPay.Benchmarks.Torture;

/// <summary>
/// What the rows of the database say of themselves: states, transfers, money and receipts, by this auditor's own table of
/// what each edge does (from the design, not from the engine).
/// </summary>
internal static class AuditBook
{
    private const int Funds = 1;
    private const int Fee = 2;
    private const int CommissionExpense = 3;
    private const int Commission = 4;
    private const int ProviderFee = 5;
    private const int Suspense = 9;
    private const int FirstPayable = 1000;

    /// <summary>Edge: from, to, and what happens to the money.</summary>
    private static readonly Dictionary<short, (string From, string To, string Money)> Edges = new()
    {
        [1] = ("", "Accepted", "hold"),
        [2] = ("", "Dispatched", "hold"),
        [3] = ("", "Cancelled", ""),
        [4] = ("Accepted", "Dispatched", ""),
        [5] = ("Accepted", "Cancelled", "release"),
        [6] = ("Accepted", "Declined", "release"),
        [7] = ("Dispatched", "Declined", "release"),
        [8] = ("Dispatched", "Confirmed", "post"),
        [9] = ("Unknown", "Confirmed", "post"),
        [10] = ("Dispatched", "Declined", "release"),
        [11] = ("Unknown", "Declined", "release"),
        [12] = ("Dispatched", "Unknown", ""),
        [13] = ("Unknown", "Unknown", ""),
        [14] = ("Unknown", "Confirmed", "post"),
        [15] = ("Unknown", "Declined", "release"),
        [16] = ("Unknown", "Declined", "release"),
        [17] = ("Unknown", "Confirmed", "post"),
        [18] = ("Confirmed", "Reversing", ""),
        [19] = ("Reversing", "Reversed", "reverse"),
        [20] = ("Reversing", "Reversed", "reverse"),
        [21] = ("Reversing", "Confirmed", ""),
        [22] = ("Reversing", "Confirmed", ""),
        [23] = ("Reversing", "Reversing", ""),
        [28] = ("Confirmed", "Confirmed", ""),
        [29] = ("Declined", "Declined", ""),
        [30] = ("Cancelled", "Cancelled", ""),
        [31] = ("Reversed", "Reversed", ""),
        [32] = ("Reversing", "Reversing", ""),
    };

    private static readonly HashSet<string> Open = ["Accepted", "Dispatched", "Unknown"];

    /// <summary>The states that a payment went through, in order.</summary>
    public static IEnumerable<string> History(BookedPayment payment) =>
        payment.Events.Select(one => Edges.TryGetValue(one.Edge, out var edge) ? edge.To : "?");

    public static void Run(EngineBook book, Verdict verdict)
    {
        foreach (var orphan in book.Orphans)
        {
            verdict.Add(Wrong.Unbalanced, orphan, "a row that belongs to nothing");
        }

        foreach (var payment in book.Payments.Values)
        {
            Fold(payment, verdict);
            CheckTransfers(payment, verdict);
            if ((payment.State == "Unknown") != book.Queue.Contains(payment.Number))
            {
                verdict.Add(Wrong.Unbalanced, Name(book, payment), $"{payment.State}, and in the queue of the unknown or not");
            }
        }

        CheckFunds(book, verdict);
        CheckMovements(book, verdict);
        CheckReceipts(book, verdict);
    }

    public static string Name(EngineBook book, BookedPayment payment) =>
        $"{book.Agents[payment.AgentId].Code}/{payment.Reference}";

    private static void Fold(BookedPayment payment, Verdict verdict)
    {
        var state = "";
        for (var step = 0; step < payment.Events.Count; step++)
        {
            var booked = payment.Events[step];
            if (booked.Step != step || !Edges.TryGetValue(booked.Edge, out var edge) || edge.From != state)
            {
                verdict.Add(
                    Wrong.Unbalanced, FormattableString.Invariant($"number {payment.Number}"),
                    $"step {booked.Step} takes the edge {booked.Edge} out of '{state}'");
                break;
            }

            state = edge.To;
        }

        payment.State = state;
        if (state.Length == 0)
        {
            verdict.Add(Wrong.Unbalanced, FormattableString.Invariant($"number {payment.Number}"), "a payment without events");
        }
    }

    /// <summary>Leg by leg what the edges say, and nothing else.</summary>
    private static void CheckTransfers(BookedPayment payment, Verdict verdict)
    {
        var due = new List<BookedTransfer>();
        foreach (var booked in payment.Events)
        {
            var money = Edges.TryGetValue(booked.Edge, out var edge) ? edge.Money : "";
            if (money == "post")
            {
                due.AddRange(Posted(payment, booked.Step));
            }
            else if (money == "reverse")
            {
                due.AddRange(due.ToList().Select(leg => leg with
                {
                    Step = booked.Step, Debit = leg.Credit, Credit = leg.Debit,
                }));
            }
        }

        if (!due.SequenceEqual(payment.Transfers))
        {
            verdict.Add(
                Wrong.Unbalanced, FormattableString.Invariant($"number {payment.Number}"),
                $"transfers are {string.Join(", ", payment.Transfers)} and ought to be {string.Join(", ", due)}");
        }
    }

    private static IEnumerable<BookedTransfer> Posted(BookedPayment payment, short step)
    {
        var payable = FirstPayable + payment.ProviderId;
        return new BookedTransfer[]
        {
            new(step, 1, Funds, payable, payment.AmountQepik),
            new(step, 2, Funds, Fee, payment.FeeQepik),
            new(step, 3, CommissionExpense, Commission, payment.CommissionQepik),
            new(step, 4, payable, ProviderFee, payment.ProviderFeeQepik),
        }.Where(leg => leg.AmountQepik > 0);
    }

    private static void CheckFunds(EngineBook book, Verdict verdict)
    {
        var held = book.Payments.Values.Where(payment => Open.Contains(payment.State)).GroupBy(payment => payment.AgentId)
            .ToDictionary(agent => agent.Key, agent => agent.Sum(payment => payment.AmountQepik + payment.FeeQepik));
        foreach (var (agent, funds) in book.Funds)
        {
            var (debits, credits) = book.OfFunds.GetValueOrDefault(agent);
            var open = held.GetValueOrDefault(agent);
            var name = FormattableString.Invariant($"agent {agent}");
            if (funds.Pending != open)
            {
                verdict.Add(Wrong.Unbalanced, $"{name} holds", $"holds {funds.Pending}, and its open payments come to {open}");
            }

            if (funds.DebitsPosted != debits || funds.CreditsPosted != credits)
            {
                verdict.Add(
                    Wrong.Unbalanced, $"{name} sums",
                    $"posted {funds.DebitsPosted} and {funds.CreditsPosted}, its transfers {debits} and {credits}");
            }

            if (funds.Pending + funds.DebitsPosted > funds.CreditsPosted + funds.CreditLimit)
            {
                verdict.Add(Wrong.Unbalanced, $"{name} overdrawn", "more held and posted than it has");
            }
        }
    }

    /// <summary>What came in is what was deposited, once; what an agent's parts pass to each other stays with the agent.</summary>
    private static void CheckMovements(EngineBook book, Verdict verdict)
    {
        foreach (var agent in book.Movements.Values.GroupBy(movement => book.Agents[movement.AgentId].Code, StringComparer.Ordinal))
        {
            long Sum(string kind) => agent.Where(movement => movement.Kind == kind).Sum(movement => movement.AmountQepik);
            if (Sum("top-up") != Centre.DepositQepik || Sum("rebalance-in") != Sum("rebalance-out"))
            {
                verdict.Add(
                    Wrong.Unbalanced, $"{agent.Key} deposits",
                    $"deposited {Sum("top-up")}, between its parts {Sum("rebalance-out")} out and {Sum("rebalance-in")} in");
            }
        }
    }

    /// <summary>In each day's series from 1 to the last, each number once, one to each payment that was ever confirmed.</summary>
    private static void CheckReceipts(EngineBook book, Verdict verdict)
    {
        var given = new Dictionary<(DateOnly Day, short Series), List<int>>();
        foreach (var payment in book.Payments.Values)
        {
            var receipts = payment.Events.Where(booked => booked.Receipt is not null).ToList();
            var confirmed = History(payment).Contains("Confirmed", StringComparer.Ordinal);
            if (receipts.Count != (confirmed ? 1 : 0))
            {
                verdict.Add(
                    receipts.Count > 1 ? Wrong.Doubled : Wrong.Unbalanced, Name(book, payment), $"{receipts.Count} receipts");
            }

            foreach (var receipt in receipts)
            {
                var key = (receipt.Day!.Value, book.Agents[payment.AgentId].Lane);
                (given.TryGetValue(key, out var numbers) ? numbers : given[key] = []).Add(receipt.Receipt!.Value);
            }
        }

        foreach (var key in given.Keys.Union(book.Series.Keys))
        {
            var numbers = given.GetValueOrDefault(key) ?? [];
            numbers.Sort();
            if (!numbers.SequenceEqual(Enumerable.Range(1, book.Series.GetValueOrDefault(key))))
            {
                verdict.Add(
                    Wrong.Unbalanced, $"series {key.Day} {key.Series}",
                    $"{numbers.Count} receipts, {numbers.Distinct().Count()} different, and the last is "
                    + $"{book.Series.GetValueOrDefault(key)}");
            }
        }
    }
}
