using EGovPay.Processing.People;
using EGovPay.Processing.PostgreSql;
using NodaTime;
using Npgsql;
using NpgsqlTypes;

namespace EGovPay.Processing.Telling;

/// <summary>Where an agent or a provider wants to hear of payments.</summary>
/// <param name="Agent">The agent's code; null: a provider's endpoint.</param>
/// <param name="Events">The types it hears of; null: all.</param>
/// <param name="Generation">Of its signing secret, from 1.</param>
/// <param name="PreviousUntil">Until when the generation before signs too; null: it does not.</param>
/// <param name="OffAt">Since when it is switched off; null: it is told.</param>
public sealed record WebhookEndpoint(
    int Id, string? Agent, int? ProviderId, Uri Url, IReadOnlyList<string>? Events, int Generation, Instant? PreviousUntil,
    Instant? OffAt, string? OffNote)
{
    /// <summary>The address as lists and records show it.</summary>
    public string Shown => Show(Url);

    /// <summary>An address without what its query says: many receivers put a token there.</summary>
    public static string Show(Uri url) =>
        url.Query.Length > 1 ? url.GetLeftPart(UriPartial.Path) + "?***" : url.AbsoluteUri;
}

/// <summary>What became of a request for a new endpoint.</summary>
public enum EndpointMade { Made, Known, TooMany }

/// <summary>
/// The endpoints of agents and providers. Each change raises the directory's version, so that acceptances know within a moment who
/// subscribed: an agent hears of payments accepted after that. What a person does stands in the record with it.
/// </summary>
/// <param name="by">Who makes changes; null: nobody does, and an endpoint is only read and switched off.</param>
public sealed class Endpoints(NpgsqlDataSource database, Person? by = null)
{
    /// <summary>Endpoints that one agent, or one provider, may have.</summary>
    public const int MostEach = 8;

    /// <summary>Endpoints in all; each may hold a few requests open on each node.</summary>
    public const int MostInAll = 2_000;

    /// <summary>How long the secret before a rotation still signs.</summary>
    public const int GraceHours = 24;

    private const string Columns =
        "w.endpoint_id, a.code, w.provider_id, w.url, w.events, w.generation, w.previous_until, w.off_at, w.off_note";

    /// <summary>The purpose from which an endpoint's secret is derived with the server's (<see cref="Engine.Derive"/>).</summary>
    public static string Purpose(int endpointId, int generation) =>
        FormattableString.Invariant($"webhook {endpointId} {generation}");

    /// <summary>Makes an endpoint for an agent (its first part) or a provider; one of the two is given.</summary>
    public async Task<(EndpointMade Made, int Id)> AddAsync(
        int? agentId, int? providerId, Uri url, IReadOnlyList<string>? events, CancellationToken cancel = default)
    {
        if (agentId is null == providerId is null)
        {
            throw new ArgumentException("An endpoint belongs to an agent or to a provider.", nameof(agentId));
        }

        Require(Acts.WebhookAdd);
        await using var connection = await database.OpenConnectionAsync(cancel);
        await using var transaction = await connection.BeginChangeAsync(cancel);
        // Whoever adds waits for whoever adds: the limits are counted by the statement after.
        await using (var turn = new NpgsqlCommand("select pg_advisory_xact_lock(7340, 0)", connection, transaction))
        {
            await turn.ExecuteNonQueryAsync(cancel);
        }

        await using (var count = new NpgsqlCommand(
            "select count(*), count(*) filter (where agent_id = $1 or provider_id = $2), "
            + "max(endpoint_id) filter (where (agent_id = $1 or provider_id = $2) and url = $3) "
            + "from webhook_endpoint where removed_at is null",
            connection, transaction))
        {
            count.Parameters.Add(Whole(agentId));
            count.Parameters.Add(Whole(providerId));
            count.Parameters.Add(new NpgsqlParameter<string> { TypedValue = url.AbsoluteUri });
            await using var row = await count.ExecuteReaderAsync(cancel);
            await row.ReadAsync(cancel);
            if (!row.IsDBNull(2))
            {
                return (EndpointMade.Known, row.GetInt32(2));
            }

            if (row.GetInt64(0) >= MostInAll || row.GetInt64(1) >= MostEach)
            {
                return (EndpointMade.TooMany, 0);
            }
        }

        await using var add = new NpgsqlCommand(
            "insert into webhook_endpoint (agent_id, provider_id, url, events) values ($1, $2, $3, $4) returning endpoint_id",
            connection, transaction);
        add.Parameters.Add(Whole(agentId));
        add.Parameters.Add(Whole(providerId));
        add.Parameters.Add(new NpgsqlParameter<string> { TypedValue = url.AbsoluteUri });
        add.Parameters.Add(new NpgsqlParameter
        {
            NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text,
            Value = events is null ? DBNull.Value : events.ToArray(),
        });
        var id = (int)(await add.ExecuteScalarAsync(cancel))!;
        await PublishAsync(connection, transaction, id, cancel);
        await RecordAsync(connection, transaction, Acts.WebhookAdd, id, ActRecord.Details(
            ("agentId", agentId), ("providerId", providerId), ("url", WebhookEndpoint.Show(url)), ("events", events)));
        await transaction.CommitAsync(cancel);
        return (EndpointMade.Made, id);
    }

    /// <summary>All endpoints that are not removed, by number.</summary>
    public async Task<IReadOnlyList<WebhookEndpoint>> ListAsync(CancellationToken cancel = default)
    {
        await using var command = database.CreateCommand(
            $"select {Columns} from webhook_endpoint w left join agent a on a.agent_id = w.agent_id "
            + "where w.removed_at is null order by w.endpoint_id");
        await using var row = await command.ExecuteReaderAsync(cancel);
        var endpoints = new List<WebhookEndpoint>();
        while (await row.ReadAsync(cancel))
        {
            endpoints.Add(new WebhookEndpoint(
                row.GetInt32(0),
                row.IsDBNull(1) ? null : row.GetString(1),
                row.IsDBNull(2) ? null : row.GetInt32(2),
                new Uri(row.GetString(3)),
                row.IsDBNull(4) ? null : row.GetFieldValue<string[]>(4),
                row.GetInt32(5),
                row.GetInstantOrNull(6),
                row.GetInstantOrNull(7),
                row.IsDBNull(8) ? null : row.GetString(8)));
        }

        return endpoints;
    }

    /// <summary>One that is not removed, or null.</summary>
    public async Task<WebhookEndpoint?> FindAsync(int endpointId, CancellationToken cancel = default) =>
        (await ListAsync(cancel)).FirstOrDefault(endpoint => endpoint.Id == endpointId);

    /// <summary>Removes an endpoint; what was on its way to it becomes dead letters. False: there is none.</summary>
    public Task<bool> RemoveAsync(int endpointId, CancellationToken cancel = default) => ChangeAsync(
        endpointId,
        "update webhook_endpoint set removed_at = now(), off_at = coalesce(off_at, now()), off_note = coalesce(off_note, 'removed') "
        + "where endpoint_id = $1 and removed_at is null", null, Acts.WebhookRemove, cancel);

    /// <summary>Stops telling an endpoint, with a note why. False: it is off, or there is none.</summary>
    public Task<bool> SwitchOffAsync(int endpointId, string note, CancellationToken cancel = default) => ChangeAsync(
        endpointId, "update webhook_endpoint set off_at = now(), off_note = $2 where endpoint_id = $1 and off_at is null", note, null, cancel);

    /// <summary>Tells an endpoint again. False: it is not off, or there is none.</summary>
    public Task<bool> SwitchOnAsync(int endpointId, CancellationToken cancel = default) => ChangeAsync(
        endpointId,
        "update webhook_endpoint set off_at = null, off_note = null where endpoint_id = $1 and off_at is not null and removed_at is null",
        null, Acts.WebhookOn, cancel);

    /// <summary>
    /// Gives an endpoint a new secret; the one before signs too for <see cref="GraceHours"/>. The new generation, or null: there is
    /// no such endpoint, or the secret before its present one still signs.
    /// </summary>
    /// <param name="force">Also then: the secret before the present one ends at once.</param>
    public async Task<int?> RotateAsync(int endpointId, bool force = false, CancellationToken cancel = default)
    {
        Require(Acts.WebhookRotate);
        await using var connection = await database.OpenConnectionAsync(cancel);
        await using var transaction = await connection.BeginChangeAsync(cancel);
        await using var command = new NpgsqlCommand(
            "update webhook_endpoint set generation = generation + 1, previous_until = now() + make_interval(hours => $2) "
            + "where endpoint_id = $1 and removed_at is null and ($3 or previous_until is null or previous_until <= now()) "
            + "returning generation", connection, transaction);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = endpointId });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = GraceHours });
        command.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = force });
        if (await command.ExecuteScalarAsync(cancel) is not int generation)
        {
            return null;
        }

        await RecordAsync(
            connection, transaction, Acts.WebhookRotate, endpointId, ActRecord.Details(("generation", generation)));
        await transaction.CommitAsync(cancel);
        return generation;
    }

    /// <summary>Puts a trial of an endpoint into the record; it changes nothing.</summary>
    public async Task RecordTestAsync(int endpointId, CancellationToken cancel = default)
    {
        Require(Acts.WebhookTest);
        await using var connection = await database.OpenConnectionAsync(cancel);
        await using var transaction = await connection.BeginChangeAsync(cancel);
        await RecordAsync(connection, transaction, Acts.WebhookTest, endpointId, ActRecord.Details());
        await transaction.CommitAsync(cancel);
    }

    private async Task<bool> ChangeAsync(int endpointId, string sql, string? note, Act? act, CancellationToken cancel)
    {
        Require(act);
        await using var connection = await database.OpenConnectionAsync(cancel);
        await using var transaction = await connection.BeginChangeAsync(cancel);
        await using var change = new NpgsqlCommand(sql, connection, transaction);
        change.Parameters.Add(new NpgsqlParameter<int> { TypedValue = endpointId });
        if (note is not null)
        {
            change.Parameters.Add(new NpgsqlParameter<string> { TypedValue = note });
        }

        if (await change.ExecuteNonQueryAsync(cancel) == 0)
        {
            return false;
        }

        await PublishAsync(connection, transaction, endpointId, cancel);
        if (act is not null)
        {
            await RecordAsync(connection, transaction, act, endpointId, ActRecord.Details());
        }

        await transaction.CommitAsync(cancel);
        return true;
    }

    private void Require(Act? act)
    {
        if (act is not null)
        {
            (by ?? throw new InvalidOperationException($"'{act.Name}' is done by somebody.")).Require(act);
        }
    }

    private Task RecordAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, Act act, int endpointId, string details) =>
        ActRecord.AppendAsync(
            connection, transaction, by!.Login, act.Name, FormattableString.Invariant($"endpoint {endpointId}"), details);

    /// <summary>Says on the agent whether anybody subscribed, and lets every node look.</summary>
    private static async Task PublishAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, int endpointId, CancellationToken cancel)
    {
        await using var publish = new NpgsqlCommand(
            "with owner as (update agent a set subscribed = exists ("
            + "select from webhook_endpoint w where w.agent_id = a.agent_id and w.off_at is null) "
            + "from webhook_endpoint o where o.endpoint_id = $1 and a.agent_id = o.agent_id) "
            + "update directory_version set version = version + 1", connection, transaction);
        publish.Parameters.Add(new NpgsqlParameter<int> { TypedValue = endpointId });
        await publish.ExecuteNonQueryAsync(cancel);
    }

    private static NpgsqlParameter Whole(int? value) =>
        new() { NpgsqlDbType = NpgsqlDbType.Integer, Value = (object?)value ?? DBNull.Value };
}
