using EGovPay.Processing;
using EGovPay.Processing.Agents;
using EGovPay.Processing.Payments;
using EGovPay.Processing.Telling;
using EGovPay.Terminals.Telling;
using EGovPay.Tests.Payments;
using EGovPay.Tests.PostgreSql;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace EGovPay.Tests.Telling;

/// <summary>A small centre that tells, in rounds or all the time.</summary>
internal sealed class TellingCentre : IAsyncDisposable
{
    private readonly List<(TellEveryone Teller, CancellationTokenSource Stop, Task Running)> running = [];

    private TellingCentre(TestDatabase database, SmallCentre small)
    {
        Database = database;
        Small = small;
    }

    public TestDatabase Database { get; }

    public SmallCentre Small { get; }

    public Engine Engine => Small.Engine;

    public Terminal Terminal { get; private set; } = null!;

    public Endpoints Endpoints => new(Engine.Database, TestPeople.Doer);

    public static async Task<TellingCentre> StartAsync(PayerChannels payers = default)
    {
        var database = await TestDatabase.CreateAsync();
        var small = await SmallCentre.StartAsync(database, payers: payers);
        return new TellingCentre(database, small) { Terminal = small.Terminal };
    }

    /// <summary>Subscribes the centre's agent; its terminal knows at once.</summary>
    public async Task<int> SubscribeAsync(Uri url, params string[] events)
    {
        var (made, id) = await Endpoints.AddAsync(Terminal.AgentId, null, url, events.Length == 0 ? null : events);
        made.Should(EndpointMade.Made);
        await LookAsync();
        return id;
    }

    public async Task<int> SubscribeProviderAsync(int providerId, Uri url)
    {
        var (made, id) = await Endpoints.AddAsync(null, providerId, url, null);
        made.Should(EndpointMade.Made);
        await LookAsync();
        return id;
    }

    public async Task LookAsync()
    {
        await Engine.Directory.RefreshAsync();
        Terminal = Engine.Directory.FindByCode(Terminal.TerminalCode)!;
    }

    /// <summary>Tells all the time, until the centre ends.</summary>
    public TellEveryone Tell(TellingSettings? settings = null, ILogger<TellEveryone>? log = null)
    {
        var teller = new TellEveryone(Engine, settings ?? new TellingSettings(), log ?? NullLogger<TellEveryone>.Instance);
        var stop = new CancellationTokenSource();
        running.Add((teller, stop, teller.RunAsync(stop.Token)));
        return teller;
    }

    public async Task StopTellingAsync()
    {
        foreach (var (teller, stop, task) in running)
        {
            await stop.CancelAsync();
            await task;
            teller.Dispose();
            stop.Dispose();
        }

        running.Clear();
    }

    public async Task<Payment> PayAsync(
        string reference, string service = "10101", string account = "012345678901234", long amountQepik = 2_350,
        Contact? contact = null, TimeSpan? patience = null)
    {
        var answer = await Engine.Pay.PayAsync(
            Terminal,
            new PaymentRequest
            {
                Reference = reference,
                Service = service,
                Account = account,
                AmountQepik = amountQepik,
                TotalQepik = amountQepik,
                Tender = Tender.Cash,
                Contact = contact,
            },
            patience ?? TimeSpan.FromSeconds(20));
        return answer.Payment ?? throw new InvalidOperationException($"Refused: {answer.Refused?.Why}");
    }

    /// <summary>Waits until a question to the database is answered so; fails after the time.</summary>
    public async Task UntilAsync(string sql, long expected, int seconds = 30)
    {
        var since = TimeProvider.System.GetTimestamp();
        while (await Database.AskAsync<long>(sql) is var found && found != expected)
        {
            if (TimeProvider.System.GetElapsedTime(since).TotalSeconds > seconds)
            {
                throw new InvalidOperationException($"{sql}: {found}, and not {expected}, after {seconds} s.");
            }

            await Task.Delay(20);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopTellingAsync();
        await Small.DisposeAsync();
        await Database.DisposeAsync();
    }
}

file static class Expecting
{
    public static void Should(this EndpointMade made, EndpointMade expected)
    {
        if (made != expected)
        {
            throw new InvalidOperationException($"The endpoint: {made}.");
        }
    }
}
