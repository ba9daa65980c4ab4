using EGovPay.Processing.Observing;
using EGovPay.Processing.Payments;
using EGovPay.Processing.StateMachine;
using NodaTime;
using Npgsql;

namespace EGovPay.Processing.Journal;

/// <summary>A validated payment that is to be entered in the book with its money held.</summary>
public sealed record Acceptance
{
    public required int AgentId { get; init; }

    /// <summary>The first of the agent's parts, all of which an inquiry is looked for in; 0: the agent is undivided.</summary>
    public int FirstPart { get; init; }

    /// <summary>1–16.</summary>
    public int Parts { get; init; } = 1;
    public required long Number { get; init; }
    public required string Reference { get; init; }
    public required int TerminalId { get; init; }
    public required int ServiceCode { get; init; }
    public required string Account { get; init; }

    /// <summary>The further fields as stored text (<see cref="StoredText"/>), or null.</summary>
    public string? Fields { get; init; }
    public string? Lines { get; init; }
    public required long AmountQepik { get; init; }
    public long FeeQepik { get; init; }
    public long CommissionQepik { get; init; }
    public long ProviderFeeQepik { get; init; }
    public required int ProviderId { get; init; }
    public required Tender Tender { get; init; }

    /// <summary>1–4 for C1–C4.</summary>
    public required short CutoffGroup { get; init; }
    public bool Notify { get; init; }
    public string? Rrn { get; init; }
    public string? MaskedPan { get; init; }
    public string? Cashier { get; init; }
    public string? Contact { get; init; }
    public string? Payer { get; init; }
    public Guid? InquiryId { get; init; }
    public string? BudgetLevel { get; init; }
    public string? BudgetCode { get; init; }

    /// <summary>What the terminal may take in a business day, qəpik, or null for no limit.</summary>
    public long? DailyLimitQepik { get; init; }

    /// <summary>True: claimed by <see cref="NodeId"/> in the same commit, to be sent at once.</summary>
    public bool Claim { get; init; } = true;
    public required int NodeId { get; init; }

    /// <summary>With a claim: nothing is sent, and no request stays open, this many seconds after the commit's start.</summary>
    public int SendSeconds { get; init; }
    public bool ShiftRequired { get; init; }
}

/// <summary>What became of an acceptance.</summary>
public enum AcceptVerdict
{
    /// <summary>It is in the book and its money is held.</summary>
    Entered,

    /// <summary>The reference already names a payment, whose number is told; nothing was written.</summary>
    Known,

    /// <summary>The inquiry has already paid another reference, which is told; nothing was written.</summary>
    InquiryUsed,
    InsufficientFunds,
    TerminalLimit,
    ShiftNotOpen,

    /// <summary>The database cannot take more now (disk, memory, connections); nothing was written.</summary>
    Overloaded,
}

/// <summary>The answer to an acceptance, told only after the commit.</summary>
/// <param name="Number">
/// The payment's number; with Known, of the payment that was there: perhaps this very one, entered by an execution whose answer was lost.
/// </param>
/// <param name="At">The acceptance by database time.</param>
/// <param name="StartedTicks">This machine's monotonic clock before the commit began: the claim ends so many seconds after it.</param>
public readonly record struct Accepted(
    AcceptVerdict Verdict, long Number, string? UsedBy, int? ShiftNo, Instant At, long StartedTicks);

internal sealed class AcceptCommand(Acceptance acceptance) : LaneCommand(acceptance.AgentId)
{
    private readonly TaskCompletionSource<Accepted> completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Acceptance Acceptance { get; } = acceptance;

    public Task<Accepted> Task => completion.Task;

    /// <summary>The answer read from the batch, or null: judge it again in the next batch.</summary>
    public Accepted? Result { get; set; }

    public override object OneInABatch => (AgentId, Acceptance.Reference);

    public object? InquiryInABatch => Acceptance.InquiryId is { } id ? (FirstPart, id) : null;

    /// <summary>
    /// The lane that is held beside the part's own: two parts of an agent must not pay the same inquiry at the same moment.
    /// </summary>
    public short? InquiryLane =>
        Acceptance is { InquiryId: not null, Parts: > 1 } ? Lanes.Of(FirstPart) : null;

    public int FirstPart => Acceptance.FirstPart == 0 ? AgentId : Acceptance.FirstPart;

    public void Complete()
    {
        if (Result!.Value.Verdict == AcceptVerdict.Entered)
        {
            Measures.Entered(PaymentState.Dispatched);
        }

        completion.TrySetResult(Result.Value);
    }

    public override void Fail(Exception exception) => completion.TrySetException(exception);

    public void RefuseOverloaded() =>
        completion.TrySetResult(new Accepted(AcceptVerdict.Overloaded, 0, null, null, default, 0));
}

/// <summary>One row that Accept.sql gives.</summary>
/// <param name="AvailableQepik">What the agent had available before the batch.</param>
/// <param name="TerminalAvailableQepik">What the terminal might still take in the day before the batch.</param>
internal readonly record struct AcceptRow(
    int Ord, int Verdict, long KnownNumber, string? UsedBy, int? ShiftNo, Instant At, long AvailableQepik,
    long TerminalAvailableQepik);

/// <summary>The statement that accepts a batch, its columns, and the reading of its verdicts.</summary>
internal sealed class AcceptBatch
{
    private static readonly string Whole = Sql.Load("Journal/Accept.sql");
    private static readonly string Plain = Sql.WithoutMore(Whole);

    /// <summary>All that may be executed, to be prepared.</summary>
    public static IReadOnlyList<string> Statements => [Whole, Plain];

    private readonly Columns columns = new();
    private readonly List<int> ord, agent, terminal, service, provider, node, sendSeconds, firstPart, parts;
    private readonly List<long> number, amount, fee, commission, providerFee;
    private readonly List<long?> dailyLimit;
    private readonly List<short> tender, cutoffGroup, edge;
    private readonly List<bool> notify, shiftRequired;
    private readonly List<Guid?> inquiry;
    private readonly List<string?> reference, account, fields, lines, rrn, maskedPan, cashier, contact, payer, level, code;
    private readonly List<long> running, terminalRunning;
    private bool more;
    private readonly Dictionary<int, long> sums = [];
    private readonly Dictionary<(int Agent, int Terminal), long> terminalSums = [];
    private readonly List<AcceptCommand> commands = [];
    private readonly Dictionary<int, long> left = [];
    private readonly List<(AcceptCommand Command, Accepted Refusal, long Need)> judgedAgain = [];
    private int answered;

    public AcceptBatch()
    {
        ord = columns.Ints();
        agent = columns.Ints();
        number = columns.Longs();
        reference = columns.Texts();
        terminal = columns.Ints();
        service = columns.Ints();
        account = columns.Texts();
        fields = columns.Texts();
        lines = columns.Texts();
        amount = columns.Longs();
        fee = columns.Longs();
        commission = columns.Longs();
        providerFee = columns.Longs();
        provider = columns.Ints();
        tender = columns.Shorts();
        cutoffGroup = columns.Shorts();
        notify = columns.Booleans();
        rrn = columns.Texts();
        maskedPan = columns.Texts();
        cashier = columns.Texts();
        contact = columns.Texts();
        payer = columns.Texts();
        inquiry = columns.MaybeUuids();
        level = columns.Texts();
        code = columns.Texts();
        dailyLimit = columns.MaybeLongs();
        edge = columns.Shorts();
        node = columns.Ints();
        sendSeconds = columns.Ints();
        shiftRequired = columns.Booleans();
        firstPart = columns.Ints();
        parts = columns.Ints();
        running = columns.Longs();
        terminalRunning = columns.Longs();
    }

    public IReadOnlyList<AcceptCommand> Commands => commands;

    public void Add(AcceptCommand command)
    {
        var a = command.Acceptance;
        commands.Add(command);
        ord.Add(commands.Count);
        agent.Add(a.AgentId);
        number.Add(a.Number);
        reference.Add(a.Reference);
        terminal.Add(a.TerminalId);
        service.Add(a.ServiceCode);
        account.Add(a.Account);
        fields.Add(a.Fields);
        lines.Add(a.Lines);
        amount.Add(a.AmountQepik);
        fee.Add(a.FeeQepik);
        commission.Add(a.CommissionQepik);
        providerFee.Add(a.ProviderFeeQepik);
        provider.Add(a.ProviderId);
        tender.Add((short)a.Tender);
        cutoffGroup.Add(a.CutoffGroup);
        notify.Add(a.Notify);
        rrn.Add(a.Rrn);
        maskedPan.Add(a.MaskedPan);
        cashier.Add(a.Cashier);
        contact.Add(a.Contact);
        payer.Add(a.Payer);
        inquiry.Add(a.InquiryId);
        level.Add(a.BudgetLevel);
        code.Add(a.BudgetCode);
        dailyLimit.Add(a.DailyLimitQepik);
        edge.Add(a.Claim ? (short)2 : (short)1);
        node.Add(a.NodeId);
        sendSeconds.Add(a.SendSeconds);
        shiftRequired.Add(a.ShiftRequired);
        firstPart.Add(command.FirstPart);
        parts.Add(a.Parts);
        running.Add(Raise(sums, a.AgentId, a));
        terminalRunning.Add(a.DailyLimitQepik is null ? 0 : Raise(terminalSums, (a.AgentId, a.TerminalId), a));
        more |= a.Contact is not null || a.DailyLimitQepik is not null;
    }

    /// <summary>More than there is of money stays more.</summary>
    private static long Raise<TKey>(Dictionary<TKey, long> sums, TKey of, Acceptance a)
        where TKey : notnull =>
        sums[of] = (long)Int128.Min(long.MaxValue, (Int128)sums.GetValueOrDefault(of) + a.AmountQepik + a.FeeQepik);

    public NpgsqlBatchCommand Build() => columns.Command(more ? Whole : Plain);

    /// <summary>With a statement of <see cref="Statements"/>.</summary>
    public NpgsqlBatchCommand Build(string statement) => columns.Command(statement);

    public void Clear()
    {
        columns.Clear();
        commands.Clear();
        left.Clear();
        sums.Clear();
        terminalSums.Clear();
        more = false;
    }

    /// <summary>
    /// Reads the verdicts. The statement judges by a running sum that counts refused commands and repeats too; so a refusal for funds is
    /// final only when the amount does not fit into what is left after the batch, and is judged again otherwise.
    /// </summary>
    public async ValueTask ReadAsync(NpgsqlDataReader reader, long startedTicks)
    {
        Begin();
        while (await reader.ReadAsync())
        {
            Take(
                new AcceptRow(
                    reader.GetInt32(0) - 1, reader.GetInt32(1), reader.IsDBNull(2) ? 0 : reader.GetInt64(2),
                    reader.IsDBNull(3) ? null : reader.GetString(3), Maybe(reader, 4),
                    Instant.FromDateTimeUtc(reader.GetFieldValue<DateTime>(5)), reader.GetInt64(6), reader.GetInt64(7)),
                startedTicks);
        }

        End();
    }

    /// <summary>A batch may be executed again: what an earlier execution left is no longer so.</summary>
    public void Begin()
    {
        left.Clear();
        judgedAgain.Clear();
        answered = 0;
    }

    public void Take(in AcceptRow row, long startedTicks)
    {
        answered++;
        var command = commands[row.Ord];
        var a = command.Acceptance;
        var need = checked(a.AmountQepik + a.FeeQepik);
        left.TryAdd(a.AgentId, row.AvailableQepik);
        var answer = row.Verdict switch
        {
            0 => new Accepted(AcceptVerdict.Entered, a.Number, null, row.ShiftNo, row.At, startedTicks),
            140 => new Accepted(AcceptVerdict.Known, row.KnownNumber, null, null, row.At, startedTicks),
            223 => new Accepted(AcceptVerdict.InquiryUsed, 0, row.UsedBy, null, row.At, startedTicks),
            300 => new Accepted(AcceptVerdict.InsufficientFunds, 0, null, null, row.At, startedTicks),
            301 => new Accepted(AcceptVerdict.TerminalLimit, 0, null, null, row.At, startedTicks),
            410 => new Accepted(AcceptVerdict.ShiftNotOpen, 0, null, null, row.At, startedTicks),
            900 => new Accepted(AcceptVerdict.Overloaded, 0, null, null, row.At, startedTicks),
            _ => throw new InvalidOperationException($"Accept.sql gave the verdict {row.Verdict}."),
        };
        command.Result = answer;
        if (row.Verdict == 0)
        {
            left[a.AgentId] -= need;
        }
        else if (row.Verdict == 300 || (row.Verdict == 301 && need <= row.TerminalAvailableQepik))
        {
            judgedAgain.Add((command, answer, need));
        }
    }

    public void End()
    {
        if (answered != commands.Count)
        {
            throw new InvalidOperationException(
                $"{commands.Count - answered} of {commands.Count} acceptances name an agent that has no funds row.");
        }

        foreach (var (command, refusal, need) in judgedAgain)
        {
            command.Result = need <= left[command.AgentId] && commands.Count > 1 ? null : refusal;
        }
    }

    private static int? Maybe(NpgsqlDataReader reader, int column) =>
        reader.IsDBNull(column) ? null : reader.GetInt32(column);
}
