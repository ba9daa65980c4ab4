using System.Collections.Frozen;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using EGovPay.Processing.PostgreSql;
using EGovPay.Processing.Validation;
using Microsoft.Extensions.Logging;
using NodaTime;
using Npgsql;

namespace EGovPay.Processing.Agents;

/// <summary>
/// Who may ask: every terminal with its point and agent, in memory, read again when an administrative change raises the
/// directory's version. A change is in force on every node within <see cref="Look"/>; an unknown key is looked up before it
/// is refused, so a new terminal's first request is not.
/// </summary>
public sealed class AgentDirectory : IDisposable
{
    /// <summary>How often the version is looked at.</summary>
    public static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);

    private static readonly string ReadDirectory = Sql.Load("Agents/ReadDirectory.sql");

    private readonly NpgsqlDataSource database;
    private readonly ILogger log;
    private readonly SemaphoreSlim reading = new(1);
    private long lastLook;
    private volatile Snapshot snapshot = new(
        0, FrozenDictionary<string, Keyed>.Empty, FrozenDictionary<string, Terminal>.Empty, FrozenSet<int>.Empty);

    private AgentDirectory(NpgsqlDataSource database, ILogger log)
    {
        this.database = database;
        this.log = log;
    }

    /// <summary>Terminals known now.</summary>
    public int Count => snapshot.ByCode.Count;

    public static async Task<AgentDirectory> OpenAsync(
        NpgsqlDataSource database, ILogger log, CancellationToken cancel = default)
    {
        var directory = new AgentDirectory(database, log);
        await directory.RefreshAsync(cancel);
        return directory;
    }

    /// <summary>The SHA-256 of a key, which is all that the database keeps of it.</summary>
    public static byte[] HashOf(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));

    /// <summary>
    /// The terminal that a bearer key belongs to, or null. The key itself is never compared: its hash is looked up, so time
    /// tells nothing of it.
    /// </summary>
    public async ValueTask<Terminal?> FindByKeyAsync(string key, Instant now, CancellationToken cancel = default)
    {
        var hash = Convert.ToHexString(HashOf(key));
        if (Known(hash, now) is { } known)
        {
            return known;
        }

        await RefreshAsync(cancel);
        return Known(hash, now);
    }

    /// <summary>The same from memory alone: null also for a key so new that it has not been heard of.</summary>
    public Terminal? FindKnown(string key, Instant now) => Known(Convert.ToHexString(HashOf(key)), now);

    /// <summary>The terminal with this code (unique over all agents), or null.</summary>
    public Terminal? FindByCode(string terminalCode) => snapshot.ByCode.GetValueOrDefault(terminalCode);

    /// <summary>The names of a terminal by its numbers, for a receipt; null when it is not known.</summary>
    public Terminal? Find(int terminalId) => snapshot.ById.GetValueOrDefault(terminalId);

    /// <summary>A provider wants to hear of the payments to it.</summary>
    public bool ProviderSubscribed(int providerId) => snapshot.Providers.Contains(providerId);

    /// <summary>Follows changes until stopped.</summary>
    public async Task FollowAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            await Task.Delay(Look, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            try
            {
                await RefreshAsync(stop);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure) when (failure is NpgsqlException or TimeoutException)
            {
                Log.BackgroundFailed(log, failure, "following the directory of agents");
            }
        }
    }

    /// <summary>Reads the directory again if it changed. Callers at once share one look: a flood of unknown keys costs few.</summary>
    public async Task RefreshAsync(CancellationToken cancel = default)
    {
        var asked = Stopwatch.GetTimestamp();
        await reading.WaitAsync(cancel);
        try
        {
            if (lastLook > asked)
            {
                return;
            }

            lastLook = Stopwatch.GetTimestamp();
            await using var look = database.CreateCommand("select version from directory_version");
            if (await look.ExecuteScalarAsync(cancel) is long version && version != snapshot.Version)
            {
                snapshot = await ReadAsync(cancel);
            }
        }
        finally
        {
            reading.Release();
        }
    }

    public void Dispose() => reading.Dispose();

    private Terminal? Known(string hash, Instant now) =>
        snapshot.ByKey.TryGetValue(hash, out var keyed) && (keyed.Until is null || now < keyed.Until) ? keyed.Terminal : null;

    private async Task<Snapshot> ReadAsync(CancellationToken cancel)
    {
        await using var command = database.CreateCommand(ReadDirectory);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var byKey = new Dictionary<string, Keyed>(StringComparer.Ordinal);
        var byCode = new Dictionary<string, Terminal>(StringComparer.Ordinal);
        var version = 0L;
        while (await reader.ReadAsync(cancel))
        {
            version = reader.GetInt64(0);
            if (reader.IsDBNull(10))
            {
                continue;
            }

            var terminal = Read(reader);
            byCode[terminal.TerminalCode] = terminal;
            byKey[Convert.ToHexString(reader.GetFieldValue<byte[]>(24))] = new Keyed(terminal, null);
            if (!reader.IsDBNull(25))
            {
                // Whoever still uses the old key also still signs with the secret of its generation.
                byKey[Convert.ToHexString(reader.GetFieldValue<byte[]>(25))] = new Keyed(
                    terminal with { KeyGeneration = terminal.KeyGeneration - 1 },
                    reader.GetInstantOrNull(26) ?? Instant.MinValue);
            }
        }

        await reader.DisposeAsync();
        return new Snapshot(
            version, byKey.ToFrozenDictionary(StringComparer.Ordinal), byCode.ToFrozenDictionary(StringComparer.Ordinal),
            await ReadProvidersAsync(cancel));
    }

    private async Task<FrozenSet<int>> ReadProvidersAsync(CancellationToken cancel)
    {
        await using var command = database.CreateCommand(
            "select distinct provider_id from webhook_endpoint where provider_id is not null and off_at is null");
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var providers = new HashSet<int>();
        while (await reader.ReadAsync(cancel))
        {
            providers.Add(reader.GetInt32(0));
        }

        return providers.ToFrozenSet();
    }

    private static Terminal Read(NpgsqlDataReader row)
    {
        string? Text(int column) => row.IsDBNull(column) ? null : row.GetString(column);
        long? Whole(int column) => row.IsDBNull(column) ? null : row.GetInt64(column);
        AllowedServices Allowed(int column) =>
            AllowedServices.Of(row.IsDBNull(column) ? null : row.GetFieldValue<string[]>(column));
        return new Terminal
        {
            AgentId = row.GetInt32(1),
            Parts = row.GetInt16(2),
            AgentCode = row.GetString(3),
            AgentName = row.GetString(4),
            AgentVoen = Text(5),
            PointId = row.GetInt32(6),
            PointCode = row.GetString(7),
            PointName = row.GetString(8),
            PointAddress = Text(9),
            TerminalId = row.GetInt32(10),
            TerminalCode = row.GetString(11),
            TerminalName = row.GetString(12),
            Suspended = row.GetBoolean(13),
            Signed = row.GetBoolean(14),
            KeyGeneration = row.GetInt32(15),
            PublicKey = row.IsDBNull(16) ? null : row.GetFieldValue<byte[]>(16),
            AgentServices = Allowed(17),
            TerminalServices = Allowed(18),
            SingleLimitQepik = Whole(19),
            DailyLimitQepik = Whole(20),
            ShiftRequired = row.GetBoolean(21),
            CommissionHundredthsPercent = row.GetInt32(22),
            Commissions = row.IsDBNull(27) ? [] :
            [
                .. row.GetFieldValue<DateOnly[]>(27).Zip(
                    row.GetFieldValue<int[]>(28), (from, percent) => new DatedCommission(LocalDate.FromDateOnly(from), percent)),
            ],
            Subscribed = row.GetBoolean(23),
        };
    }

    private sealed record Keyed(Terminal Terminal, Instant? Until);

    private sealed record Snapshot(
        long Version, FrozenDictionary<string, Keyed> ByKey, FrozenDictionary<string, Terminal> ByCode, FrozenSet<int> Providers)
    {
        public FrozenDictionary<int, Terminal> ById { get; } =
            ByCode.Values.ToFrozenDictionary(terminal => terminal.TerminalId);
    }
}
