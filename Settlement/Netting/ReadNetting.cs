using EGovPay.Processing;
using EGovPay.Processing.PostgreSql;
using NodaTime;
using Npgsql;
using NpgsqlTypes;

namespace EGovPay.Settlement.Netting;

/// <summary>What is looked at: business days, or one settlement window.</summary>
public sealed record NettingScope
{
    private NettingScope()
    {
    }

    public LocalDate? From { get; private init; }

    public LocalDate? To { get; private init; }

    public short? Group { get; private init; }

    public LocalDate? BankDay { get; private init; }

    /// <summary>What was posted on these business days, both included.</summary>
    public static NettingScope Days(LocalDate from, LocalDate to) => new() { From = from, To = to };

    /// <summary>What is handed over in this window, on whatever days it was posted.</summary>
    /// <param name="group">1 to 4.</param>
    public static NettingScope Window(short group, LocalDate bankDay) => new() { Group = group, BankDay = bankDay };
}

/// <summary>By what figures are cut.</summary>
public enum NettingCut
{
    Agent,
    Provider,
    Group,

    /// <summary>By organisation, budget level and code; what is no budget payment is one row of its organisation without them.</summary>
    Budget,
}

/// <summary>Sums, qəpik. What was taken back or corrected stands beside what was taken; nothing is subtracted in silence.</summary>
/// <param name="Payments">Postings of takings; a payment is posted so once.</param>
/// <param name="GrossQepik">Taken for providers.</param>
/// <param name="ReversedQepik">Given back to agents' funds.</param>
/// <param name="CorrectedQepik">By people's decisions: delivered after all less never delivered; may be negative.</param>
/// <param name="ProviderFeeQepik">Kept from providers, less what was given back.</param>
/// <param name="PaidOutQepik">Left by the bank for providers, less what came back.</param>
/// <param name="PayerFeeQepik">Payers' fees, less what was given back.</param>
/// <param name="CommissionQepik">Agents' shares, less what was taken back.</param>
public sealed record NettingSums(
    long Payments, long GrossQepik, long ReversedQepik, long CorrectedQepik, long ProviderFeeQepik, long PaidOutQepik,
    long PayerFeeQepik, long CommissionQepik)
{
    /// <summary>What providers are owed of this, whether it was paid out or not; may be negative.</summary>
    public long NetQepik => checked(GrossQepik - ReversedQepik + CorrectedQepik - ProviderFeeQepik);

    public static NettingSums operator +(NettingSums one, NettingSums other) => checked(new(
        one.Payments + other.Payments, one.GrossQepik + other.GrossQepik, one.ReversedQepik + other.ReversedQepik,
        one.CorrectedQepik + other.CorrectedQepik, one.ProviderFeeQepik + other.ProviderFeeQepik,
        one.PaidOutQepik + other.PaidOutQepik, one.PayerFeeQepik + other.PayerFeeQepik,
        one.CommissionQepik + other.CommissionQepik));
}

/// <summary>One figure of a cut; what the cut is not by is null.</summary>
public sealed record NettingRow(
    string? Agent, int? ProviderId, short? Group, string? BudgetLevel, string? BudgetCode, NettingSums Sums);

/// <summary>A posting behind a figure. Movements (payouts, corrections) have their own reference.</summary>
/// <param name="Window">Null of what belongs to no window.</param>
public sealed record NettingTraceRow(
    long Number, string? Reference, string Agent, int? ProviderId, short Group, LocalDate Day, LocalDate? Window,
    string? BudgetLevel, string? BudgetCode, NettingSums Sums);

/// <summary>Which postings are traced; null: any.</summary>
public sealed record NettingFilter(
    string? Agent = null, int? ProviderId = null, short? Group = null, string? BudgetLevel = null, string? BudgetCode = null);

/// <summary>Reads netting from the ledger. Every cut of a scope has the same sums.</summary>
public sealed class ReadNetting(NpgsqlDataSource database)
{
    /// <summary>Rows of one answer at most.</summary>
    public const int Limit = 100_000;

    private static readonly string Cut = Sql.Load("Netting/Netting.sql");
    private static readonly string Trace = Sql.Load("Netting/NettingTrace.sql");

    /// <summary>The last business day, which is open; a day before everything where there is none yet.</summary>
    public static async Task<NettingScope> LastDayAsync(NpgsqlDataSource database, CancellationToken cancel = default)
    {
        await using var command = database.CreateCommand("select d.day from business_day d order by d.day desc limit 1");
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var day = await reader.ReadAsync(cancel) ? reader.GetLocalDate(0) : new LocalDate(2000, 1, 1);
        return NettingScope.Days(day, day);
    }

    /// <summary>The figures of a cut, in the order of its keys.</summary>
    /// <exception cref="ArgumentOutOfRangeException">More than <see cref="Limit"/> are asked for.</exception>
    public async Task<IReadOnlyList<NettingRow>> CutAsync(
        NettingScope scope, NettingCut by, int limit = Limit, CancellationToken cancel = default)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, Limit);
        await using var command = Command(Cut, scope);
        command.Parameters.Add(new NpgsqlParameter<string>
        {
            TypedValue = by switch
            {
                NettingCut.Agent => "agent",
                NettingCut.Provider => "provider",
                NettingCut.Group => "group",
                NettingCut.Budget => "budget",
                _ => throw new ArgumentOutOfRangeException(nameof(by), by, "No such cut."),
            },
        });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
        var rows = new List<NettingRow>();
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
        {
            rows.Add(new NettingRow(
                Text(reader, 0), reader.IsDBNull(1) ? null : reader.GetInt32(1), reader.IsDBNull(2) ? null : reader.GetInt16(2),
                Text(reader, 3), Text(reader, 4), Sums(reader, reader.GetInt64(5), 6)));
        }

        return rows;
    }

    /// <summary>The postings behind figures, by number.</summary>
    /// <exception cref="ArgumentOutOfRangeException">More than <see cref="Limit"/> are asked for.</exception>
    public async Task<IReadOnlyList<NettingTraceRow>> TraceAsync(
        NettingScope scope, NettingFilter filter, int limit = Limit, CancellationToken cancel = default)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, Limit);
        await using var command = Command(Trace, scope);
        command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = filter.Agent });
        command.Parameters.Add(new NpgsqlParameter<int?> { TypedValue = filter.ProviderId });
        command.Parameters.Add(new NpgsqlParameter<short?> { TypedValue = filter.Group });
        command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = filter.BudgetLevel });
        command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = filter.BudgetCode });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
        var rows = new List<NettingTraceRow>();
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
        {
            rows.Add(new NettingTraceRow(
                reader.GetInt64(0), Text(reader, 1), reader.GetString(2), reader.IsDBNull(3) ? null : reader.GetInt32(3),
                reader.GetInt16(4), reader.GetLocalDate(5), reader.GetLocalDateOrNull(6), Text(reader, 7), Text(reader, 8),
                Sums(reader, reader.GetInt64(9) > 0 ? 1 : 0, 9)));
        }

        return rows;
    }

    private NpgsqlCommand Command(string sql, NettingScope scope)
    {
        var command = database.CreateCommand(sql);
        command.CommandTimeout = 0;
        command.Parameters.Add(Date(scope.From));
        command.Parameters.Add(Date(scope.To));
        command.Parameters.Add(new NpgsqlParameter<short?> { TypedValue = scope.Group });
        command.Parameters.Add(Date(scope.BankDay));
        return command;
    }

    private static NpgsqlParameter Date(LocalDate? day) =>
        new() { NpgsqlDbType = NpgsqlDbType.Date, Value = (object?)day?.ToDateColumn() ?? DBNull.Value };

    private static string? Text(NpgsqlDataReader reader, int at) => reader.IsDBNull(at) ? null : reader.GetString(at);

    private static NettingSums Sums(NpgsqlDataReader reader, long payments, int at) => new(
        payments, reader.GetInt64(at), reader.GetInt64(at + 1), reader.GetInt64(at + 2), reader.GetInt64(at + 3),
        reader.GetInt64(at + 4), reader.GetInt64(at + 5), reader.GetInt64(at + 6));
}
