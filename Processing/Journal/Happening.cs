using EGovPay.Processing.Dispatch;
using EGovPay.Processing.Observing;
using EGovPay.Processing.StateMachine;
using NodaTime;
using Npgsql;

namespace EGovPay.Processing.Journal;

/// <summary>
/// Something that happened to a payment. It is recorded only if the payment still stands at the step its teller saw.
/// </summary>
public sealed record Happening
{
    public required int AgentId { get; init; }
    public required long Number { get; init; }

    /// <summary>The last step its teller saw, and the edge of that step; events never change, so both are certain.</summary>
    public required short SeenStep { get; init; }
    public required short SeenEdge { get; init; }

    /// <summary>The row of the table of states that is taken.</summary>
    public required Edge Edge { get; init; }
    public required int NodeId { get; init; }
    public string? ProviderTransaction { get; init; }
    public string? DeclineName { get; init; }
    public string? ProviderCode { get; init; }
    public bool? Transient { get; init; }
    public string? CardData { get; init; }
    public string? Note { get; init; }
    public string? MadeBy { get; init; }
    public string? ApprovedBy { get; init; }

    /// <summary>The approved proposal that this carries out: recorded only while it stands, and done with it. Null: none.</summary>
    public long? ProposalId { get; init; }

    /// <summary>With a claim: nothing is sent this many seconds after the commit's start.</summary>
    public int? SendSeconds { get; init; }

    /// <summary>With Silent: when to ask next, seconds from the commit.</summary>
    public int AskSeconds { get; init; } = 5;

    /// <summary>
    /// The terminal was told "not final" before: the payer's cash is owed. Where the payment was Unknown, or a final state changes, it
    /// always was, and this need not be said.
    /// </summary>
    public bool ReturnCash { get; init; }

    /// <summary>It happens only while the settlement window in which the payment was posted is open; afterwards it does not.</summary>
    public bool WhileWindowIsOpen { get; init; }
    public RawExchange? Exchange { get; init; }
}

/// <summary>The answer to a happening, told only after the commit.</summary>
/// <param name="Done">It stands in the book (by this execution, or by an earlier one whose answer was lost).</param>
/// <param name="Before">It was there already, from an earlier execution of this very command.</param>
/// <param name="ReceiptCounter">With a confirmation: position in the day's series.</param>
public readonly record struct Recorded(
    bool Done, int? ReceiptCounter, LocalDate? BusinessDay, Instant At, long StartedTicks, bool Before = false);

internal sealed class RecordCommand(Happening happening) : LaneCommand(happening.AgentId)
{
    private readonly TaskCompletionSource<Recorded> completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Happening Happening { get; } = happening;

    public Task<Recorded> Task => completion.Task;

    public Recorded Result { get; set; }

    public override object OneInABatch => (AgentId, Happening.Number);

    public void Complete()
    {
        if (Result.Done)
        {
            Measures.Entered(Happening.Edge);
        }

        completion.TrySetResult(Result);
    }

    public override void Fail(Exception exception) => completion.TrySetException(exception);
}

/// <summary>One row that Outcome.sql gives.</summary>
/// <param name="Fresh">The event was written by this execution.</param>
/// <param name="TakenEdge">The edge of the event that stood at this step before, or 0.</param>
/// <param name="TakenNode">Whose event that is, or 0.</param>
internal readonly record struct RecordRow(
    int Ord, bool Fresh, short TakenEdge, int TakenNode, int? ReceiptCounter, LocalDate? BusinessDay, Instant At);

/// <summary>The statement that records a batch of happenings, its columns, and the reading of what was recorded.</summary>
internal sealed class RecordBatch
{
    private static readonly string Whole = Sql.Load("Journal/Outcome.sql");
    private static readonly string Plain = Sql.WithoutMore(Whole);

    /// <summary>All that may be executed, to be prepared.</summary>
    public static IReadOnlyList<string> Statements => [Whole, Plain];

    private readonly Columns columns = new();
    private readonly List<int> ord, agent, node, askSeconds;
    private readonly List<int?> sendSeconds, elapsed;
    private readonly List<long> number;
    private readonly List<long?> proposal;
    private readonly List<short> step, seenEdge, edge, effect, lane, queue;
    private readonly List<bool> numbered, returnCash, whileOpen;
    private readonly List<bool?> transient;
    private readonly List<string?> transaction, decline, code, card, note, madeBy, approvedBy, request, answer;
    private readonly List<int> nth;
    private bool more;
    private readonly int[] numberedOfLane = new int[Lanes.Count];
    private readonly List<RecordCommand> commands = [];

    public RecordBatch()
    {
        ord = columns.Ints();
        agent = columns.Ints();
        number = columns.Longs();
        step = columns.Shorts();
        seenEdge = columns.Shorts();
        edge = columns.Shorts();
        effect = columns.Shorts();
        lane = columns.Shorts();
        numbered = columns.Booleans();
        node = columns.Ints();
        transaction = columns.Texts();
        decline = columns.Texts();
        code = columns.Texts();
        transient = columns.MaybeBooleans();
        card = columns.Texts();
        note = columns.Texts();
        madeBy = columns.Texts();
        approvedBy = columns.Texts();
        sendSeconds = columns.MaybeInts();
        queue = columns.Shorts();
        askSeconds = columns.Ints();
        returnCash = columns.Booleans();
        request = columns.Texts();
        answer = columns.Texts();
        elapsed = columns.MaybeInts();
        whileOpen = columns.Booleans();
        proposal = columns.MaybeLongs();
        nth = columns.Ints();
    }

    public IReadOnlyList<RecordCommand> Commands => commands;

    public void Add(RecordCommand command)
    {
        var h = command.Happening;
        var to = h.Edge.To;
        var from = h.Edge.From;
        commands.Add(command);
        ord.Add(commands.Count);
        agent.Add(h.AgentId);
        number.Add(h.Number);
        step.Add((short)(h.SeenStep + 1));
        seenEdge.Add(h.SeenEdge);
        edge.Add(h.Edge.Id);
#if PLANTED_DEFECTS
        if (h.Edge.Money == MoneyEffect.Release && PlantedDefects.Has(PlantedDefects.LostHold))
        {
            effect.Add((short)MoneyEffect.Keep);
        }
        else
#endif
        effect.Add((short)h.Edge.Money);
        lane.Add(command.Lane);
        numbered.Add(IsNumbered(h.Edge));
        nth.Add(IsNumbered(h.Edge) ? ++numberedOfLane[command.Lane] : 0);
        node.Add(h.NodeId);
        transaction.Add(h.ProviderTransaction);
        decline.Add(h.DeclineName);
        code.Add(h.ProviderCode);
        transient.Add(h.Transient);
        card.Add(h.CardData);
        note.Add(h.Note);
        madeBy.Add(h.MadeBy);
        approvedBy.Add(h.ApprovedBy);
        sendSeconds.Add(h.SendSeconds);
        queue.Add(QueueOf(h.Edge));
        askSeconds.Add(h.AskSeconds);
        returnCash.Add(h.ReturnCash || (to is PaymentState.Declined or PaymentState.Reversed
            && from is PaymentState.Unknown or PaymentState.Reversing or PaymentState.Confirmed));
        request.Add(h.Exchange?.Request);
        answer.Add(h.Exchange?.Answer);
        elapsed.Add(h.Exchange?.ElapsedMilliseconds);
        whileOpen.Add(h.WhileWindowIsOpen);
        proposal.Add(h.ProposalId);
        more |= !IsPlain(h);
    }

    /// <summary>
    /// A payment that is confirmed where it was sent: an event, its postings, its receipt and who hears of it are all there is to it.
    /// </summary>
    private static bool IsPlain(Happening h) =>
        h is { Edge: { From: PaymentState.Dispatched, Money: MoneyEffect.Post }, Exchange: null, ReturnCash: false, ProposalId: null };

    /// <summary>What an edge does to the queues of those who are asked about; the numbers are the statement's.</summary>
    private static short QueueOf(Edge edge) => (edge.From, edge.To, edge.Event) switch
    {
        (_, _, PaymentEvent.LateTruth) => 0,
        (PaymentState.Unknown, PaymentState.Unknown, _) => 3,
        (PaymentState.Unknown, _, _) => 2,
        (_, PaymentState.Unknown, _) => 1,
        (PaymentState.Reversing, PaymentState.Reversing, _) => 5,
        (PaymentState.Reversing, _, _) => 4,
        _ => 0,
    };

    /// <summary>
    /// True for the edges that give a receipt its number: the first confirmation, by whatever way. A payment that was reversed
    /// and turns out delivered keeps the number it had.
    /// </summary>
    internal static bool IsNumbered(Edge edge) =>
        edge.To == PaymentState.Confirmed
        && edge.Money is MoneyEffect.Post or MoneyEffect.SuspenseToPayable
        && edge.From != PaymentState.Reversed;

    public NpgsqlBatchCommand Build() => columns.Command(more ? Whole : Plain);

    /// <summary>With a statement of <see cref="Statements"/>.</summary>
    public NpgsqlBatchCommand Build(string statement) => columns.Command(statement);

    public void Clear()
    {
        columns.Clear();
        commands.Clear();
        Array.Clear(numberedOfLane);
        more = false;
    }

    public async ValueTask ReadAsync(NpgsqlDataReader reader, long startedTicks)
    {
        while (await reader.ReadAsync())
        {
            Take(
                new RecordRow(
                    reader.GetInt32(0) - 1, reader.GetBoolean(1),
                    reader.IsDBNull(2) ? (short)0 : reader.GetInt16(2), reader.IsDBNull(3) ? 0 : reader.GetInt32(3),
                    reader.IsDBNull(4) ? null : reader.GetInt32(4),
                    reader.IsDBNull(5) ? null : LocalDate.FromDateOnly(reader.GetFieldValue<DateOnly>(5)),
                    reader.IsDBNull(6) ? default : Instant.FromDateTimeUtc(reader.GetFieldValue<DateTime>(6))),
                startedTicks);
        }
    }

    public void Take(in RecordRow row, long startedTicks)
    {
        var command = commands[row.Ord];
        var mine = !row.Fresh && row.TakenEdge == command.Happening.Edge.Id && row.TakenNode == command.Happening.NodeId;
        command.Result = new Recorded(
            row.Fresh || mine, row.ReceiptCounter, row.BusinessDay, row.At, startedTicks, mine);
    }
}
