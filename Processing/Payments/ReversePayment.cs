using EGovPay.Processing.Agents;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Dispatch;
using EGovPay.Processing.Journal;
using EGovPay.Processing.StateMachine;
using Npgsql;
using NpgsqlTypes;

namespace EGovPay.Processing.Payments;

/// <summary>What somebody is told who wants a payment taken back: how it stands, or why it stays.</summary>
public readonly record struct ReverseAnswer(Payment? Payment, Refused? Refused);

/// <summary>
/// Asks to take a confirmed payment back, whole, where its service, its provider and the time allow. The answer is only that it
/// is being asked; what the provider says comes later. Asked twice, it is asked once. No shift need be open: as with a cancel, a
/// payer must not wait for one; the cash that is then owed is given back in the shift of whoever gives it.
/// </summary>
public sealed class ReversePayment(
    CatalogueInForce catalogue, Journal.Journal journal, IFindPayments book, Node node, AskReversals ask)
{
    /// <summary>A terminal asks: any of the agent's.</summary>
    /// <param name="reason">1–200 characters, for those who look at it later.</param>
    public Task<ReverseAnswer> ReverseAsync(Terminal terminal, Payment payment, string reason) =>
        ReverseAsync(payment, terminal.TerminalId, "terminal " + terminal.TerminalCode, reason);

    /// <summary>An operator asks.</summary>
    /// <param name="operatorName">Who it is; kept with the payment.</param>
    public Task<ReverseAnswer> ReverseAsync(string operatorName, Payment payment, string reason) =>
        ReverseAsync(payment, null, operatorName, reason);

    /// <summary>
    /// For how many minutes from its confirmation a payment may be taken back: by the rule of its service on the day of its
    /// acceptance, and not at all where its provider keeps everything.
    /// </summary>
    public static int Minutes(Payment payment, CatalogueSnapshot current) =>
        current.Provider(payment.ProviderId) is { Reversals: true }
            ? current.Find(payment.ServiceCode)?.RuleOn(Baku.DateOf(payment.AcceptedAt))?.ReversibleMinutes ?? 0
            : 0;

    private async Task<ReverseAnswer> ReverseAsync(Payment payment, int? terminalId, string madeBy, string reason)
    {
        if (Judge(payment) is { } already)
        {
            return already;
        }

        var minutes = Minutes(payment, catalogue.Current);
        if (minutes == 0)
        {
            return new ReverseAnswer(null, new Refused(Refusal.NotReversible));
        }

        var number = await node.NextNumberAsync();
        bool mine;
        try
        {
            mine = await journal.ExecuteAsync(new Command(payment, minutes, number, terminalId, madeBy, reason, node.Id));
        }
        finally
        {
            node.Done(number);
        }

        var now = await book.FindAsync(payment.AgentId, payment.Number)
            ?? throw new InvalidOperationException($"Payment {payment.Number} is not in the book.");
        if (mine)
        {
            ask.Wake();
            return new ReverseAnswer(now, null);
        }

        return Judge(now) ?? new ReverseAnswer(null, new Refused(Refusal.NotReversible));
    }

    /// <summary>What is plain from how a payment stands; null: it must be asked.</summary>
    private static ReverseAnswer? Judge(Payment payment) => payment switch
    {
        { State: PaymentState.Reversing } => new ReverseAnswer(payment, null),
        { State: PaymentState.Reversed, ReversalOutcome: PaymentState.Reversed } => new ReverseAnswer(payment, null),
        { Final: false } => new ReverseAnswer(null, new Refused(Refusal.NotFinal)),
        { State: PaymentState.Confirmed, ReversalAskedAt: null, Correction: null } => null,
        _ => new ReverseAnswer(null, new Refused(Refusal.NotReversible)),
    };

    internal sealed class Command(
        Payment payment, int minutes, long cancelNumber, int? terminalId, string madeBy, string reason, int nodeId)
        : SingleCommand<bool>(payment.AgentId)
    {
        private static readonly string Statement = Sql.Load("Payments/ReversePayment.sql");

        public long Number => payment.Number;

        public int Minutes => minutes;

        public long CancelNumber => cancelNumber;

        public int? TerminalId => terminalId;

        public string MadeBy => madeBy;

        public int NodeId => nodeId;

        public override object OneInABatch => (AgentId, payment.Number);

        public override NpgsqlBatchCommand Build()
        {
            var command = new NpgsqlBatchCommand(Statement);
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = AgentId });
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = payment.Number });
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = minutes });
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = cancelNumber });
            command.Parameters.Add(new NpgsqlParameter
            {
                NpgsqlDbType = NpgsqlDbType.Integer, Value = (object?)terminalId ?? DBNull.Value,
            });
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = madeBy });
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = reason });
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = nodeId });
            return command;
        }

        protected override async ValueTask<bool> ReadAsync(NpgsqlDataReader reader)
        {
            await reader.ReadAsync();
            return reader.GetBoolean(1);
        }
    }
}
