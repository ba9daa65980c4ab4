using Microsoft.Extensions.Logging;
using Npgsql;

namespace EGovPay.Processing.Catalogue;

/// <summary>
/// The catalogue this node goes by. It is swapped whole when another node or the command line applies a version: told
/// by the database at once, and looked for every two seconds in case a notification was lost with its connection. A
/// node that cannot reach the database, or meets a version that it cannot read, keeps what it has.
/// </summary>
public sealed class CatalogueInForce
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromSeconds(1);

    private readonly NpgsqlDataSource _database;
    private readonly ILogger _logger;
    private volatile CatalogueSnapshot _current;
    private int _unreadable;

    private CatalogueInForce(NpgsqlDataSource database, ILogger logger, CatalogueSnapshot current)
    {
        _database = database;
        _logger = logger;
        _current = current;
    }

    /// <summary>
    /// Raised on the following loop after each swap, with the new catalogue. It must be quick and must not throw.
    /// </summary>
    public event Action<CatalogueSnapshot>? Swapped;

    /// <summary>The catalogue in force. Take it once for a request and keep it to the end of it.</summary>
    public CatalogueSnapshot Current => _current;

    /// <summary>Loads the newest version; a database without any gets the embedded catalogue as version 1.</summary>
    public static async Task<CatalogueInForce> OpenAsync(
        NpgsqlDataSource database, ILogger logger, CancellationToken cancellation = default) =>
        new(database, logger, await CatalogueStore.LatestOrEmbeddedAsync(database, cancellation));

    /// <summary>For programs and tests without a database: a catalogue that stays.</summary>
    public static CatalogueInForce Fixed(CatalogueSnapshot catalogue) =>
        new(null!, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance, catalogue);

    /// <summary>
    /// Follows the database until it is cancelled; it ends by no other way. It holds one connection of its own.
    /// </summary>
    public async Task FollowAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await FollowOnOneConnectionAsync(stopping);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception lost) when (lost is NpgsqlException or TimeoutException or InvalidOperationException)
            {
                Log.CatalogueFollowingInterrupted(_logger, lost);
                await Task.Delay(PauseAfterFailure, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task FollowOnOneConnectionAsync(CancellationToken stopping)
    {
        await using var connection = await _database.OpenConnectionAsync(stopping);
        await using (var listen = new NpgsqlCommand($"listen {CatalogueStore.Channel}", connection))
        {
            await listen.ExecuteNonQueryAsync(stopping);
        }

        while (true)
        {
            await SwapIfNewerAsync(connection, stopping);
            await connection.WaitAsync(PollInterval, stopping);
        }
    }

    private async Task SwapIfNewerAsync(NpgsqlConnection connection, CancellationToken stopping)
    {
        var version = await CatalogueStore.LatestVersionAsync(connection, stopping);
        if (version <= _current.Version || version == _unreadable)
        {
            return;
        }

        try
        {
            if (await CatalogueStore.LatestAsync(connection, stopping) is { } newer && newer.Version > _current.Version)
            {
                _current = newer;
                Log.CatalogueInForce(_logger, newer.Version, newer.Services.Count);
                Swapped?.Invoke(newer);
            }
        }
        catch (FormatException broken)
        {
            // Said once and not every two seconds: it is another program's version, and only a newer one mends it.
            _unreadable = version;
            Log.CatalogueUnreadable(_logger, broken, version, _current.Version);
        }
    }
}
