using System.Security.Cryptography;
using EGovPay.Processing.PostgreSql;
using NodaTime;
using Npgsql;

namespace EGovPay.Processing.People;

/// <summary>Why somebody was not let in.</summary>
public enum NotKnown
{
    /// <summary>The text has not the form of a key.</summary>
    NoKey = 1,

    /// <summary>Nobody has this key.</summary>
    WrongKey,

    /// <summary>Too many wrong keys for this login lately; the right one is refused too.</summary>
    Locked,
    Disabled,
}

/// <summary>Who showed a key, or why they are not let in.</summary>
/// <param name="LockedUntil">With Locked.</param>
public readonly record struct Shown(Person? Person, NotKnown Why, Instant? LockedUntil = null);

/// <summary>
/// Knows people by their keys. Wrong keys are counted in the database, over all machines: after <see cref="Failures"/> within
/// <see cref="MinutesCounted"/> minutes a login is locked for <see cref="MinutesLocked"/>.
/// </summary>
public sealed class KnowPerson(NpgsqlDataSource database)
{
    public const int Failures = 5;
    public const int MinutesCounted = 15;
    public const int MinutesLocked = 15;

    private static readonly string NotGood = Sql.Load("People/CountWrongKey.sql");

    /// <summary>Who this key belongs to.</summary>
    public async Task<Shown> ShowAsync(string text, CancellationToken cancel = default)
    {
        if (PersonKey.Read(text.Trim()) is not { } key)
        {
            return new Shown(null, NotKnown.NoKey);
        }

        await using var connection = await database.OpenConnectionAsync(cancel);
        await using var transaction = await connection.BeginChangeAsync(cancel);
        if (await LookAsync(connection, key.Login, cancel) is not { } known)
        {
            // As long as with a login that exists: what is a login is nobody's business.
            _ = CryptographicOperations.FixedTimeEquals(key.Hash, ActEntry.NoPredecessor);
            return new Shown(null, NotKnown.WrongKey);
        }

        if (known.LockedUntil is { } until)
        {
            return new Shown(null, NotKnown.Locked, until);
        }

        if (!CryptographicOperations.FixedTimeEquals(key.Hash, known.Hash))
        {
            var locked = await CountAsync(connection, key.Login, cancel);
            if (locked is not null)
            {
                await ActRecord.AppendAsync(
                    connection, transaction, "engine", "user locked", $"user {key.Login}",
                    ActRecord.Details(("minutes", MinutesLocked)));
            }

            await transaction.CommitAsync(CancellationToken.None);
            return new Shown(null, locked is null ? NotKnown.WrongKey : NotKnown.Locked, locked);
        }

        if (known.Disabled)
        {
            return new Shown(null, NotKnown.Disabled);
        }

        if (known.Stale)
        {
            await using var seen = new NpgsqlCommand(
                "update person set seen_at = now(), failures = 0, failed_at = null, locked_until = null where login = $1",
                connection);
            seen.Parameters.Add(new NpgsqlParameter<string> { TypedValue = key.Login });
            await seen.ExecuteNonQueryAsync(cancel);
            await transaction.CommitAsync(CancellationToken.None);
        }

        return new Shown(known.Person, default);
    }

    private static async Task<Row?> LookAsync(NpgsqlConnection connection, string login, CancellationToken cancel)
    {
        // Locked: two guesses at once are counted one after the other.
        await using var look = new NpgsqlCommand(
            "select name, roles, key_hash, disabled_at is not null, case when locked_until > now() then locked_until end, "
            + "seen_at is null or seen_at < now() - interval '1 day' or failures > 0 from person where login = $1 for update",
            connection);
        look.Parameters.Add(new NpgsqlParameter<string> { TypedValue = login });
        await using var reader = await look.ExecuteReaderAsync(cancel);
        return await reader.ReadAsync(cancel)
            ? new Row(
                new Person(login, reader.GetString(0), Users.Roles(reader.GetFieldValue<string[]>(1))),
                reader.GetFieldValue<byte[]>(2), reader.GetBoolean(3), reader.GetInstantOrNull(4), reader.GetBoolean(5))
            : null;
    }

    /// <summary>Counts a wrong key; until when the login is locked by it, or null.</summary>
    private static async Task<Instant?> CountAsync(NpgsqlConnection connection, string login, CancellationToken cancel)
    {
        await using var count = new NpgsqlCommand(NotGood, connection);
        count.Parameters.Add(new NpgsqlParameter<string> { TypedValue = login });
        count.Parameters.Add(new NpgsqlParameter<int> { TypedValue = Failures });
        count.Parameters.Add(new NpgsqlParameter<int> { TypedValue = MinutesCounted });
        count.Parameters.Add(new NpgsqlParameter<int> { TypedValue = MinutesLocked });
        await using var reader = await count.ExecuteReaderAsync(cancel);
        return await reader.ReadAsync(cancel) ? reader.GetInstantOrNull(0) : null;
    }

    private sealed record Row(Person Person, byte[] Hash, bool Disabled, Instant? LockedUntil, bool Stale);
}
