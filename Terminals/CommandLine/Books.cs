using System.CommandLine;
using EGovPay.Processing;
using EGovPay.Processing.Dispatch;
using EGovPay.Processing.People;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;

namespace EGovPay.Terminals.CommandLine;

/// <summary>An engine without background work and without providers: for commands that post to the ledger.</summary>
internal sealed class Books : IAsyncDisposable
{
    private readonly Desk desk;

    private Books(Desk desk, Engine engine)
    {
        this.desk = desk;
        Engine = engine;
    }

    public Engine Engine { get; }

    /// <summary>Who runs the command.</summary>
    public Person Person => desk.Person;

    /// <summary>Lets a person in for the command's act, and opens the books to them.</summary>
    public static async Task<Books> OpenAsync(ParseResult parsed, CancellationToken cancel)
    {
        var desk = await Desk.OpenAsync(parsed, cancel);
        try
        {
            var engine = await StartEngineAsync(
                desk.Store.ConnectionString, $"{ReadSettings.From(parsed).Node} command line", cancel);
            if (engine.Continuity.Sure)
            {
                return new Books(desk, engine);
            }

            await engine.DisposeAsync();
            throw new CommandException(
                "The database was restored from a backup, or promoted while nobody was there to vouch for it; nothing is written to "
                + "its books. Run `egovpay restored` (RUNBOOK.md, restore drill).");
        }
        catch
        {
            await desk.DisposeAsync();
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
        await desk.DisposeAsync();
    }
}
