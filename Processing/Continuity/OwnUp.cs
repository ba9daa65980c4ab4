using EGovPay.Processing.People;
using EGovPay.Processing.PostgreSql;
using NodaTime;
using Npgsql;

namespace EGovPay.Processing.Continuity;

/// <summary>What is lost between a backup and now, and from where on new numbers are given.</summary>
/// <param name="FromNumber">Payments that the book does not know have numbers from here…</param>
/// <param name="NextNumber">…to below here.</param>
/// <param name="Known">What a node remembered and the database did not know; null: no node did.</param>
/// <param name="Generation">Receipts of these days go on in series 16 × this further.</param>
public sealed record LostInterval(
    long Epoch, Instant From, Instant To, long FromNumber, long NextNumber, string? Known, LocalDate FirstDay, LocalDate LastDay,
    int Generation);

/// <summary>
/// Owns up to a restore: no number and no receipt number that was perhaps given out in what is lost is ever given again, and the
/// lost interval stands open as a break. Doing it without need costs nothing but numbers.
/// </summary>
public sealed class OwnUp(NpgsqlDataSource database)
{
    private const long EpochLock = 0x65476F76506F63;

    private static readonly string Statement = Sql.Load("Continuity/OwnUp.sql");

    /// <summary>Something was lost: moves the numbers on and opens the break.</summary>
    public async Task<LostInterval> RestoredAsync(Person by)
    {
        by.Require(Acts.Restored);
        await using var connection = await database.OpenConnectionAsync();
        await using var transaction = await connection.BeginChangeAsync();
        var met = await LockAsync(connection, transaction);
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
                row.IsDBNull(5) ? null : row.GetString(5), row.GetLocalDate(6), row.GetLocalDate(7), row.GetInt16(8));
        }

        await RecordAsync(connection, transaction, by, ActRecord.Details(
            ("from", lost.From.ToString()), ("fromNumber", lost.FromNumber), ("nextNumber", lost.NextNumber)));
        return lost;
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
