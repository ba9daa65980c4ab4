using EGovPay.Processing.Days;
using EGovPay.Processing.People;
using EGovPay.Processing.PostgreSql;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;
using Npgsql;

namespace EGovPay.Processing.Continuity;

/// <summary>What is lost between a backup and now, and from where on new numbers are given.</summary>
/// <param name="FromNumber">Payments that the book does not know have numbers from here…</param>
/// <param name="NextNumber">…to below here.</param>
/// <param name="Known">What a node remembered and the database did not know; null: no node did.</param>
/// <param name="Runs">Where receipts of the days concerned go on, by day.</param>
public sealed record LostInterval(
    long Epoch, Instant From, Instant To, long FromNumber, long NextNumber, string? Known, IReadOnlyList<ReceiptRun> Runs);

/// <summary>Receipts of a day go on in series 16 × the generation further, after the number that is the start.</summary>
public sealed record ReceiptRun(LocalDate Day, int Generation, int Start);

/// <summary>Why a restore cannot be owned up to now.</summary>
public enum OwnUpRefusal
{
    /// <summary>The database's clock and this machine's differ by more than <see cref="OwnUp.ClockTolerance"/>: one is wrong.</summary>
    ClocksDiffer = 1,

    /// <summary>A business day after tomorrow is open; there are no receipt numbers that are surely new for it yet.</summary>
    DayAhead,
}

/// <summary>What came of owning up: the break that was opened, or why not.</summary>
/// <param name="Database">What the database's clock shows.</param>
/// <param name="Here">What this machine's shows.</param>
public sealed record OwnedUp(LostInterval? Lost, OwnUpRefusal? Refused, Instant Database, Instant Here, LocalDate OpenDay);

/// <summary>
/// Owns up to a restore: no number and no receipt number that was perhaps given out in what is lost is ever given again, and the
/// lost interval stands open as a break. Doing it without need costs nothing but numbers.
/// </summary>
public sealed class OwnUp(NpgsqlDataSource database, IClock clock)
{
    /// <summary>Numbers after a restore are reckoned from the time, so two clocks have to agree on it.</summary>
    public static readonly Duration ClockTolerance = Duration.FromMinutes(2);

    private const long EpochLock = 0x65476F76506F63;

    private static readonly string Statement = Sql.Load("Continuity/OwnUp.sql");

    /// <summary>Something was lost: moves the numbers on and opens the break.</summary>
    public async Task<OwnedUp> RestoredAsync(Person by)
    {
        by.Require(Acts.Restored);
        // The days before today are closed first: there is time enough for numbers of today and tomorrow only.
        await new BusinessDays(database, NullLogger<BusinessDays>.Instance).RoundAsync(CancellationToken.None);
        await using var connection = await database.OpenConnectionAsync();
        await using var transaction = await connection.BeginChangeAsync();
        var met = await LockAsync(connection, transaction);
        var asked = await MayAsync(connection, transaction);
        if (asked.Refused is not null)
        {
            return asked;
        }

        LostInterval lost;
        await using (var open = new NpgsqlCommand(Statement, connection, transaction))
        {
            open.Parameters.Add(new NpgsqlParameter<long> { TypedValue = met.SystemIdentifier });
            open.Parameters.Add(new NpgsqlParameter<int> { TypedValue = met.Timeline });
            open.Parameters.Add(new NpgsqlParameter<string> { TypedValue = by.Login });
            await using var row = await open.ExecuteReaderAsync();
            await row.ReadAsync();
            lost = new LostInterval(
                row.GetInt64(0), row.GetInstant(1), row.GetInstant(2), row.GetInt64(3), row.GetInt64(4),
                row.IsDBNull(5) ? null : row.GetString(5), []);
        }

        lost = lost with { Runs = await RunsAsync(connection, transaction, lost.Epoch) };
        await RecordAsync(connection, transaction, by, ActRecord.Details(
            ("from", lost.From.ToString()), ("fromNumber", lost.FromNumber), ("nextNumber", lost.NextNumber)));
        return asked with { Lost = lost };
    }

    private async Task<OwnedUp> MayAsync(NpgsqlConnection connection, NpgsqlTransaction transaction)
    {
        await using var ask = new NpgsqlCommand(
            "select clock_timestamp(), max(day), (clock_timestamp() at time zone 'Asia/Baku')::date from business_day",
            connection, transaction);
        await using var row = await ask.ExecuteReaderAsync();
        await row.ReadAsync();
        var (there, here) = (row.GetInstant(0), clock.GetCurrentInstant());
        var today = row.GetLocalDate(2);
        var open = row.IsDBNull(1) ? today : row.GetLocalDate(1);
        OwnUpRefusal? refused = Duration.Max(there - here, here - there) > ClockTolerance ? OwnUpRefusal.ClocksDiffer
            : open > today.PlusDays(1) ? OwnUpRefusal.DayAhead
            : null;
        return new OwnedUp(null, refused, there, here, open);
    }

    private static async Task<IReadOnlyList<ReceiptRun>> RunsAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, long epoch)
    {
        await using var read = new NpgsqlCommand(
            "select business_day, generation, start from receipt_run where epoch = $1 order by 1", connection, transaction);
        read.Parameters.Add(new NpgsqlParameter<long> { TypedValue = epoch });
        await using var row = await read.ExecuteReaderAsync();
        var runs = new List<ReceiptRun>();
        while (await row.ReadAsync())
        {
            runs.Add(new ReceiptRun(row.GetLocalDate(0), row.GetInt16(1), row.GetInt32(2)));
        }

        return runs;
    }

    /// <summary>
    /// Nothing was lost, somebody knows: a standby that had confirmed everything was promoted while no node ran that could vouch for
    /// it. False: a node remembers what is not here, so it is not true.
    /// </summary>
    public async Task<bool> PromotedAsync(Person by)
    {
        by.Require(Acts.Restored);
        await using var connection = await database.OpenConnectionAsync();
        await using var transaction = await connection.BeginChangeAsync();
        var met = await LockAsync(connection, transaction);
        await using (var doubted = new NpgsqlCommand(
            "select coalesce((select e.doubted_at is not null from cluster_epoch e order by e.epoch desc limit 1), false)",
            connection, transaction))
        {
            if ((bool)(await doubted.ExecuteScalarAsync())!)
            {
                return false;
            }
        }

        await using (var begin = new NpgsqlCommand(Sql.Load("Continuity/BeginEpoch.sql"), connection, transaction))
        {
            begin.Parameters.Add(new NpgsqlParameter<long> { TypedValue = met.SystemIdentifier });
            begin.Parameters.Add(new NpgsqlParameter<int> { TypedValue = met.Timeline });
            begin.Parameters.Add(new NpgsqlParameter<string> { TypedValue = "promoted" });
            await begin.ExecuteNonQueryAsync();
        }

        await RecordAsync(connection, transaction, by, ActRecord.Details(("lost", "nothing")));
        return true;
    }

    private static async Task<PrimaryMet> LockAsync(NpgsqlConnection connection, NpgsqlTransaction transaction)
    {
        await using (var hold = new NpgsqlCommand("select pg_advisory_xact_lock($1)", connection, transaction))
        {
            hold.Parameters.Add(new NpgsqlParameter<long> { TypedValue = EpochLock });
            await hold.ExecuteNonQueryAsync();
        }

        await using var ask = new NpgsqlCommand(Database.Greet, connection, transaction);
        await using var row = await ask.ExecuteReaderAsync();
        await row.ReadAsync();
        return new PrimaryMet(row.GetInt64(0), row.GetInt32(1));
    }

    private static async Task RecordAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, Person by, string details)
    {
        await ActRecord.AppendAsync(connection, transaction, by.Login, Acts.Restored.Name, "database", details);
        await transaction.CommitAsync();
    }
}
