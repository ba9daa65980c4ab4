using System.Text.Json;
using EGovPay.Processing.Agents;
using EGovPay.Processing.Journal;
using EGovPay.Processing.Payments;
using EGovPay.Processing.PostgreSql;
using Npgsql;

namespace EGovPay.Processing.Shifts;

/// <summary>What became of "the payer has the cash back".</summary>
public enum CashReturn
{
    /// <summary>It is recorded, now or before, as given back by this terminal.</summary>
    Done,

    /// <summary>The payer has it already, out of another drawer.</summary>
    GivenElsewhere,

    /// <summary>No cash is waiting for this payer.</summary>
    NotOwed,

    /// <summary>It is owed, and this terminal gives nothing out without a shift.</summary>
    ShiftNotOpen,
}

/// <summary>
/// Shifts of tellers: opened, looked at, closed with a Z-report, and cash given back. All of it is written under the
/// agent's lane, between payments and never beside one.
/// </summary>
public sealed class TellerShifts(NpgsqlDataSource database, Journal.Journal journal)
{
    private static readonly string LookShift = Sql.Load("Shifts/LookShift.sql");

    /// <summary>
    /// Can this terminal have shifts at all? An agent in parts has none: its payments lie on several lanes.
    /// </summary>
    public static bool HasShifts(Terminal terminal) => terminal.Parts == 1;

    /// <summary>Opens a shift. Null: one is open already.</summary>
    public async Task<Shift?> OpenAsync(Terminal terminal, string cashier, long floatQepik)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(floatQepik);
        var (number, mine) = await journal.ExecuteAsync(
            new Open(terminal.AgentId, terminal.TerminalId, cashier, floatQepik, Guid.NewGuid()));
        return mine ? await FindAsync(terminal, number) : null;
    }

    /// <summary>The open shift, or null.</summary>
    public Task<Shift?> CurrentAsync(Terminal terminal, CancellationToken cancel = default) =>
        LookAsync(terminal, null, cancel);

    /// <summary>The shift with this number, or null.</summary>
    public Task<Shift?> FindAsync(Terminal terminal, int number, CancellationToken cancel = default) =>
        LookAsync(terminal, number, cancel);

    /// <summary>Closes the open shift; its figures never change again. Null: none is open.</summary>
    public async Task<Shift?> CloseAsync(Terminal terminal, long countedCashQepik)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(countedCashQepik);
        if (await CurrentAsync(terminal) is not { } open)
        {
            return null;
        }

        var closed = await journal.ExecuteAsync(
            new Close(terminal.AgentId, terminal.TerminalId, open.Number, countedCashQepik, Guid.NewGuid()));
        return closed ? await FindAsync(terminal, open.Number) : null;
    }

    /// <summary>Records that the payer has the cash of a payment back, out of this terminal's drawer.</summary>
    /// <param name="by">Who gave it.</param>
    public Task<CashReturn> ReturnCashAsync(Terminal terminal, Payment payment, string by) => journal.ExecuteAsync(
        new Return(payment.AgentId, payment.Number, terminal.TerminalId, by, terminal.ShiftRequired));

    private async Task<Shift?> LookAsync(Terminal terminal, int? number, CancellationToken cancel)
    {
        await using var look = database.CreateCommand(LookShift);
        look.Parameters.Add(new NpgsqlParameter<int> { TypedValue = terminal.AgentId });
        look.Parameters.Add(new NpgsqlParameter<int> { TypedValue = terminal.TerminalId });
        look.Parameters.Add(new NpgsqlParameter<int?> { TypedValue = number });
        await using var row = await look.ExecuteReaderAsync(cancel);
        return await row.ReadAsync(cancel)
            ? new Shift(
                row.GetInt32(0), row.GetString(1), row.GetInt64(2), row.GetInstant(3), row.GetInstantOrNull(4),
                row.IsDBNull(5) ? null : row.GetInt64(5),
                JsonSerializer.Deserialize(row.GetString(6), ShiftFiguresJson.Default.ShiftFigures)!)
            : null;
    }

    private sealed class Open(int agentId, int terminalId, string cashier, long floatQepik, Guid opening)
        : SingleCommand<(int Number, bool Mine)>(agentId)
    {
        private static readonly string Statement = Sql.Load("Shifts/OpenShift.sql");

        public override object OneInABatch => (AgentId, "shift", terminalId);

        public override NpgsqlBatchCommand Build()
        {
            var command = new NpgsqlBatchCommand(Statement);
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = AgentId });
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = terminalId });
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = cashier });
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = floatQepik });
            command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = opening });
            return command;
        }

        protected override async ValueTask<(int Number, bool Mine)> ReadAsync(NpgsqlDataReader reader)
        {
            await reader.ReadAsync();
            return (reader.GetInt32(0), reader.GetBoolean(1));
        }
    }

    private sealed class Close(int agentId, int terminalId, int number, long countedQepik, Guid closing)
        : SingleCommand<bool>(agentId)
    {
        private static readonly string Statement = Sql.Load("Shifts/CloseShift.sql");

        public override object OneInABatch => (AgentId, "shift", terminalId);

        public override NpgsqlBatchCommand Build()
        {
            var command = new NpgsqlBatchCommand(Statement);
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = AgentId });
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = terminalId });
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = number });
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = countedQepik });
            command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = closing });
            return command;
        }

        protected override async ValueTask<bool> ReadAsync(NpgsqlDataReader reader) => await reader.ReadAsync();
    }

    private sealed class Return(int agentId, long number, int terminalId, string by, bool shiftRequired)
        : SingleCommand<CashReturn>(agentId)
    {
        private static readonly string Statement = Sql.Load("Shifts/ReturnCash.sql");

        public override object OneInABatch => (AgentId, "shift", terminalId);

        public override NpgsqlBatchCommand Build()
        {
            var command = new NpgsqlBatchCommand(Statement);
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = AgentId });
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = number });
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = terminalId });
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = by });
            command.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = shiftRequired });
            return command;
        }

        protected override async ValueTask<CashReturn> ReadAsync(NpgsqlDataReader reader)
        {
            await reader.ReadAsync();
            return !reader.GetBoolean(0) ? CashReturn.NotOwed
                : reader.GetBoolean(1) ? CashReturn.Done
                : reader.GetBoolean(2) ? CashReturn.GivenElsewhere
                : CashReturn.ShiftNotOpen;
        }
    }
}
