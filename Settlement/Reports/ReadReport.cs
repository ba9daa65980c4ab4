using System.Runtime.CompilerServices;
using EGovPay.Processing;
using EGovPay.Processing.PostgreSql;
using NodaTime;
using Npgsql;

namespace EGovPay.Settlement.Reports;

/// <summary>By what a report is cut.</summary>
public enum ReportCut
{
    Service = 1,
    Provider,

    /// <summary>The catalogue's groups, by the first digit of the service's code.</summary>
    Group,
    Agent,

    /// <summary>Agent and point, with a space between.</summary>
    Point,
    Day,
    Month,
    Quarter,
}

/// <summary>A line of a report, as the bulletins' tables have it.</summary>
/// <param name="Rank">By sum, from 1; equals share one.</param>
/// <param name="Key">A service's code, a provider's number, a group's digit, an agent, a point, a day, month or quarter.</param>
/// <param name="Services">Different services among the payments.</param>
/// <param name="Payments">What was taken back is taken off; so it may be negative.</param>
/// <param name="SumQepik">Of what was paid, without payers' fees.</param>
/// <param name="TotalQepik">Of the whole report, the same in each line.</param>
public sealed record ReportLine(long Rank, string Key, long Services, long Payments, long SumQepik, long TotalQepik)
{
    /// <summary>Hundredths of a per cent of the whole, half up; 0 where the whole is nothing.</summary>
    public long ShareHundredths => TotalQepik <= 0 ? 0 : (long)Math.Floor((((decimal)SumQepik * 10_000) / TotalQepik) + 0.5m);
}

/// <summary>Reads reports from the ledger's postings.</summary>
public sealed class ReadReport(NpgsqlDataSource database)
{
    /// <summary>Lines of one report at most.</summary>
    public const int Limit = 100_000;

    private static readonly string Report = Sql.Load("Reports/Report.sql");

    /// <summary>The lines of a report: days, months and quarters by time, the rest by sum.</summary>
    /// <param name="from">The first business day.</param>
    /// <param name="to">The last.</param>
    public async Task<IReadOnlyList<ReportLine>> RunAsync(
        ReportCut by, LocalDate from, LocalDate to, int limit = Limit, CancellationToken cancel = default)
    {
        var lines = new List<ReportLine>();
        await foreach (var line in EachAsync(by, from, to, limit, cancel))
        {
            lines.Add(line);
        }

        return lines;
    }

    /// <summary>The same lines one after the other, as the database gives them.</summary>
    public async IAsyncEnumerable<ReportLine> EachAsync(
        ReportCut by, LocalDate from, LocalDate to, int limit = Limit, [EnumeratorCancellation] CancellationToken cancel = default)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, Limit);
        await using var command = database.CreateCommand(Report);
        command.CommandTimeout = 0;
        command.Parameters.Add(new NpgsqlParameter<DateOnly> { TypedValue = from.ToDateColumn() });
        command.Parameters.Add(new NpgsqlParameter<DateOnly> { TypedValue = to.ToDateColumn() });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = by.ToString().ToLowerInvariant() });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
        await using var row = await command.ExecuteReaderAsync(cancel);
        while (await row.ReadAsync(cancel))
        {
            yield return new ReportLine(
                row.GetInt64(5), row.GetString(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3), row.GetInt64(4));
        }
    }
}
