using EGovPay.Processing.Dispatch;
using EGovPay.Processing.Journal;
using EGovPay.Processing.Payments;
using EGovPay.Processing.StateMachine;
using NodaTime;

namespace EGovPay.Tests.Simulation.Worlds;

/// <summary>
/// The reference model of the database: what the statements of the journal, of recovery and of the book do, said once more in plain
/// code, with the time given. <c>ModelAgainstPostgreSql</c> runs the same random operations against both and compares every answer.
/// </summary>
internal sealed class ModelBook(PlantedInModel planted = PlantedInModel.None)
{
    public const int BlockSize = 1_000;

    private readonly Dictionary<(int AgentId, long Number), ModelPayment> payments = [];
    private readonly Dictionary<(int AgentId, string Reference), long> references = [];
    private readonly Dictionary<(LocalDate Day, short Series), int> receipts = [];
    private readonly Dictionary<(int AgentId, int TerminalId, LocalDate Day), long> takenInDay = [];
    private int lastNode;
    private long nextBlock = 731_000_000_000;

    public SortedDictionary<int, ModelFunds> Funds { get; } = [];

    public SortedDictionary<(int AgentId, long Number), ModelUnknown> Unknown { get; } = [];

    public SortedDictionary<(int AgentId, long Number), ModelReversal> Reversals { get; } = [];

    public SortedDictionary<int, ModelNode> Nodes { get; } = [];

    public IEnumerable<ModelPayment> Payments => payments.Values;

    /// <summary>How many rows of event there are: a batch that leaves them as they were has written nothing.</summary>
    public int Events => payments.Values.Sum(p => p.Events.Count);

    /// <summary>How long a minute of the services' rules lasts: in a world of seconds the time for reversals ends too.</summary>
    public Duration RuleMinute { get; init; } = Duration.FromMinutes(1);

    /// <summary>Every moment at which something that was true of a row ends; a test keeps clear of them.</summary>
    public IEnumerable<Instant> Deadlines() =>
        [.. Nodes.Values.SelectMany(n => new[] { n.LeaseUntil, n.LeaseUntil + Duration.FromSeconds(60) }),
            .. payments.Values.Select(p => p.Events[^1].SendBefore).OfType<Instant>(),
            .. payments.Values.SelectMany(p => p.Events).Where(e => e.ReceiptCounter is not null).Select(e => e.At + Duration.FromMinutes(1)),
            .. Unknown.Values.Select(u => u.NextAskAt), .. Reversals.Values.Select(r => r.NextAskAt).OfType<Instant>()];

    /// <summary>The open business day.</summary>
    public LocalDate Day { get; set; } = new(2017, 11, 22);

    public void AddFunds(int agentId, long creditsQepik) => Funds.Add(agentId, new ModelFunds { Credits = creditsQepik, Deposited = creditsQepik });

    /// <summary>Accept.sql, row by row.</summary>
    public List<AcceptRow> Accept(IReadOnlyList<Acceptance> batch, Instant now)
    {
        var before = Funds.ToDictionary(f => f.Key, f => f.Value.Available);
        var running = new Dictionary<int, long>();
        var terminalRunning = new Dictionary<(int, int), long>();
        var rows = new List<AcceptRow>();
        var entered = new List<Acceptance>();
        for (var ord = 0; ord < batch.Count; ord++)
        {
            var a = batch[ord];
            if (!before.TryGetValue(a.AgentId, out var available))
            {
                continue;
            }

            var known = planted == PlantedInModel.NoReferences ? 0 : references.GetValueOrDefault((a.AgentId, a.Reference));
            var used = a.InquiryId is null ? null : payments.Values.FirstOrDefault(p => p.Asked.InquiryId == a.InquiryId
                && p.Asked.AgentId >= FirstPart(a) && p.Asked.AgentId < FirstPart(a) + a.Parts);
            var need = a.AmountQepik + a.FeeQepik;
            // Repeats among them too: whoever is refused for it is judged again.
            running[a.AgentId] = running.GetValueOrDefault(a.AgentId) + need;
            if (a.DailyLimitQepik is not null)
            {
                terminalRunning[(a.AgentId, a.TerminalId)] = terminalRunning.GetValueOrDefault((a.AgentId, a.TerminalId)) + need;
            }

            var taken = takenInDay.GetValueOrDefault((a.AgentId, a.TerminalId, Day));
            var verdict =
                known != 0 ? 140
                : Nodes.TryGetValue(a.NodeId, out var node) && node.RecoveredAt is not null ? 900
                : used is not null ? 223
                : running.GetValueOrDefault(a.AgentId) > available ? 300
                : a.DailyLimitQepik is { } limit && taken + terminalRunning.GetValueOrDefault((a.AgentId, a.TerminalId)) > limit ? 301
                : a.ShiftRequired ? 410
                : 0;
            rows.Add(new AcceptRow(
                ord, verdict, known, used?.Asked.Reference, null, now, available,
                a.DailyLimitQepik is { } most ? most - taken : long.MaxValue));
            if (verdict == 0)
            {
                entered.Add(a);
            }
        }

        entered.ForEach(a => Enter(a, now));
        return rows;
    }

    private void Enter(Acceptance a, Instant now)
    {
        var payment = new ModelPayment(a, now);
        payment.Events.Add(new ModelEvent
        {
            Edge = a.Claim ? (short)2 : (short)1,
            NodeId = a.NodeId,
            At = now,
            SendBefore = a.Claim ? EndOfClaim(now, a.SendSeconds) : null,
        });
        payments.Add((a.AgentId, a.Number), payment);
        references[(a.AgentId, a.Reference)] = a.Number;
        Funds[a.AgentId].Pending += a.AmountQepik + a.FeeQepik;
        if (a.DailyLimitQepik is not null)
        {
            var key = (a.AgentId, a.TerminalId, Day);
            takenInDay[key] = takenInDay.GetValueOrDefault(key) + a.AmountQepik + a.FeeQepik;
        }
    }

    /// <summary>Outcome.sql, row by row; a payment that is not there gives no row.</summary>
    public List<RecordRow> Record(IReadOnlyList<Happening> batch, Instant now)
    {
        var rows = new List<RecordRow>();
        for (var ord = 0; ord < batch.Count; ord++)
        {
            var h = batch[ord];
            if (!payments.TryGetValue((h.AgentId, h.Number), out var payment))
            {
                continue;
            }

            var blind = planted == PlantedInModel.NoCompareAndSet;
            var step = blind ? payment.Events.Count : h.SeenStep + 1;
            var before = step >= 1 && step <= payment.Events.Count ? payment.Events[step - 1] : null;
            var taken = step < payment.Events.Count ? payment.Events[step] : null;
            if (before is not null && (before.Edge == h.SeenEdge || blind) && taken is null)
            {
                var added = Append(payment, h, now);
                rows.Add(new RecordRow(ord, true, 0, 0, added.ReceiptCounter, added.BusinessDay, now));
            }
            else
            {
                rows.Add(new RecordRow(
                    ord, false, taken?.Edge ?? 0, taken?.NodeId ?? 0, taken?.ReceiptCounter, taken?.BusinessDay, taken?.At ?? default));
            }
        }

        return rows;
    }

    private ModelEvent Append(ModelPayment payment, Happening h, Instant now)
    {
        var numbered = RecordBatch.IsNumbered(h.Edge);
        var added = new ModelEvent
        {
            Edge = h.Edge.Id,
            NodeId = h.NodeId,
            At = now,
            SendBefore = h.SendSeconds is { } seconds ? EndOfClaim(now, seconds) : null,
            BusinessDay = numbered ? Day : null,
            ReceiptCounter = numbered ? NextReceipt(Lanes.Of(h.AgentId)) : null,
            ProviderTransaction = h.ProviderTransaction,
            DeclineName = h.DeclineName,
            ProviderCode = h.ProviderCode,
            Transient = h.Transient,
            CardData = h.CardData,
        };
        payment.Events.Add(added);
        Move(payment, h.Edge, (short)(payment.Events.Count - 1));
        var key = (h.AgentId, h.Number);
        var (was, becomes) = (h.Edge.From == PaymentState.Unknown, h.Edge.To == PaymentState.Unknown);
        var next = now + Duration.FromSeconds(h.AskSeconds);
        if (becomes && !was)
        {
            Unknown.Add(key, new ModelUnknown(payment.Asked.ProviderId, next, 0));
        }
        else if (becomes && Unknown.TryGetValue(key, out var waiting))
        {
            Unknown[key] = waiting with { Asks = waiting.Asks + 1, NextAskAt = next };
        }
        else if (was && !becomes && h.Edge.Event != PaymentEvent.LateTruth)
        {
            Unknown.Remove(key);
        }

        if (h.Edge.From == PaymentState.Reversing && h.Edge.Event != PaymentEvent.LateTruth && Reversals.TryGetValue(key, out var asked))
        {
            Reversals[key] = asked with { NextAskAt = h.Edge.To == PaymentState.Reversing ? next : null };
        }

        return added;
    }

    /// <summary>ReversePayment.sql: true where this very wish stands, now or from an earlier execution.</summary>
    public bool Reverse(int agentId, long number, int minutes, long cancelNumber, int nodeId, Instant now)
    {
        var key = (agentId, number);
        if (payments.TryGetValue(key, out var payment) && payment.State == PaymentState.Confirmed && !Reversals.ContainsKey(key)
            && payment.Events.Exists(e => e.ReceiptCounter is not null && now < e.At + (RuleMinute * minutes))
            && !payment.Events.Exists(e => e.Edge is >= 24 and <= 27))
        {
            payment.Events.Add(new ModelEvent { Edge = 18, NodeId = nodeId, At = now });
            Reversals.Add(key, new ModelReversal(
                payment.Asked.ProviderId, cancelNumber, now, planted == PlantedInModel.ReversalsForgotten ? null : now, 0));
            if (planted == PlantedInModel.ReturnBeforeTheAnswer)
            {
                Move(payment, Transitions.Numbered(19), (short)(payment.Events.Count - 1));
            }

            return true;
        }

        return Reversals.TryGetValue(key, out var known) && known.CancelNumber == cancelNumber;
    }

    /// <summary>LeaseReversals.sql.</summary>
    public List<DueReversal> LeaseReversals(int[] providers, int[] room, int[] leaseSeconds, Instant now)
    {
        var due = new List<DueReversal>();
        for (var i = 0; i < providers.Length; i++)
        {
            foreach (var (key, one) in Reversals.Where(r => r.Value.ProviderId == providers[i] && r.Value.NextAskAt <= now)
                .OrderBy(r => r.Value.NextAskAt).ThenBy(r => r.Key.Number).Take(room[i]).ToList())
            {
                Reversals[key] = one with { NextAskAt = now + Duration.FromSeconds(leaseSeconds[i]), Asks = one.Asks + 1 };
                var mine = one.CancelNumber + (planted == PlantedInModel.ReversalsUnderNewNumbers ? one.Asks * 1_000_000L : 0);
                var asks = planted == PlantedInModel.ReversalsAlwaysNew ? 0 : one.Asks;
                due.Add(new DueReversal(key.AgentId, key.Number, mine, one.AskedAt, asks));
            }
        }

        return due;
    }

    private void Move(ModelPayment payment, Edge edge, short step)
    {
        var a = payment.Asked;
        var funds = Funds[a.AgentId];
        var money = planted == PlantedInModel.ReleaseOnSilence && edge.Id == 12 ? MoneyEffect.Release : edge.Money;
        if (money is MoneyEffect.Release or MoneyEffect.Post)
        {
            funds.Pending -= a.AmountQepik + a.FeeQepik;
        }

        if (money is MoneyEffect.Post or MoneyEffect.SuspenseToPayable)
        {
            var post = money == MoneyEffect.Post;
            (int Debit, int Credit, long Amount)[] legs =
            [
                (post ? 1 : 9, 1_000 + a.ProviderId, a.AmountQepik), (1, 2, post ? a.FeeQepik : 0),
                (3, 4, post ? a.CommissionQepik : 0), (1_000 + a.ProviderId, 5, a.ProviderFeeQepik),
            ];
            for (short leg = 1; leg <= 4; leg++)
            {
                var (debit, credit, amount) = legs[leg - 1];
                if (amount > 0)
                {
                    payment.Transfers.Add(new ModelTransfer(step, leg, debit, credit, amount));
                    funds.Posted += debit == 1 ? amount : 0;
                }
            }
        }
        else if (money is MoneyEffect.Reverse or MoneyEffect.ToRefundDue)
        {
            var last = payment.Transfers.Count == 0 ? (short)-1 : payment.Transfers.Max(t => t.Step);
            foreach (var t in payment.Transfers.Where(t => t.Step == last).ToList())
            {
                var back = money == MoneyEffect.ToRefundDue && t.Debit is 1 or 9 ? 10 : t.Debit;
                payment.Transfers.Add(new ModelTransfer(step, t.Leg, t.Credit, back, t.AmountQepik));
                funds.Credits += back == 1 ? t.AmountQepik : 0;
            }
        }
    }

    /// <summary>CancelPayment.sql.</summary>
    public long Cancel(int agentId, string reference, long number, int terminalId, int nodeId, Instant now)
    {
        if (references.TryGetValue((agentId, reference), out var known))
        {
            var payment = payments[(agentId, known)];
            if (payment.Events[^1].Edge == 1)
            {
                payment.Events.Add(new ModelEvent { Edge = 5, NodeId = nodeId, At = now });
                Funds[agentId].Pending -= payment.Asked.AmountQepik + payment.Asked.FeeQepik;
            }

            return known;
        }

        var unseen = new Acceptance
        {
            AgentId = agentId,
            Number = number,
            Reference = reference,
            TerminalId = terminalId,
            ServiceCode = 0,
            Account = "",
            AmountQepik = 0,
            ProviderId = 0,
            Tender = Tender.Cash,
            CutoffGroup = 0,
            NodeId = nodeId,
        };
        var cancelled = new ModelPayment(unseen, now);
        cancelled.Events.Add(new ModelEvent { Edge = 3, NodeId = nodeId, At = now });
        payments.Add((agentId, number), cancelled);
        references[(agentId, reference)] = number;
        return number;
    }

    public int Register(Instant now)
    {
        Nodes.Add(++lastNode, new ModelNode(now + Duration.FromSeconds(5), nextBlock == 731_000_000_000 ? nextBlock : nextBlock - BlockSize));
        return lastNode;
    }

    public long TakeBlock()
    {
        nextBlock += BlockSize;
        return nextBlock - BlockSize;
    }

    public void Beat(int nodeId, int leaseSeconds, long low, Instant now) => Nodes[nodeId] =
        new ModelNode(now + Duration.FromSeconds(leaseSeconds), Math.Max(Nodes[nodeId].Low, low));

    public List<NodeSeen> NodesFor(int nodeId, Instant now) =>
        [.. Nodes.Where(n => n.Value.RecoveredAt is null && (n.Value.LeaseUntil < now || n.Key == nodeId))
            .Select(n => new NodeSeen(n.Key, n.Value.LeaseUntil < now && n.Key != nodeId))];

    public List<LostPayment> Lost(int nodeId, long after, Instant now) =>
        [.. payments.Values
            .Where(p => p.Asked.Number >= Nodes[nodeId].Low && p.Asked.Number > after && p.Events[0].NodeId == nodeId && Begun(p))
            .OrderBy(p => p.Asked.Number)
            .Select(p => LostOf(p, now))
            .Take(ClusterTables.FindLimit)];

    public List<LostPayment> Unfinished(int[] agentIds, long[] numbers, Instant now) =>
        [.. agentIds.Zip(numbers, Find).OfType<ModelPayment>().Where(Begun).OrderBy(p => p.Asked.Number).Select(p => LostOf(p, now))];

    private static bool Begun(ModelPayment payment) => payment.Events[^1].Edge is 1 or 2 or 4;

    private LostPayment LostOf(ModelPayment payment, Instant now)
    {
        var last = payment.Events[^1];
        return new LostPayment(
            payment.Asked.AgentId, payment.Asked.Number, last.SendBefore < now, last.NodeId,
            !Nodes.TryGetValue(last.NodeId, out var owner) || owner.LeaseUntil < now);
    }

    public void Close(int nodeId, Instant now)
    {
        if (Nodes[nodeId] is { RecoveredAt: null } node && node.LeaseUntil < now - Duration.FromSeconds(60))
        {
            Nodes[nodeId] = node with { RecoveredAt = now };
        }
    }

    public List<DueQuestion> LeaseDue(int[] providers, int[] room, int leaseSeconds, Instant now)
    {
        var due = new List<DueQuestion>();
        for (var i = 0; i < providers.Length; i++)
        {
            foreach (var (key, unknown) in Unknown.Where(u => u.Value.ProviderId == providers[i] && u.Value.NextAskAt <= now)
                .OrderBy(u => u.Value.NextAskAt).ThenBy(u => u.Key.Number).Take(room[i]).ToList())
            {
                Unknown[key] = unknown with { NextAskAt = now + Duration.FromSeconds(leaseSeconds) };
                due.Add(new DueQuestion(key.AgentId, key.Number, unknown.Asks));
            }
        }

        return due;
    }

    public ModelPayment? Find(int agentId, long number) => payments.GetValueOrDefault((agentId, number));

    public ModelPayment? Find(int agentId, string reference) =>
        references.TryGetValue((agentId, reference), out var number) ? payments[(agentId, number)] : null;

    public string? FindUse(int agentId, int parts, Guid inquiryId) => payments.Values
        .FirstOrDefault(p => p.Asked.InquiryId == inquiryId && p.Asked.AgentId >= agentId && p.Asked.AgentId < agentId + parts)
        ?.Asked.Reference;

    private static int FirstPart(Acceptance a) => a.FirstPart == 0 ? a.AgentId : a.FirstPart;

    private Instant EndOfClaim(Instant now, int seconds) =>
        planted == PlantedInModel.ClaimsEndAtOnce ? now : now + Duration.FromSeconds(seconds);

    private int NextReceipt(short series) => receipts[(Day, series)] = receipts.GetValueOrDefault((Day, series)) + 1;
}
