using EGovPay.Processing.Dispatch;
using EGovPay.Processing.Journal;
using EGovPay.Processing.Ledger;
using EGovPay.Processing.Payments;
using EGovPay.Processing.StateMachine;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace EGovPay.Processing.People;

/// <summary>
/// Decides about proposals and carries out what was approved. An approval is one commit, what it does is another that names the
/// proposal and is written once; a process that dies in between leaves an approved proposal, which any node finishes.
/// </summary>
public sealed class DecideProposals(
    Proposals proposals, Journal.Journal journal, PaymentBook book, AgentFunds funds, Postings postings, SetTerminalLimits terminals,
    PutTermsInForce terms, Node node, Waiting waiting, ILogger<DecideProposals> log)
{
    private const int AttemptLimit = 8;

    /// <summary>What somebody has just approved is carried out by themselves.</summary>
    private const int LeftAloneSeconds = 10;

    /// <summary>Lines that wait for the journal together: it takes them in a few commits.</summary>
    private const int PostedAtOnce = 256;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    /// <summary>Approves a proposal as its second person, and carries it out. Again: finishes what a lost process began.</summary>
    public async Task<Decided> ApproveAsync(Person by, long id)
    {
        if (await proposals.FindAsync(id) is not { } proposal)
        {
            return new Decided(DecideResult.Unknown, null);
        }

        by.Require(Acts.ProposalApprove);
        Verdict verdict;
        for (var attempt = 1; ; attempt++)
        {
            // Who approved it a moment ago may be what changed the payment: then it is not void, and the verdict below says so.
            if (proposal.State == ProposalState.Open && await ChangedAsync(proposal) is { } changed
                && await EndAsync(proposal, ProposalState.Void, changed))
            {
                return await TellAsync(DecideResult.Void, id);
            }

            verdict = await journal.ExecuteAsync(new Decide(proposal.AgentId, id, ProposalState.Approved, by.Login, null));
            if (verdict.Now || verdict.State is not ProposalState.Open || verdict.Early || verdict.Late || !verdict.Approver
                || verdict.MadeBy == by.Login || proposal.BreakId is null)
            {
                break;
            }

            // Its break is being changed, or was between the two looks: whoever compares is waited for here, where no payment waits behind it.
            if (attempt == AttemptLimit || !await proposals.Breaks.AwaitAsync(proposal))
            {
                return await TellAsync(DecideResult.BeingCompared, id);
            }
        }

        if (!verdict.Now && verdict.State is not ProposalState.Approved)
        {
            return await RefusedAsync(verdict, by, proposal);
        }

        if (verdict.MadeBy == by.Login)
        {
            return await TellAsync(DecideResult.SamePerson, id);
        }

        await CarryOutAsync((await proposals.FindAsync(id))!);
        var now = (await proposals.FindAsync(id))!;
        return new Decided(
            now.State == ProposalState.Void ? DecideResult.Void : verdict.Now ? DecideResult.Done : DecideResult.DoneBefore, now);
    }

    /// <summary>Refuses a proposal as its second person; asking about its payment goes on.</summary>
    public Task<Decided> RejectAsync(Person by, long id, string? reason)
    {
        by.Require(Acts.ProposalReject);
        return EndAsync(by, id, ProposalState.Rejected, reason);
    }

    /// <summary>Takes a proposal back as its own maker; asking about its payment goes on.</summary>
    public Task<Decided> WithdrawAsync(Person by, long id, string? reason)
    {
        by.Require(Acts.ProposalWithdraw);
        return EndAsync(by, id, ProposalState.Withdrawn, reason);
    }

    /// <summary>Lets proposals expire and finishes approved ones that a lost process left, until stopped.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await KeepAsync(stop);
            }
            catch (Exception failure) when (failure is NpgsqlException or TimeoutException)
            {
                Log.BackgroundFailed(log, failure, "looking after proposals");
            }

            await Task.Delay(Pause, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>One look. Returns how many proposals ended.</summary>
    internal async Task<int> KeepAsync(CancellationToken cancel, int leftAloneSeconds = LeftAloneSeconds)
    {
        var ended = 0;
        foreach (var proposal in await proposals.DueAsync(leftAloneSeconds, cancel))
        {
            if (cancel.IsCancellationRequested)
            {
                break;
            }

            ended += await TryKeepAsync(proposal, cancel) ? 1 : 0;
        }

        return ended;
    }

    /// <summary>Looks after one; what goes wrong with it must not stop those that come after it.</summary>
    private async Task<bool> TryKeepAsync(Proposal proposal, CancellationToken cancel)
    {
        try
        {
            if (proposal.State != ProposalState.Approved)
            {
                return (await journal.ExecuteAsync(
                    new Decide(proposal.AgentId, proposal.Id, ProposalState.Expired, null, null))).Now;
            }

            await CarryOutAsync(proposal);
            return true;
        }
        catch (Exception failure)
        {
            // What the end of the journal cuts off is done by whoever looks next.
            if (!cancel.IsCancellationRequested)
            {
                Log.BackgroundFailed(log, failure, "looking after one proposal");
            }

            return false;
        }
    }

    private async Task<Decided> EndAsync(Person by, long id, ProposalState state, string? reason)
    {
        if (await proposals.FindAsync(id) is not { } proposal)
        {
            return new Decided(DecideResult.Unknown, null);
        }

        var verdict = await journal.ExecuteAsync(new Decide(proposal.AgentId, id, state, by.Login, reason));
        return verdict.Now ? await TellAsync(DecideResult.Done, id)
            : verdict.State == state ? await TellAsync(DecideResult.DoneBefore, id)
            : state == ProposalState.Withdrawn && verdict.State == ProposalState.Open
                ? await TellAsync(DecideResult.SamePerson, id)
            : await RefusedAsync(verdict, by, proposal);
    }

    private async Task<Decided> RefusedAsync(Verdict verdict, Person by, Proposal proposal)
    {
        if (verdict is { State: ProposalState.Open, Late: true })
        {
            await journal.ExecuteAsync(new Decide(proposal.AgentId, proposal.Id, ProposalState.Expired, null, null));
        }

        return await TellAsync(
            verdict.State switch
            {
                ProposalState.Open when verdict.MadeBy == by.Login => DecideResult.SamePerson,
                ProposalState.Open when !verdict.Approver => DecideResult.NotEntitled,
                ProposalState.Open when verdict.Late => DecideResult.Ended,
                ProposalState.Open => DecideResult.TooEarly,
                ProposalState.Done => DecideResult.DoneBefore,
                ProposalState.Void => DecideResult.Void,
                _ => DecideResult.Ended,
            },
            proposal.Id);
    }

    private async Task<Decided> TellAsync(DecideResult result, long id) => new(result, await proposals.FindAsync(id));

    /// <summary>How what it is about has changed so that the proposal means nothing any more; null: it has not.</summary>
    private async Task<string?> ChangedAsync(Proposal proposal) =>
        proposal.Edge is { } edge
            && (await book.FindAsync(proposal.AgentId, proposal.Number!.Value))!.State is var state && state != edge.From
            ? $"the payment is {state} meanwhile, and not {edge.From}"
            : proposal.BreakId is not null && await proposals.Breaks.IsGoneAsync(proposal)
            ? "the break is gone since, or says something else"
            : proposal.Kind == ProposalKind.Payout && await proposals.Receivers.ReplacedAsync(proposal) is { } replaced
            ? replaced
            : proposal.Kind == ProposalKind.Terms && await terms.AreStaleAsync(proposal)
            ? "other terms were applied since it was proposed"
            : null;

    /// <summary>Carries out what was approved; by whom, and how often, makes no difference.</summary>
    private async Task CarryOutAsync(Proposal proposal)
    {
        switch (proposal.Kind)
        {
            case ProposalKind.Payment:
                await CarryOutPaymentAsync(proposal);
                break;
            case ProposalKind.Contradiction:
                await EndAsync(proposal, ProposalState.Done, "the state stands");
                break;
            case ProposalKind.TopUp:
                var booked = await funds.TopUpAsync(
                    proposal.AgentId, proposal.Parts, proposal.Reference!, proposal.AmountQepik!.Value, proposal.MadeBy,
                    proposal.Reason, proposal.DecidedBy);
                await EndAsync(
                    proposal, booked ? ProposalState.Done : ProposalState.Void,
                    booked ? null : "a deposit of this reference is booked with another amount");
                break;
            case ProposalKind.CreditLimit:
                var set = await funds.SetLimitAsync(
                    proposal.AgentId, proposal.Parts, proposal.AmountQepik!.Value, proposal.BeforeQepik!.Value, proposal.Id);
                await EndAsync(
                    proposal, set ? ProposalState.Done : ProposalState.Void,
                    set ? null : "the agent already uses more credit than that");
                break;
            case ProposalKind.LostInterval:
                await EndAsync(proposal, ProposalState.Done, "the interval is settled");
                break;
            case ProposalKind.TerminalLimits:
                await terminals.SetAsync(proposal);
                break;
            case ProposalKind.Terms:
                await terms.PutAsync(proposal);
                break;
            case ProposalKind.Break when proposal.Edge is not null:
                await CarryOutPaymentAsync(proposal);
                break;
            case ProposalKind.Payout or ProposalKind.Break:
                await PostAsync(proposal);
                break;
            default:
                throw new InvalidOperationException($"Nobody carries out a {proposal.Kind}.");
        }
    }

    /// <summary>
    /// Posts each line in its agent's own lane, the only one that can be refused first; whoever comes by later finds what is posted and
    /// goes on.
    /// </summary>
    private async Task PostAsync(Proposal proposal)
    {
        if (await proposals.ContradictedAsync(proposal.Id) is var (agent, reference, somePosted))
        {
            // Looked at before anything is posted: what cannot be posted whole is not begun. Where a part of it stands already it stays
            // approved, and is seen as such: neither undoing nor going on is for the engine to choose.
            Log.PostingContradicted(log, proposal.Id, reference, agent, somePosted);
            if (somePosted)
            {
                throw new InvalidOperationException($"Posting {reference} of proposal {proposal.Id} stands otherwise, and others of it are posted.");
            }

            await EndAsync(
                proposal, ProposalState.Void, $"posting {reference} stands with another amount or other accounts; nothing was posted");
            return;
        }

        var lines = await proposals.PostingsAsync(proposal.Id);
        foreach (var batch in lines.Where(line => line.Debit == Accounts.Funds).Select(line => new[] { line })
            .Concat(lines.Where(line => line.Debit != Accounts.Funds).Chunk(PostedAtOnce)))
        {
            var posted = await Task.WhenAll(batch.Select(line => postings.PostAsync(
                line, proposal.MadeBy, proposal.DecidedBy, proposal.Reason, proposal.Id)));
            if (posted.Contains(PostResult.Different))
            {
                throw new InvalidOperationException($"A posting of proposal {proposal.Id} stands with another amount or other accounts.");
            }

            if (posted.Contains(PostResult.NotApproved))
            {
                // Somebody else has ended it, and said how.
                return;
            }

            if (posted.Contains(PostResult.NotEnough))
            {
                if (!await EndAsync(proposal, ProposalState.Void, "the agent's funds do not have it")
                    && (await proposals.FindAsync(proposal.Id))!.State == ProposalState.Approved)
                {
                    throw new InvalidOperationException($"The funds do not have a posting of proposal {proposal.Id}, others are posted.");
                }

                return;
            }
        }

        await EndAsync(proposal, ProposalState.Done, null);
    }

    private async Task CarryOutPaymentAsync(Proposal proposal)
    {
        var edge = proposal.Edge!;
        for (var attempt = 0; attempt < AttemptLimit; attempt++)
        {
            var payment = (await book.FindAsync(proposal.AgentId, proposal.Number!.Value))!;
            if (payment.State != edge.From)
            {
                // Carried out by somebody else, or the truth came first: an approved proposal that stands is void then.
                await EndAsync(proposal, ProposalState.Void, $"the payment is {payment.State} meanwhile, and not {edge.From}");
                return;
            }

            var recorded = await journal.RecordAsync(new Happening
            {
                AgentId = payment.AgentId,
                Number = payment.Number,
                SeenStep = payment.Step,
                SeenEdge = payment.Edge,
                Edge = edge,
                NodeId = node.Id,
                ProviderTransaction = proposal.ProviderTransaction,
                DeclineName = edge.To == PaymentState.Declined ? "provider-error" : null,
                Transient = edge.To == PaymentState.Declined ? false : null,
                Note = proposal.Reason,
                MadeBy = proposal.MadeBy,
                ApprovedBy = proposal.DecidedBy,
                ProposalId = proposal.Id,
            });
            if (recorded.Done)
            {
                waiting.Tell((await book.FindAsync(payment.AgentId, payment.Number))!);
                return;
            }

            if ((await proposals.FindAsync(proposal.Id))!.State != ProposalState.Approved)
            {
                return;
            }
        }

        throw new InvalidOperationException($"Payment {proposal.Number} moved {AttemptLimit} times while a decision was carried out.");
    }

    private Task<bool> EndAsync(Proposal proposal, ProposalState state, string? outcome) =>
        journal.ExecuteAsync(new End(proposal.AgentId, proposal.Id, state, outcome));

    /// <summary>How a proposal stood before a decision, and whether the decision was taken now.</summary>
    private sealed record Verdict(
        ProposalState State, string MadeBy, string? DecidedBy, bool Early, bool Late, bool Approver, bool Now);

    private sealed class Decide(int agentId, long id, ProposalState state, string? who, string? reason)
        : SingleCommand<Verdict>(agentId)
    {
        private static readonly string Statement = Sql.Load("People/Decide.sql");

        public override object OneInABatch => ("proposal", id);

        public override NpgsqlBatchCommand Build()
        {
            var command = new NpgsqlBatchCommand(Statement);
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = id });
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = Proposal.TextOf(state) });
            command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = who });
            command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = reason });
            return command;
        }

        protected override async ValueTask<Verdict> ReadAsync(NpgsqlDataReader reader)
        {
            await reader.ReadAsync();
            return new Verdict(
                Proposal.StateOf(reader.GetString(0)), reader.GetString(1), reader.IsDBNull(2) ? null : reader.GetString(2),
                reader.GetBoolean(3), reader.GetBoolean(4), reader.GetBoolean(5), reader.GetBoolean(6));
        }
    }

    private sealed class End(int agentId, long id, ProposalState state, string? outcome) : SingleCommand<bool>(agentId)
    {
        private static readonly string Statement = Sql.Load("People/EndProposal.sql");

        public override object OneInABatch => ("proposal", id);

        public override NpgsqlBatchCommand Build()
        {
            var command = new NpgsqlBatchCommand(Statement);
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = id });
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = Proposal.TextOf(state) });
            command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = outcome });
            return command;
        }

        protected override async ValueTask<bool> ReadAsync(NpgsqlDataReader reader) => await reader.ReadAsync();
    }
}
