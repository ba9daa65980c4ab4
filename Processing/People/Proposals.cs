using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Dispatch;
using EGovPay.Processing.Journal;
using EGovPay.Processing.Ledger;
using EGovPay.Processing.Payments;
using EGovPay.Processing.PostgreSql;
using EGovPay.Processing.StateMachine;
using NodaTime;
using Npgsql;

namespace EGovPay.Processing.People;

/// <summary>What came of proposing something.</summary>
public enum ProposeResult
{
    /// <summary>From 1: what nobody set is no success.</summary>
    Made = 1,

    /// <summary>Something of the kind is open already (or, of a deposit, done), and is told.</summary>
    There,

    /// <summary>It cannot be: the payment is in another state, there is no contradiction, the deposit is booked.</summary>
    NotPossible,
}

/// <summary>What came of proposing something.</summary>
/// <param name="Id">With Made: the proposal. With There: the one that is there.</param>
/// <param name="ApproveFrom">With Made: not before.</param>
/// <param name="State">With a payment: how it stands.</param>
[System.Runtime.InteropServices.StructLayout(System.Runtime.InteropServices.LayoutKind.Auto)]
public readonly record struct Proposed(ProposeResult Result, long Id, Instant ApproveFrom, PaymentState State);

/// <summary>
/// What one person proposes and another approves: decisions about payments, deposits, limits. Everything is written under the
/// agent's lane, by the journal; so a decision, what it does and a provider's answer can only come one after another.
/// </summary>
public sealed class Proposals(
    NpgsqlDataSource database, Journal.Journal journal, CatalogueInForce catalogue)
{
    /// <summary>How long a proposal waits for its approval.</summary>
    public static readonly Duration Lifetime = Duration.FromDays(7);

    /// <summary>The most of a reason, characters.</summary>
    public const int LongestReason = 500;

    /// <summary>Proposals of one list at most.</summary>
    public const int ListLimit = 1_000;

    /// <summary>Postings of one proposal at most: a line for each agent.</summary>
    public const int MostPostings = 100_000;

    private const int DueLimit = 100;

    /// <summary>What proposals about breaks are about.</summary>
    internal ProposedBreaks Breaks { get; } = new(database);

    /// <summary>To whom proposed payouts go.</summary>
    internal ProposedReceivers Receivers { get; } = new(database, catalogue);

    /// <summary>What is about no agent is written under the lane of this one, which is nobody's.</summary>
    private const int NoAgent = 0;

    private static readonly string DueProposals = Sql.Load("People/DueProposals.sql");
    private static readonly string ContradictedPosting = Sql.Load("People/ContradictedPosting.sql");
    private static readonly string ReadPostings = Sql.Load("People/ReadPostings.sql");
    private static readonly string ListProposals = Sql.Load("People/ListProposals.sql");

    /// <summary>
    /// Seconds from when asking stopped until nothing that was begun before can still answer: a question that was leased at the last
    /// moment, the provider's time, and the margin of a claim.
    /// </summary>
    public static int QuietSeconds(int timeoutSeconds) =>
        checked(AskUnknown.LeaseSeconds + timeoutSeconds + Deliver.ClaimMarginSeconds);

    /// <summary>
    /// Proposes a decision about a payment. While it is open nobody asks the provider about the payment; it is approved only after
    /// a question that was under way has ended.
    /// </summary>
    public async Task<Proposed> ProposeAsync(
        Person by, Payment payment, PaymentDecision decision, string reason, string? providerTransaction = null)
    {
        by.Require(Acts.PaymentPropose);
        var edge = PaymentDecisions.EdgeOf(payment.State, decision);
        // What was cancelled before it was ever seen has neither a service nor money: nothing of it can have been delivered.
        if ((edge is null && decision != PaymentDecision.Stands) || payment.ServiceCode == 0)
        {
            return new Proposed(ProposeResult.NotPossible, 0, default, payment.State);
        }

        var asked = payment.State is PaymentState.Unknown or PaymentState.Reversing;
        return await ProposeAsync(by, payment.AgentId, new Draft(
            edge is null ? ProposalKind.Contradiction : ProposalKind.Payment, reason)
        {
            Number = payment.Number,
            Edge = edge,
            ProviderTransaction = providerTransaction,
            WaitSeconds = asked ? QuietSeconds(TimeoutOf(payment.ProviderId)) : 0,
        });
    }

    /// <summary>Proposes that a deposit is booked: bank → funds.</summary>
    /// <param name="agentId">The agent's first part.</param>
    /// <param name="reference">The bank document's number; names one deposit for ever.</param>
    /// <param name="amountQepik">At least a qəpik for each part.</param>
    public Task<Proposed> ProposeTopUpAsync(
        Person by, int agentId, int parts, string reference, long amountQepik, string reason)
    {
        by.Require(Acts.TopUpPropose);
        ArgumentOutOfRangeException.ThrowIfLessThan(amountQepik, parts);
        return ProposeAsync(by, agentId, new Draft(ProposalKind.TopUp, reason) { Reference = reference, AmountQepik = amountQepik });
    }

    /// <summary>Proposes another credit limit.</summary>
    public Task<Proposed> ProposeLimitAsync(Person by, int agentId, int parts, long limitQepik, string reason)
    {
        by.Require(Acts.LimitPropose);
        ArgumentOutOfRangeException.ThrowIfNegative(limitQepik);
        return ProposeAsync(by, agentId, new Draft(ProposalKind.CreditLimit, reason) { AmountQepik = limitQepik, Parts = parts });
    }

    /// <summary>Proposes other limits of a terminal; null: no limit.</summary>
    public Task<Proposed> ProposeTerminalLimitsAsync(
        Person by, int agentId, int terminalId, long? singleQepik, long? dailyQepik, string reason)
    {
        by.Require(Acts.TerminalLimitPropose);
        return ProposeAsync(by, agentId, new Draft(ProposalKind.TerminalLimits, reason)
        {
            TerminalId = terminalId,
            SingleLimitQepik = singleQepik,
            DailyLimitQepik = dailyQepik,
        });
    }

    /// <summary>Proposes that what a restore lost was worked, and its break is settled.</summary>
    /// <param name="epoch">The interval's name. NotPossible: no open one has it.</param>
    public Task<Proposed> ProposeLostAsync(Person by, long epoch, string reason)
    {
        by.Require(Acts.LostPropose);
        return ProposeAsync(by, NoAgent, new Draft(ProposalKind.LostInterval, reason) { Epoch = epoch });
    }

    /// <summary>Proposes that a payout is made: its postings, and then its order at the bank.</summary>
    /// <param name="postings">What its approval posts; never out of an agent's funds. At least one, at most <see cref="MostPostings"/>.</param>
    public Task<Proposed> ProposePayoutAsync(Person by, long payoutId, IReadOnlyList<Posting> postings, string reason)
    {
        by.Require(Acts.PayoutPropose);
        return postings.Count == 0
            ? throw new ArgumentException("A payout posts something.", nameof(postings))
            : ProposeAsync(by, NoAgent, new Draft(ProposalKind.Payout, reason) { PayoutId = payoutId, Postings = Checked(postings) });
    }

    /// <summary>Proposes that terms which change receivers' accounts are put in force. There: others wait already.</summary>
    public Task<Proposed> ProposeTermsAsync(Person by, long draftId, string reason)
    {
        by.Require(Acts.SettleApply);
        return ProposeAsync(by, NoAgent, new Draft(ProposalKind.Terms, reason) { TermsDraftId = draftId });
    }

    /// <summary>
    /// Proposes how a break is settled: by a decision about its payment, by postings, or (with neither) as it stands. NotPossible: the
    /// payment's state has no such decision.
    /// </summary>
    /// <param name="resolution">In a word; it stays on the record.</param>
    /// <param name="payment">With a decision, and where the break is about one.</param>
    /// <param name="decision">Null: the payment stays as it is.</param>
    public async Task<Proposed> ProposeBreakAsync(
        Person by, long breakId, string resolution, string reason, Payment? payment = null, PaymentDecision? decision = null,
        IReadOnlyList<Posting>? postings = null, string? providerTransaction = null)
    {
        by.Require(Acts.BreaksPropose);
        var posts = Checked(postings ?? []);
        if (decision is not { } decided)
        {
            return await ProposeAsync(by, payment?.AgentId ?? NoAgent, new Draft(ProposalKind.Break, reason)
            {
                BreakId = breakId, Resolution = resolution, Postings = posts, Number = payment?.Number,
            });
        }

        ArgumentNullException.ThrowIfNull(payment);
        if (PaymentDecisions.EdgeOf(payment.State, decided) is not { } edge || payment.ServiceCode == 0)
        {
            return new Proposed(ProposeResult.NotPossible, 0, default, payment.State);
        }

        if (posts.Count > 0)
        {
            throw new ArgumentException("A decision about a payment posts what its edge says, and nothing else.", nameof(postings));
        }

        var asked = payment.State is PaymentState.Unknown or PaymentState.Reversing;
        return await ProposeAsync(by, payment.AgentId, new Draft(ProposalKind.Break, reason)
        {
            BreakId = breakId, Resolution = resolution, Number = payment.Number, Edge = edge, ProviderTransaction = providerTransaction,
            WaitSeconds = asked ? QuietSeconds(TimeoutOf(payment.ProviderId)) : 0,
        });
    }

    /// <summary>What an approval of the proposal posts, in order; empty: nothing.</summary>
    public async Task<IReadOnlyList<Posting>> PostingsAsync(long id, CancellationToken cancel = default)
    {
        await using var command = database.CreateCommand(ReadPostings);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = id });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = MostPostings });
        var postings = new List<Posting>();
        await using var row = await command.ExecuteReaderAsync(cancel);
        while (await row.ReadAsync(cancel))
        {
            postings.Add(new Posting(
                row.GetInt32(0), row.GetInt32(1), row.GetInt32(2), row.GetInt64(3), row.GetString(4), row.GetString(5), row.GetInt16(6)));
        }

        return postings;
    }

    /// <summary>The posting of a proposal under whose name another one stands, and whether others of its own are posted; null: there is none.</summary>
    internal async Task<(int AgentId, string Reference, bool SomePosted)?> ContradictedAsync(long id)
    {
        await using var command = database.CreateCommand(ContradictedPosting);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = id });
        await using var row = await command.ExecuteReaderAsync();
        return await row.ReadAsync() ? (row.GetInt32(0), row.GetString(1), row.GetBoolean(2)) : null;
    }

    /// <summary>What takes from funds may be refused, and goes first and alone; so nothing is ever posted by halves.</summary>
    private static IReadOnlyList<Posting> Checked(IReadOnlyList<Posting> postings)
    {
        return postings.Count > MostPostings || postings.Count(one => one.Debit == Accounts.Funds) > 1
            ? throw new ArgumentException(
                $"A proposal has {MostPostings} postings at most, and one that takes from an agent's funds.", nameof(postings))
            : [.. postings.OrderBy(one => one.Debit != Accounts.Funds)];
    }

    /// <summary>The proposal with this number, or null.</summary>
    public async Task<Proposal?> FindAsync(long id, CancellationToken cancel = default)
    {
        var found = await ListAsync(database, id, null, open: false, kinds: null, limit: 1, cancel);
        return found.Count == 0 ? null : found[0];
    }

    /// <summary>Proposals, newest first.</summary>
    /// <param name="open">Only those that wait for a decision or are being carried out.</param>
    /// <param name="kinds">Only of these kinds; null: of any.</param>
    public static Task<IReadOnlyList<Proposal>> ListAsync(
        NpgsqlDataSource database, bool open, IReadOnlyList<ProposalKind>? kinds = null, int limit = ListLimit,
        CancellationToken cancel = default) =>
        ListAsync(database, null, null, open, kinds, limit, cancel);

    /// <summary>What was ever proposed about a break, newest first.</summary>
    public static Task<IReadOnlyList<Proposal>> AboutBreakAsync(
        NpgsqlDataSource database, long breakId, int limit = ListLimit, CancellationToken cancel = default) =>
        ListAsync(database, null, breakId, open: false, kinds: null, limit, cancel);

    /// <summary>Open ones whose time is up, and approved ones that nobody has carried out for so long.</summary>
    internal async Task<IReadOnlyList<Proposal>> DueAsync(int leftAloneSeconds, CancellationToken cancel)
    {
        var ids = new List<long>();
        await using (var command = database.CreateCommand(DueProposals))
        {
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = leftAloneSeconds });
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = DueLimit });
            await using var reader = await command.ExecuteReaderAsync(cancel);
            while (await reader.ReadAsync(cancel))
            {
                ids.Add(reader.GetInt64(0));
            }
        }

        var due = new List<Proposal>();
        foreach (var id in ids)
        {
            due.Add((await FindAsync(id, cancel))!);
        }

        return due;
    }

    private static async Task<IReadOnlyList<Proposal>> ListAsync(
        NpgsqlDataSource database, long? id, long? breakId, bool open, IReadOnlyList<ProposalKind>? kinds, int limit, CancellationToken cancel)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, ListLimit);
        await using var command = database.CreateCommand(ListProposals);
        command.Parameters.Add(new NpgsqlParameter<long?> { TypedValue = id });
        command.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = open });
        command.Parameters.Add(new NpgsqlParameter<string[]?> { TypedValue = kinds?.Select(Proposal.TextOf).ToArray() });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
        command.Parameters.Add(new NpgsqlParameter<long?> { TypedValue = breakId });
        var proposals = new List<Proposal>();
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
        {
            proposals.Add(Proposal.Read(reader));
        }

        return proposals;
    }

    private async Task<Proposed> ProposeAsync(Person by, int agentId, Draft draft)
    {
        if (draft.Reason.Length is 0 or > LongestReason)
        {
            throw new ArgumentException($"A reason has 1 to {LongestReason} characters.", nameof(draft));
        }

        return await journal.ExecuteAsync(new ProposeCommand(agentId, by.Login, draft));
    }

    private int TimeoutOf(int providerId) =>
        catalogue.Current.Providers.FirstOrDefault(provider => provider.Id == providerId)?.TimeoutSeconds ?? LongestTimeout;

    /// <summary>The longest that a catalogue may give a provider, for one that is in it no more.</summary>
    private const int LongestTimeout = 60;

    private sealed record Draft(ProposalKind Kind, string Reason)
    {
        public long? Number { get; init; }
        public Edge? Edge { get; init; }
        public int? TerminalId { get; init; }
        public string? Reference { get; init; }
        public long? AmountQepik { get; init; }
        public long? SingleLimitQepik { get; init; }
        public long? DailyLimitQepik { get; init; }
        public string? ProviderTransaction { get; init; }
        public int WaitSeconds { get; init; }
        public int Parts { get; init; } = 1;
        public long? Epoch { get; init; }
        public long? PayoutId { get; init; }
        public long? BreakId { get; init; }
        public string? Resolution { get; init; }
        public long? TermsDraftId { get; init; }
        public IReadOnlyList<Posting> Postings { get; init; } = [];
    }

    private sealed class ProposeCommand(int agentId, string by, Draft draft) : SingleCommand<Proposed>(agentId)
    {
        private static readonly string Statement = Sql.Load("People/Propose.sql");

        private readonly Guid mark = Guid.NewGuid();

        /// <summary>Two proposals about one thing are judged one after the other.</summary>
        public override object OneInABatch => (AgentId, "proposal");

        public override NpgsqlBatchCommand Build()
        {
            var command = new NpgsqlBatchCommand(Statement);
            void Add<T>(T value) => command.Parameters.Add(new NpgsqlParameter<T> { TypedValue = value });
            Add(mark);
            Add(Proposal.TextOf(draft.Kind));
            Add(AgentId);
            Add(draft.Number);
            Add(draft.Edge?.Id);
            Add(draft.Edge?.From.ToString());
            Add(draft.TerminalId);
            Add(draft.Reference);
            Add(draft.AmountQepik);
            Add(draft.SingleLimitQepik);
            Add(draft.DailyLimitQepik);
            Add(draft.ProviderTransaction);
            Add(draft.Reason);
            Add(by);
            Add(draft.WaitSeconds);
            Add((int)Lifetime.TotalSeconds);
            Add(draft.Parts);
            Add(draft.Epoch);
            Add(draft.PayoutId);
            Add(draft.BreakId);
            Add(draft.Resolution);
            Add(Column(one => one.AgentId));
            Add(Column(one => one.Debit));
            Add(Column(one => one.Credit));
            Add(Column(one => one.AmountQepik));
            Add(Column(one => one.Kind));
            Add(Column(one => one.Reference));
            Add(Column(one => one.CutoffGroup));
            Add(draft.TermsDraftId);
            return command;
        }

        private TColumn[] Column<TColumn>(Func<Posting, TColumn> of) => [.. draft.Postings.Select(of)];

        protected override async ValueTask<Proposed> ReadAsync(NpgsqlDataReader reader)
        {
            await reader.ReadAsync();
            var state = reader.IsDBNull(3) ? PaymentState.None : Enum.Parse<PaymentState>(reader.GetString(3));
            return !reader.IsDBNull(0)
                ? new Proposed(ProposeResult.Made, reader.GetInt64(0), reader.GetInstant(1), state)
                : !reader.IsDBNull(2)
                    ? new Proposed(ProposeResult.There, reader.GetInt64(2), default, state)
                    : new Proposed(ProposeResult.NotPossible, 0, default, state);
        }
    }
}
