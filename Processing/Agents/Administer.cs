using System.Buffers.Text;
using System.Security.Cryptography;
using EGovPay.Processing.Journal;
using EGovPay.Processing.People;
using EGovPay.Processing.PostgreSql;
using NodaTime;
using Npgsql;
using NpgsqlTypes;

namespace EGovPay.Processing.Agents;

/// <summary>What a new terminal is.</summary>
/// <param name="SingleLimitQepik">The most of one payment with its fee, or null.</param>
/// <param name="DailyLimitQepik">The most of one business day, or null.</param>
/// <param name="AllowedServices">Service codes and groups, or null for all that the agent may sell.</param>
/// <param name="PublicKey">With <paramref name="Signed"/>: SubjectPublicKeyInfo of an ECDSA P-256 key; null: a shared secret.</param>
public sealed record NewTerminal(
    string Code, string Name, long? SingleLimitQepik = null, long? DailyLimitQepik = null, string[]? AllowedServices = null,
    bool Signed = false, byte[]? PublicKey = null, bool ShiftRequired = false);

/// <summary>
/// Who may ask, changed: agents, points, terminals. Each change is one transaction that raises the directory's version and stands
/// in the record with who made it. A code that is taken is told by a null result, never by half a row.
/// </summary>
/// <param name="by">Who makes the changes: a person with the role for each, or an exception.</param>
public sealed class Administer(NpgsqlDataSource database, Person by)
{
    /// <summary>Makes an agent with its funds at zero. Null: the code is taken.</summary>
    /// <param name="parts">1–16; more than one only for an agent without shifts and daily limits (a portal). It never changes.</param>
    /// <param name="commissionHundredthsPercent">The agent's share of an amount, 15 = 0.15 %.</param>
    public async Task<int?> AddAgentAsync(
        string code, string name, string? voen = null, int parts = 1, int commissionHundredthsPercent = 0,
        string[]? allowedServices = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(parts, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(parts, 16);
        var details = ActRecord.Details(
            ("name", name), ("voen", voen), ("parts", parts), ("commissionHundredthsPercent", commissionHundredthsPercent),
            ("allowedServices", allowedServices));
        return await ChangeAsync<int>(Acts.AgentAdd, $"agent {code}", details, async (connection, transaction) =>
        {
            await using var next = new NpgsqlCommand(
                "select nextval('agent_number')::int where not exists (select from agent where code = $1)",
                connection, transaction);
            next.Parameters.Add(Text(code));
            if (await next.ExecuteScalarAsync() is not int agentId)
            {
                return null;
            }

            for (var part = 0; part < parts; part++)
            {
                await using var add = new NpgsqlCommand(
                    "with added as (insert into agent (agent_id, part_of, parts, lane, code, name, voen, "
                    + "commission_hundredths_percent, allowed_services) values ($1, $2, $3, $4, $5, $6, $7, $8, $9) "
                    + "returning agent_id) insert into funds (agent_id) select agent_id from added", connection, transaction);
                add.Parameters.Add(new NpgsqlParameter<int> { TypedValue = agentId + part });
                add.Parameters.Add(new NpgsqlParameter
                {
                    NpgsqlDbType = NpgsqlDbType.Integer,
                    Value = part == 0 ? DBNull.Value : agentId,
                });
                add.Parameters.Add(new NpgsqlParameter<short> { TypedValue = (short)parts });
                add.Parameters.Add(new NpgsqlParameter<short> { TypedValue = Lanes.Of(agentId + part) });
                add.Parameters.Add(Text(part == 0 ? code : FormattableString.Invariant($"{code}#{part}")));
                add.Parameters.Add(Text(name));
                add.Parameters.Add(Text(voen));
                add.Parameters.Add(new NpgsqlParameter<int> { TypedValue = commissionHundredthsPercent });
                add.Parameters.Add(Texts(allowedServices));
                await add.ExecuteNonQueryAsync();
            }

            return agentId;
        });
    }

    /// <summary>Makes a service point. Null: there is no such agent, or the agent has a point with this code.</summary>
    public Task<int?> AddPointAsync(int agentId, string code, string name, string? address = null) =>
        ChangeAsync<int>(Acts.PointAdd, $"point {code}", ActRecord.Details(
            ("agentId", agentId), ("name", name), ("address", address)), async (connection, transaction) =>
        {
            await using var add = new NpgsqlCommand(
                "insert into point (agent_id, point_id, code, name, address) "
                + "select a.agent_id, coalesce((select max(p.point_id) from point p where p.agent_id = $1), 0) + 1, $2, $3, $4 "
                + "from agent a where a.agent_id = $1 and a.part_of is null on conflict do nothing returning point_id",
                connection, transaction);
            add.Parameters.Add(new NpgsqlParameter<int> { TypedValue = agentId });
            add.Parameters.Add(Text(code));
            add.Parameters.Add(Text(name));
            add.Parameters.Add(Text(address));
            return await add.ExecuteScalarAsync() as int?;
        });

    /// <summary>
    /// Makes a terminal. Its key is returned once and kept nowhere. Null: there is no such point, the code is taken, or the agent
    /// has parts and the terminal wants what only an undivided agent has.
    /// </summary>
    public async Task<string?> AddTerminalAsync(int agentId, int pointId, NewTerminal terminal)
    {
        var key = NewKey();
        var details = ActRecord.Details(
            ("agentId", agentId), ("pointId", pointId), ("name", terminal.Name), ("signed", terminal.Signed),
            ("shiftRequired", terminal.ShiftRequired), ("singleLimitQepik", terminal.SingleLimitQepik),
            ("dailyLimitQepik", terminal.DailyLimitQepik), ("allowedServices", terminal.AllowedServices));
        var added = await ChangeAsync<int>(
            Acts.TerminalAdd, $"terminal {terminal.Code}", details, async (connection, transaction) =>
        {
            await using var add = new NpgsqlCommand(
                "insert into terminal (agent_id, terminal_id, point_id, code, name, key_hash, signed, public_key, "
                + "allowed_services, single_limit_qepik, daily_limit_qepik, shift_required) "
                + "select p.agent_id, nextval('terminal_number')::int, p.point_id, $3, $4, $5, $6, $7, $8, $9, $10, $11 "
                + "from point p join agent a on a.agent_id = p.agent_id "
                + "where p.agent_id = $1 and p.point_id = $2 and (a.parts = 1 or ($10 is null and not $11)) "
                + "on conflict do nothing returning terminal_id", connection, transaction);
            add.Parameters.Add(new NpgsqlParameter<int> { TypedValue = agentId });
            add.Parameters.Add(new NpgsqlParameter<int> { TypedValue = pointId });
            add.Parameters.Add(Text(terminal.Code));
            add.Parameters.Add(Text(terminal.Name));
            add.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = AgentDirectory.HashOf(key) });
            add.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = terminal.Signed });
            add.Parameters.Add(new NpgsqlParameter
            {
                NpgsqlDbType = NpgsqlDbType.Bytea,
                Value = (object?)terminal.PublicKey ?? DBNull.Value,
            });
            add.Parameters.Add(Texts(terminal.AllowedServices));
            add.Parameters.Add(new NpgsqlParameter<long?> { TypedValue = terminal.SingleLimitQepik });
            add.Parameters.Add(new NpgsqlParameter<long?> { TypedValue = terminal.DailyLimitQepik });
            add.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = terminal.ShiftRequired });
            return await add.ExecuteScalarAsync() as int?;
        });
        return added is null ? null : key;
    }

    /// <summary>
    /// Gives a terminal a new key; the old one stays good for <paramref name="graceMinutes"/>. Null: there is no such terminal, or
    /// the key before its present one is still good: a second change would end that one before its time.
    /// </summary>
    /// <param name="graceMinutes">0: all older keys end at once, also one that had time left.</param>
    public async Task<string?> RotateKeyAsync(string terminalCode, int graceMinutes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(graceMinutes);
        var key = NewKey();
        var details = ActRecord.Details(("graceMinutes", graceMinutes));
        var rotated = await ChangeAsync<int>(
            Acts.TerminalRotateKey, $"terminal {terminalCode}", details, async (connection, transaction) =>
        {
            await using var rotate = new NpgsqlCommand(
                "update terminal set previous_key_hash = key_hash, previous_key_until = now() + make_interval(mins => $3), "
                + "key_hash = $2, key_generation = key_generation + 1 "
                + "where code = $1 and ($3 = 0 or previous_key_until is null or previous_key_until <= now()) returning terminal_id",
                connection, transaction);
            rotate.Parameters.Add(Text(terminalCode));
            rotate.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = AgentDirectory.HashOf(key) });
            rotate.Parameters.Add(new NpgsqlParameter<int> { TypedValue = graceMinutes });
            return await rotate.ExecuteScalarAsync() as int?;
        });
        return rotated is null ? null : key;
    }

    /// <summary>
    /// Sets an agent's share from a Baku day on; what was accepted before keeps its own. False: there is no such agent, or that day began.
    /// </summary>
    /// <param name="hundredthsPercent">15 = 0.15 %, at most 10 000.</param>
    public async Task<bool> SetCommissionAsync(string code, LocalDate from, int hundredthsPercent)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(hundredthsPercent);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(hundredthsPercent, 10_000);
        var details = ActRecord.Details(("from", from.ToString("uuuu-MM-dd", null)), ("hundredthsPercent", hundredthsPercent));
        return await ChangeAsync<int>(Acts.AgentCommissionSet, $"agent {code}", details, async (connection, transaction) =>
        {
            await using var set = new NpgsqlCommand(
                "insert into agent_commission (agent_id, valid_from, hundredths_percent, set_by) "
                + "select a.agent_id, $2, $3, $4 from agent a where a.code = $1 and a.part_of is null "
                + "and $2 > (clock_timestamp() at time zone 'Asia/Baku')::date returning agent_id", connection, transaction);
            set.Parameters.Add(Text(code));
            set.Parameters.Add(new NpgsqlParameter<DateOnly> { TypedValue = from.ToDateColumn() });
            set.Parameters.Add(new NpgsqlParameter<int> { TypedValue = hundredthsPercent });
            set.Parameters.Add(Text(by.Login));
            return await set.ExecuteScalarAsync() as int?;
        }) is not null;
    }

    /// <summary>Suspends an agent, or lets it go on. False: there is no such agent.</summary>
    public Task<bool> SuspendAgentAsync(string code, bool suspended) =>
        SuspendAsync(
            Acts.AgentSuspend, $"agent {code}",
            "update agent a set suspended_at = case when $2 then now() end from agent o where a.code = $1 and a.part_of is null "
            + "and o.agent_id = a.agent_id returning o.suspended_at is not null", code, suspended);

    /// <summary>Suspends a terminal, or lets it go on. False: there is no such terminal.</summary>
    public Task<bool> SuspendTerminalAsync(string code, bool suspended) =>
        SuspendAsync(
            Acts.TerminalSuspend, $"terminal {code}",
            "update terminal t set suspended_at = case when $2 then now() end from terminal o where t.code = $1 "
            + "and o.code = t.code returning o.suspended_at is not null", code, suspended);

    /// <summary>The number of parts and the id of an agent by its code, or null.</summary>
    public static async Task<(int AgentId, int Parts)?> FindAgentAsync(NpgsqlDataSource database, string code)
    {
        await using var find = database.CreateCommand("select agent_id, parts from agent where code = $1 and part_of is null");
        find.Parameters.Add(Text(code));
        await using var reader = await find.ExecuteReaderAsync();
        return await reader.ReadAsync() ? (reader.GetInt32(0), reader.GetInt16(1)) : null;
    }

    /// <summary>A terminal by its code, with the number of its agent's parts, or null.</summary>
    public static async Task<(int AgentId, int TerminalId, int Parts)?> FindTerminalAsync(NpgsqlDataSource database, string code)
    {
        await using var find = database.CreateCommand(
            "select t.agent_id, t.terminal_id, a.parts from terminal t join agent a on a.agent_id = t.agent_id where t.code = $1");
        find.Parameters.Add(Text(code));
        await using var reader = await find.ExecuteReaderAsync();
        return await reader.ReadAsync() ? (reader.GetInt32(0), reader.GetInt32(1), reader.GetInt16(2)) : null;
    }

    /// <summary>A new key: 32 random bytes, base64url.</summary>
    public static string NewKey() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    private async Task<bool> SuspendAsync(Act act, string subject, string statement, string code, bool suspended)
    {
        // What it was before is known only once the row is held; so the entry is made inside.
        return await InTransactionAsync<bool>(act, async (connection, transaction) =>
        {
            await using var change = new NpgsqlCommand(statement, connection, transaction);
            change.Parameters.Add(Text(code));
            change.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = suspended });
            if (await change.ExecuteScalarAsync() is not bool before)
            {
                return null;
            }

            await ActRecord.AppendAsync(
                connection, transaction, by.Login, act.Name, subject, ActRecord.Details(("before", before), ("after", suspended)));
            return true;
        }) ?? false;
    }

    private Task<T?> ChangeAsync<T>(
        Act act, string subject, string details, Func<NpgsqlConnection, NpgsqlTransaction, Task<T?>> change)
        where T : struct =>
        InTransactionAsync<T>(act, async (connection, transaction) =>
        {
            var result = await change(connection, transaction);
            if (result is not null)
            {
                await ActRecord.AppendAsync(connection, transaction, by.Login, act.Name, subject, details);
            }

            return result;
        });

    private async Task<T?> InTransactionAsync<T>(Act act, Func<NpgsqlConnection, NpgsqlTransaction, Task<T?>> change)
        where T : struct
    {
        by.Require(act);
        await using var connection = await database.OpenConnectionAsync();
        await using var transaction = await connection.BeginChangeAsync();
        await using (var raise = new NpgsqlCommand(
            "update directory_version set version = version + 1", connection, transaction))
        {
            // First, so that two changes at once wait for each other and no reader sees a version before its rows.
            await raise.ExecuteNonQueryAsync();
        }

        var result = await change(connection, transaction);
        await (result is null ? transaction.RollbackAsync() : transaction.CommitAsync());
        return result;
    }

    private static NpgsqlParameter<string?> Text(string? value) => new() { TypedValue = value };

    private static NpgsqlParameter Texts(string[]? values) => new()
    {
        NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text,
        Value = (object?)values ?? DBNull.Value,
    };
}
