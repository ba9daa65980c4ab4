using EGovPay.Processing.Dispatch;
using EGovPay.Processing.Journal;
using Npgsql;

namespace EGovPay.Processing.Ledger;

/// <summary>Money that moves between two accounts of an agent without a payment.</summary>
/// <param name="AgentId">The agent, or the part of it, whose accounts these are.</param>
/// <param name="Debit">From (<see cref="Accounts"/>).</param>
/// <param name="Credit">To.</param>
/// <param name="AmountQepik">At least 1.</param>
/// <param name="Reference">1 to 100 characters; with agent and kind it names one posting for ever.</param>
/// <param name="CutoffGroup">1 to 4: it is handed over with that group's next window; 0: with none.</param>
public sealed record Posting(
    int AgentId, int Debit, int Credit, long AmountQepik, string Kind, string Reference, short CutoffGroup = 0)
{
    /// <summary>To a provider's bank account: payable → bank.</summary>
    public const string Payout = "payout";

    /// <summary>The bank did not carry out a payout: bank → payable.</summary>
    public const string PayoutReturned = "payout-returned";

    /// <summary>What settles a break.</summary>
    public const string Correction = "correction";
}

/// <summary>What came of a posting.</summary>
public enum PostResult
{
    Posted = 1,

    /// <summary>It stands from before, the same in everything.</summary>
    PostedBefore,

    /// <summary>Its reference names another amount or other accounts; nothing was posted.</summary>
    Different,

    /// <summary>The agent's funds do not have it; nothing was posted.</summary>
    NotEnough,

    /// <summary>Its proposal is not approved (any more); nothing was posted.</summary>
    NotApproved,
}

/// <summary>Posts money that moves without a payment, in the open day, under its agent's lane.</summary>
public sealed class Postings(Journal.Journal journal, Node node)
{
    /// <summary>Posts; again, it does nothing.</summary>
    /// <param name="madeBy">A login, or what else says it: <c>engine</c>.</param>
    /// <param name="approvedBy">The second person; null where a bank's word alone posts.</param>
    public async Task<PostResult> PostAsync(
        Posting posting, string madeBy, string? approvedBy, string? note, long? proposalId = null)
    {
        if (posting.AmountQepik <= 0 || posting.Debit == posting.Credit)
        {
            throw new ArgumentException("A posting has a positive amount and two accounts.", nameof(posting));
        }

        var number = await node.NextNumberAsync();
        try
        {
            return await journal.ExecuteAsync(new Post(posting, number, madeBy, approvedBy, note, proposalId));
        }
        finally
        {
            node.Done(number);
        }
    }

    private sealed class Post(
        Posting posting, long number, string madeBy, string? approvedBy, string? note, long? proposalId)
        : SingleCommand<PostResult>(posting.AgentId)
    {
        private static readonly string Statement = Sql.Load("Ledger/Post.sql");

        /// <summary>What one takes from the funds, the next is to see.</summary>
        public override object OneInABatch => (AgentId, "posting");

        public override NpgsqlBatchCommand Build()
        {
            var command = new NpgsqlBatchCommand(Statement);
            void Add<T>(T value) => command.Parameters.Add(new NpgsqlParameter<T> { TypedValue = value });
            Add(AgentId);
            Add(number);
            Add(posting.Reference);
            Add(posting.AmountQepik);
            Add(madeBy);
            Add(note);
            Add(posting.Kind);
            Add(posting.Debit);
            Add(posting.Credit);
            Add(approvedBy);
            Add(posting.CutoffGroup);
            Add(proposalId);
            return command;
        }

        protected override async ValueTask<PostResult> ReadAsync(NpgsqlDataReader reader)
        {
            await reader.ReadAsync();
            return reader.GetBoolean(0) ? PostResult.Posted
                : reader.IsDBNull(1) ? reader.GetBoolean(4) ? PostResult.NotApproved : PostResult.NotEnough
                : (reader.GetInt64(1), reader.GetInt32(2), reader.GetInt32(3))
                    == (posting.AmountQepik, posting.Debit, posting.Credit) ? PostResult.PostedBefore
                : PostResult.Different;
        }
    }
}
