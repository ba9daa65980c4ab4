using EGovPay.Processing.Agents;
using EGovPay.Processing.Dispatch;
using EGovPay.Processing.Journal;
using EGovPay.Processing.Observing;
using EGovPay.Processing.StateMachine;
using Npgsql;

namespace EGovPay.Processing.Payments;

/// <summary>
/// A terminal's cancel by its own reference, seen or unseen: afterwards the payment has not happened and never will, or it is
/// told that it is too late to be sure of that.
/// </summary>
public sealed class CancelPayment(Journal.Journal journal, IFindPayments book, Node node)
{
    /// <summary>
    /// Cancels where that is certain. The payment comes back as it then stands: Cancelled, or anything else, and then it was too
    /// late. A later request with the same reference gets the same.
    /// </summary>
    public async Task<Payment> CancelAsync(Terminal terminal, string reference)
    {
        var agentId = terminal.PartFor(reference);
        if (await book.FindAsync(agentId, reference) is { State: not PaymentState.Accepted } known)
        {
            return known;
        }

        var number = await node.NextNumberAsync();
        try
        {
            var stands = await journal.ExecuteAsync(new Command(
                agentId, reference, number, terminal.TerminalId, node.Id, terminal.Subscribed));
            if (stands == number)
            {
                Measures.Entered(PaymentState.Cancelled);
            }

            return await book.FindAsync(agentId, stands)
                ?? throw new InvalidOperationException($"The cancelled payment {stands} is not in the book.");
        }
        finally
        {
            node.Done(number);
        }
    }

    internal sealed class Command(int agentId, string reference, long number, int terminalId, int nodeId, bool notify)
        : SingleCommand<long>(agentId)
    {
        private static readonly string Statement = Sql.Load("Payments/CancelPayment.sql");

        public string Reference => reference;

        public long Number => number;

        public int TerminalId => terminalId;

        public int NodeId => nodeId;

        public override object OneInABatch => (AgentId, reference);

        public override NpgsqlBatchCommand Build()
        {
            var command = new NpgsqlBatchCommand(Statement);
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = AgentId });
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = reference });
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = number });
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = terminalId });
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = nodeId });
            command.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = notify });
            return command;
        }

        protected override async ValueTask<long> ReadAsync(NpgsqlDataReader reader)
        {
            await reader.ReadAsync();
            return reader.GetInt64(0);
        }
    }
}
