using System.Collections.Concurrent;
using System.Net;
using EGovPay.Processing;
using EGovPay.Processing.Telling;
using EGovPay.Terminals.CommandLine;
using EGovPay.Terminals.Telling;
using Npgsql;

namespace EGovPay.Terminals.Demo;

/// <summary>What an agent of the demo was told of, against what its book says it was to be told of.</summary>
/// <param name="Events">Events of its payments in this run that are announced.</param>
/// <param name="Told">Those of them that its own server took.</param>
internal sealed record DemoTold(int Events, int Told);

/// <summary>An agent's own server, which subscribed to its payments: keeps the ids of what it heard.</summary>
internal sealed class DemoSubscriber : IAsyncDisposable
{
    private const string Agent = "sebeke";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);
    private static readonly string EventsToTell = Sql.Load("Demo/EventsToTell.sql");

    private readonly WebApplication app;
    private readonly ConcurrentDictionary<string, bool> heard = new(StringComparer.Ordinal);

    private DemoSubscriber(WebApplication app) => this.app = app;

    /// <summary>Starts the server and subscribes it in the place of an earlier run's.</summary>
    public static async Task<DemoSubscriber> StartAsync(Store store, DemoPeople people, CancellationToken cancel)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        var subscriber = new DemoSubscriber(app);
        app.Run(subscriber.HearAsync);
        await app.StartAsync(cancel);
        var endpoints = new Endpoints(store.Database, people.Administrator);
        foreach (var old in await endpoints.ListAsync(cancel))
        {
            if (old.Agent == Agent && old.Url.IsLoopback)
            {
                await endpoints.RemoveAsync(old.Id, cancel);
            }
        }

        var (agentId, _) = await AgentCommands.FindAsync(store.Database, Agent);
        await endpoints.AddAsync(agentId, null, new Uri(new Uri(app.Urls.First()), "/egovpay"), null, cancel);
        return subscriber;
    }

    /// <summary>Waits until everything of this run was told, and counts.</summary>
    /// <param name="from">The first payment number of the run.</param>
    public async Task<DemoTold> CountAsync(NpgsqlDataSource database, long from, CancellationToken cancel)
    {
        var since = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var events = await EventsAsync(database, from, cancel);
            var told = events.Count(heard.ContainsKey);
            if (told == events.Count || TimeProvider.System.GetElapsedTime(since) > Patience)
            {
                return new DemoTold(events.Count, told);
            }

            await Task.Delay(Look, cancel);
        }
    }

    public async ValueTask DisposeAsync() => await app.DisposeAsync();

    private static async Task<List<string>> EventsAsync(NpgsqlDataSource database, long from, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(EventsToTell);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = Agent });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = from });
        command.Parameters.Add(new NpgsqlParameter<short[]> { TypedValue = [.. Announcement.All.Select(one => one.EdgeId)] });
        await using var row = await command.ExecuteReaderAsync(cancel);
        var events = new List<string>();
        while (await row.ReadAsync(cancel))
        {
            events.Add(row.GetString(0));
        }

        return events;
    }

    private Task HearAsync(HttpContext context)
    {
        if (context.Request.Headers[SignWebhook.IdHeader].ToString() is { Length: > 0 and < 64 } id)
        {
            heard[id] = true;
        }

        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }
}
