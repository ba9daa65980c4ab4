using System.Text.RegularExpressions;
using EGovPay.Processing.PostgreSql;
using NodaTime;
using Npgsql;

namespace EGovPay.Processing.People;

/// <summary>What came of a change to the people who may act.</summary>
public enum UserChange
{
    Done,

    /// <summary>There is no such login.</summary>
    Unknown,

    /// <summary>The login is taken; a login is never given to another person.</summary>
    Taken,

    /// <summary>Nobody could administer any more.</summary>
    LastAdministrator,

    /// <summary>There are people already: only an administrator makes more.</summary>
    NotFirst,
}

/// <summary>Somebody who may act, as others see them.</summary>
/// <param name="LockedUntil">Too many wrong keys: refused until then. Null: not locked.</param>
/// <param name="SeenAt">When their key was last good, to the day; null: never.</param>
public sealed record User(
    string Login, string Name, IReadOnlyList<Role> Roles, bool Disabled, Instant? LockedUntil, int KeyGeneration, Instant? SeenAt);

/// <summary>
/// The people who may act, with personal keys. Each change is one transaction with its entry in the record. A login is never
/// removed and never given to another: the record names it for ever.
/// </summary>
public sealed partial class Users(NpgsqlDataSource database)
{
    /// <summary>Users that a list shows at most.</summary>
    public const int ListLimit = 1_000;

    /// <summary>First key of the lock under which people are changed, so that the last administrator cannot go twice.</summary>
    private const int UsersLock = 7311;

    /// <summary>A login: 1–32 small letters, digits and hyphens, beginning with a letter.</summary>
    public static bool IsLogin(string text) => LoginShape().IsMatch(text);

    /// <summary>True while nobody has been made.</summary>
    public async Task<bool> NoneAsync(CancellationToken cancel = default)
    {
        await using var command = database.CreateCommand("select not exists (select from person)");
        return (bool)(await command.ExecuteScalarAsync(cancel))!;
    }

    /// <summary>
    /// Makes the first person, an administrator, while there is nobody who could. It may be done again with the same login until
    /// that person's key has been used once: the answer with the key may have been lost.
    /// </summary>
    public Task<UserChange> BootstrapAsync(PersonKey key, string login, string name, IReadOnlyList<Role> roles) =>
        ChangeAsync(async (connection, transaction) =>
        {
            if (!roles.Contains(Role.Administrator))
            {
                throw new ArgumentException("The first person is an administrator.", nameof(roles));
            }

            await using var count = new NpgsqlCommand(
                "select count(*) filter (where login <> $1 or seen_at is not null) from person", connection, transaction);
            count.Parameters.Add(Text(login));
            if ((long)(await count.ExecuteScalarAsync())! > 0)
            {
                return UserChange.NotFirst;
            }

            await using var add = new NpgsqlCommand(
                "insert into person (login, name, roles, key_hash) values ($1, $2, $3, $4) on conflict (login) do update "
                + "set name = excluded.name, roles = excluded.roles, key_hash = excluded.key_hash, "
                + "key_generation = person.key_generation + 1, failures = 0, locked_until = null, disabled_at = null",
                connection, transaction);
            Describe(add, key, login, name, roles);
            await add.ExecuteNonQueryAsync();
            await RecordAsync(connection, transaction, "bootstrap", Acts.UserAdd, login,
                ActRecord.Details(("name", name), ("roles", Texts(roles)), ("bootstrap", true)));
            return UserChange.Done;
        });

    /// <summary>Makes a person. Their key is known to the caller alone.</summary>
    public Task<UserChange> AddAsync(Person by, PersonKey key, string login, string name, IReadOnlyList<Role> roles) =>
        ChangeAsync(async (connection, transaction) =>
        {
            by.Require(Acts.UserAdd);
            await using var add = new NpgsqlCommand(
                "insert into person (login, name, roles, key_hash) values ($1, $2, $3, $4) on conflict do nothing",
                connection, transaction);
            Describe(add, key, login, name, roles);
            if (await add.ExecuteNonQueryAsync() == 0)
            {
                return UserChange.Taken;
            }

            await RecordAsync(connection, transaction, by.Login, Acts.UserAdd, login,
                ActRecord.Details(("name", name), ("roles", Texts(roles))));
            return UserChange.Done;
        });

    /// <summary>Gives a person other roles instead of those they have.</summary>
    public Task<UserChange> SetRolesAsync(Person by, string login, IReadOnlyList<Role> roles) =>
        ChangeAsync(async (connection, transaction) =>
        {
            by.Require(Acts.UserRole);
            if (await LookAsync(connection, transaction, login) is not { } before)
            {
                return UserChange.Unknown;
            }

            await using var set = new NpgsqlCommand("update person set roles = $2 where login = $1", connection, transaction);
            set.Parameters.Add(Text(login));
            set.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = Texts(roles) });
            await set.ExecuteNonQueryAsync();
            await RecordAsync(connection, transaction, by.Login, Acts.UserRole, login,
                ActRecord.Details(("before", Texts(before.Roles)), ("after", Texts(roles))));
            return await AnybodyAdministersAsync(connection, transaction) ? UserChange.Done : UserChange.LastAdministrator;
        });

    /// <summary>Refuses a person from now on, or lets them act again.</summary>
    public Task<UserChange> DisableAsync(Person by, string login, bool disabled = true) =>
        ChangeAsync(async (connection, transaction) =>
        {
            by.Require(Acts.UserDisable);
            if (await LookAsync(connection, transaction, login) is not { } before)
            {
                return UserChange.Unknown;
            }

            await using var set = new NpgsqlCommand(
                "update person set disabled_at = case when $2 then coalesce(disabled_at, now()) end where login = $1",
                connection, transaction);
            set.Parameters.Add(Text(login));
            set.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = disabled });
            await set.ExecuteNonQueryAsync();
            await RecordAsync(connection, transaction, by.Login, Acts.UserDisable, login,
                ActRecord.Details(("before", before.Disabled), ("after", disabled)));
            return await AnybodyAdministersAsync(connection, transaction) ? UserChange.Done : UserChange.LastAdministrator;
        });

    /// <summary>Gives a person a new key: the old one is nobody's from now on, and a lock-out ends.</summary>
    public Task<UserChange> SetKeyAsync(Person by, PersonKey key, string login) =>
        ChangeAsync(async (connection, transaction) =>
        {
            by.Require(Acts.UserKey);
            await using var set = new NpgsqlCommand(
                "update person set key_hash = $2, key_generation = key_generation + 1, failures = 0, failed_at = null, "
                + "locked_until = null where login = $1 returning key_generation", connection, transaction);
            set.Parameters.Add(Text(login));
            set.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = key.Hash });
            if (await set.ExecuteScalarAsync() is not int generation)
            {
                return UserChange.Unknown;
            }

            await RecordAsync(connection, transaction, by.Login, Acts.UserKey, login, ActRecord.Details(("generation", generation)));
            return UserChange.Done;
        });

    /// <summary>Everybody, by login; at most <see cref="ListLimit"/>.</summary>
    public async Task<IReadOnlyList<User>> ListAsync(int limit = ListLimit, CancellationToken cancel = default)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, ListLimit);
        await using var command = database.CreateCommand(
            "select login, name, roles, disabled_at is not null, case when locked_until > now() then locked_until end, "
            + "key_generation, seen_at from person order by login limit $1");
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
        var users = new List<User>();
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
        {
            users.Add(new User(
                reader.GetString(0), reader.GetString(1), Roles(reader.GetFieldValue<string[]>(2)), reader.GetBoolean(3),
                reader.GetInstantOrNull(4), reader.GetInt32(5), reader.GetInstantOrNull(6)));
        }

        return users;
    }

    internal static IReadOnlyList<Role> Roles(string[] stored) =>
        [.. stored.Select(text => Acts.Find(text) ?? throw new InvalidOperationException($"The database has a role '{text}'."))];

    private static string[] Texts(IEnumerable<Role> roles) => [.. roles.Distinct().Order().Select(Acts.Text)];

    private static NpgsqlParameter<string?> Text(string value) => new() { TypedValue = value };

    private static void Describe(
        NpgsqlCommand command, PersonKey key, string login, string name, IReadOnlyList<Role> roles)
    {
        if (roles.Count == 0)
        {
            throw new ArgumentException("A person has a role.", nameof(roles));
        }

        if (!IsLogin(login) || PersonKey.Read(key.Text)?.Login != login)
        {
            throw new ArgumentException("The login is none, or the key is another's.", nameof(login));
        }

        command.Parameters.Add(Text(login));
        command.Parameters.Add(Text(name));
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = Texts(roles) });
        command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = key.Hash });
    }

    private static async Task<(IReadOnlyList<Role> Roles, bool Disabled)?> LookAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, string login)
    {
        await using var look = new NpgsqlCommand(
            "select roles, disabled_at is not null from person where login = $1", connection, transaction);
        look.Parameters.Add(Text(login));
        await using var reader = await look.ExecuteReaderAsync();
        return await reader.ReadAsync() ? (Roles(reader.GetFieldValue<string[]>(0)), reader.GetBoolean(1)) : null;
    }

    private static async Task<bool> AnybodyAdministersAsync(NpgsqlConnection connection, NpgsqlTransaction transaction)
    {
        await using var look = new NpgsqlCommand(
            "select exists (select from person where disabled_at is null and 'administrator' = any (roles))",
            connection, transaction);
        return (bool)(await look.ExecuteScalarAsync())!;
    }

    private static Task RecordAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, string who, Act act, string login, string details) =>
        ActRecord.AppendAsync(connection, transaction, who, act.Name, $"user {login}", details);

    private async Task<UserChange> ChangeAsync(Func<NpgsqlConnection, NpgsqlTransaction, Task<UserChange>> change)
    {
        await using var connection = await database.OpenConnectionAsync();
        await using var transaction = await connection.BeginChangeAsync();
        await using (var alone = new NpgsqlCommand($"select pg_advisory_xact_lock({UsersLock}, 0)", connection, transaction))
        {
            await alone.ExecuteNonQueryAsync();
        }

        var changed = await change(connection, transaction);
        await (changed == UserChange.Done ? transaction.CommitAsync() : transaction.RollbackAsync());
        return changed;
    }

    [GeneratedRegex("^[a-z][a-z0-9-]{0,31}$", RegexOptions.CultureInvariant)]
    private static partial Regex LoginShape();
}
