using EGovPay.Processing.PostgreSql;
using EGovPay.Processing.Telling;
using NodaTime;
using Npgsql;

namespace EGovPay.Processing.Observing;

/// <summary>What is unknown at one provider.</summary>
/// <param name="OldestSeconds">How long the oldest has been unknown.</param>
internal sealed record UnknownNow(int ProviderId, long Payments, double OldestSeconds, long AmountQepik);

/// <summary>How the centre stood when the database was last asked.</summary>
/// <param name="NodesLost">Nodes whose lease ended and whose payments are not all taken over.</param>
/// <param name="DayLag">Days that the open business day is behind Baku's calendar; negative after an early close.</param>
/// <param name="RegistersOpen">Register files written and not acknowledged.</param>
/// <param name="ReversalsOpen">Reversals whose provider has not said its last word.</param>
/// <param name="ContradictionsOpen">Late truths that nobody has worked yet.</param>
/// <param name="ProposalsStuck">Approved for more than a minute and not carried out.</param>
/// <param name="LostOpen">What restores lost and nobody has settled.</param>
/// <param name="ClockOffsetSeconds">This machine's clock less the database's, to within the round trip.</param>
internal sealed record CentreNow(
    long NodesAlive, long NodesLost, double DaySeconds, int DayLag, long RegistersOpen, double RegistersOldestSeconds,
    double ClockOffsetSeconds, IReadOnlyList<UnknownNow> Unknown, long ReversalsOpen,
    double ReversalsOldestSeconds, long ContradictionsOpen, double ContradictionsOldestSeconds, long LostOpen,
    double LostOldestSeconds, TellingFigures Telling, long ProposalsStuck, double ProposalsOldestSeconds);

/// <summary>Reads from the database what gauges show: two set-based statements over small tables.</summary>
internal sealed class ReadBook(NpgsqlDataSource database, IClock clock)
{
    private const int TimeoutSeconds = 5;

    private static readonly string Unknown = Sql.Load("Observing/UnknownNow.sql");
    private static readonly string Centre = Sql.Load("Observing/CentreNow.sql");

    public async Task<CentreNow> ReadAsync(CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        var unknown = new List<UnknownNow>();
        await using (var ask = new NpgsqlCommand(Unknown, connection) { CommandTimeout = TimeoutSeconds })
        await using (var reader = await ask.ExecuteReaderAsync(cancel))
        {
            while (await reader.ReadAsync(cancel))
            {
                unknown.Add(new UnknownNow(reader.GetInt32(0), reader.GetInt64(1), reader.GetDouble(2), reader.GetInt64(3)));
            }
        }

        var telling = await Deliveries.FiguresAsync(connection, cancel);
        var before = clock.GetCurrentInstant();
        await using var command = new NpgsqlCommand(Centre, connection) { CommandTimeout = TimeoutSeconds };
        await using var row = await command.ExecuteReaderAsync(cancel);
        var half = (clock.GetCurrentInstant() - before) / 2;
        await row.ReadAsync(cancel);
        return new CentreNow(
            row.GetInt64(0), row.GetInt64(1), row.IsDBNull(2) ? 0 : row.GetDouble(2), row.IsDBNull(3) ? 0 : row.GetInt32(3),
            row.GetInt64(4), row.IsDBNull(5) ? 0 : row.GetDouble(5), (before + half - row.GetInstant(6)).TotalSeconds, unknown,
            row.GetInt64(7), row.IsDBNull(8) ? 0 : row.GetDouble(8), row.GetInt64(9), row.IsDBNull(10) ? 0 : row.GetDouble(10),
            row.GetInt64(11), row.IsDBNull(12) ? 0 : row.GetDouble(12), telling,
            row.GetInt64(13), row.IsDBNull(14) ? 0 : row.GetDouble(14));
    }
}
