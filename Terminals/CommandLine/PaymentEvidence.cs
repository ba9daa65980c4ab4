using System.Globalization;
using EGovPay.Processing;
using EGovPay.Processing.Ledger;
using EGovPay.Processing.PostgreSql;
using EGovPay.Processing.StateMachine;
using NodaTime.Text;
using Npgsql;

namespace EGovPay.Terminals.CommandLine;

/// <summary>One thing that we know of a payment.</summary>
/// <param name="Kind">event, posting or exchange.</param>
/// <param name="At">An event's time; of the others, the step.</param>
internal sealed record Evidence(string Kind, string At, string Text);

/// <summary>Our evidence about a payment: for people who work a break.</summary>
internal static class PaymentEvidence
{
    private const int MostExchanges = 20;

    private static readonly string PaymentEvents = Sql.Load("CommandLine/PaymentEvents.sql");
    private static readonly string PaymentTransfers = Sql.Load("CommandLine/PaymentTransfers.sql");
    private static readonly string PaymentExchanges = Sql.Load("CommandLine/PaymentExchanges.sql");

    /// <summary>What we know of a payment, from its events, the ledger, and what its provider was asked.</summary>
    public static async Task<IReadOnlyList<Evidence>> ReadAsync(
        NpgsqlDataSource database, int agentId, long number, CancellationToken cancel)
    {
        var evidence = new List<Evidence>();
        async Task AddAsync(string sql, Func<NpgsqlDataReader, Evidence> of, params int[] more)
        {
            await using var command = database.CreateCommand(sql);
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = agentId });
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = number });
            foreach (var one in more)
            {
                command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = one });
            }

            await using var row = await command.ExecuteReaderAsync(cancel);
            while (await row.ReadAsync(cancel))
            {
                evidence.Add(of(row));
            }
        }

        await AddAsync(PaymentEvents, row => new Evidence(
            "event", InstantPattern.ExtendedIso.Format(row.GetInstant(2)),
            $"{Transitions.Numbered(row.GetInt16(1)).Event}{Also(row, 5)}{Also(row, 6)}{Also(row, 8)}{Also(row, 9)}{Also(row, 10)}"));
        await AddAsync(PaymentTransfers, row => new Evidence(
            "posting", Number(row.GetInt16(0)),
            $"{Accounts.Name(row.GetInt32(1))} > {Accounts.Name(row.GetInt32(2))}: {Print.Manat(row.GetInt64(3))}, "
            + LocalDatePattern.Iso.Format(row.GetLocalDate(4))));
        await AddAsync(
            PaymentExchanges,
            row => new Evidence("exchange", Number(row.GetInt16(0)), $"{row.GetString(2)} | {(row.IsDBNull(3) ? "no answer" : row.GetString(3))}"),
            MostExchanges);
        return evidence;
    }

    private static string Also(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? "" : $", {row.GetString(column)}";

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
