using EGovPay.Processing;
using EGovPay.Processing.Dispatch;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;

namespace EGovPay.Terminals.CommandLine;

/// <summary>An engine without background work and without providers: for commands that post to the ledger.</summary>
internal sealed class Books : IAsyncDisposable
{
    private readonly Store store;

    private Books(Store store, Engine engine)
    {
        this.store = store;
        Engine = engine;
    }

    public Engine Engine { get; }

    public static async Task<Books> OpenAsync(Settings settings, CancellationToken cancel)
    {
        var store = await Store.UseAsync(settings, cancel);
        try
        {
            return new Books(
                store, await StartEngineAsync(store.ConnectionString, $"{settings.Node} command line", cancel));
        }
        catch
        {
            await store.DisposeAsync();
            throw;
        }
    }

    /// <summary>The engine alone, on a database that its caller keeps.</summary>
    public static Task<Engine> StartEngineAsync(string connectionString, string node, CancellationToken cancel) =>
        Engine.StartAsync(
            new EngineSettings
            {
                ConnectionString = connectionString,
                // Nothing is sealed or signed by a command, so it does not need the server's own.
                Secret = new byte[32],
                NodeName = node,
                Connect = _ => new Dictionary<string, IProvider>(StringComparer.Ordinal),
                Route = (_, _) => null,
                Background = false,
            },
            SystemClock.Instance, NullLoggerFactory.Instance, cancel);

    public async ValueTask DisposeAsync()
    {
        await Engine.DisposeAsync();
        await store.DisposeAsync();
    }
}
