using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Dispatch;
using EGovPay.Processing.Journal;
using EGovPay.Processing.Payments;
using EGovPay.Processing.PostgreSql;
using EGovPay.Processing.StateMachine;
using NodaTime;
using Npgsql;

namespace EGovPay.Processing.People;

/// <summary>What came of proposing something.</summary>
public enum ProposeResult
{
    Made,

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

    private const int DueLimit = 100;

    /// <summary>What is about no agent is written under the lane of this one, which is nobody's.</summary>
    private const int NoAgent = 0;

    private static readonly string DueProposals = Sql.Load("People/DueProposals.sql");
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

    /// <summary>The proposal with this number, or null.</summary>
    public async Task<Proposal?> FindAsync(long id, CancellationToken cancel = default)
    {
        var found = await ListAsync(database, id, open: false, kinds: null, limit: 1, cancel);
        return found.Count == 0 ? null : found[0];
    }

    /// <summary>Proposals, newest first.</summary>
    /// <param name="open">Only those that wait for a decision or are being carried out.</param>
    /// <param name="kinds">Only of these kinds; null: of any.</param>
    public static Task<IReadOnlyList<Proposal>> ListAsync(
        NpgsqlDataSource database, bool open, IReadOnlyList<ProposalKind>? kinds = null, int limit = ListLimit,
        CancellationToken cancel = default) =>
        ListAsync(database, null, open, kinds, limit, cancel);

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
        NpgsqlDataSource database, long? id, bool open, IReadOnlyList<ProposalKind>? kinds, int limit, CancellationToken cancel)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, ListLimit);
        await using var command = database.CreateCommand(ListProposals);
        command.Parameters.Add(new NpgsqlParameter<long?> { TypedValue = id });
        command.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = open });
        command.Parameters.Add(new NpgsqlParameter<string[]?> { TypedValue = kinds?.Select(Proposal.TextOf).ToArray() });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
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
            return command;
        }

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
