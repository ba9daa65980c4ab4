using EGovPay.Processing;
using EGovPay.Processing.Agents;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Payments;
using EGovPay.Processing.Telling;
using EGovPay.Providers;
using EGovPay.Providers.Simulator;
using EGovPay.Tests.PostgreSql;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;

namespace EGovPay.Tests.Payments;

/// <summary>An engine on a test's database, one funded terminal, and the provider simulator over real HTTP.</summary>
internal sealed class SmallCentre : IAsyncDisposable
{
    public const long Deposit = 100_000_000;

    private static int agents;

    private readonly ConnectProviders connect;

    private SmallCentre(Engine engine, ProviderSimulator simulator, ConnectProviders connect, Terminal terminal)
    {
        Engine = engine;
        Simulator = simulator;
        this.connect = connect;
        Terminal = terminal;
    }

    public Engine Engine { get; }

    public ProviderSimulator Simulator { get; }

    public Terminal Terminal { get; }

    public static async Task<SmallCentre> StartAsync(
        TestDatabase database, RouteNumber? route = null, PayerChannels payers = default)
    {
        var record = Path.Combine(Path.GetTempPath(), $"egovpay-sim-{Guid.NewGuid():N}.record");
        var simulator = await ProviderSimulator.StartAsync(
            new SimulatorSettings { RecordFile = record, Providers = EmbeddedCatalogue.Load().Providers }, SystemClock.Instance, CancellationToken.None);
        var connect = new ConnectProviders(
            simulator.Address, SimulatedAccess.For, SystemClock.Instance, NullLoggerFactory.Instance);
        var engine = await Engine.StartAsync(
            new EngineSettings
            {
                ConnectionString = database.ConnectionString,
                Secret = new byte[32],
                Connect = connect.Connect,
                Route = route ?? ((_, _) => "azercell"),
                Payers = payers,
            },
            SystemClock.Instance, NullLoggerFactory.Instance);
        var terminal = await AddTerminalAsync(engine, Deposit);
        return new SmallCentre(engine, simulator, connect, terminal);
    }

    /// <summary>A new agent with a point, a terminal and a deposit.</summary>
    public static async Task<Terminal> AddTerminalAsync(Engine engine, long depositQepik)
    {
        var name = FormattableString.Invariant($"bank-{Interlocked.Increment(ref agents)}");
        var agentId = (await engine.Administer.AddAgentAsync(name, "Sınaq bankı"))!.Value;
        var pointId = (await engine.Administer.AddPointAsync(agentId, "p1", "Mərkəz filialı"))!.Value;
        var key = (await engine.Administer.AddTerminalAsync(agentId, pointId, new NewTerminal(name + "-t1", "Kassa 1")))!;
        await engine.DepositAsync(agentId, 1, "deposit-1", depositQepik);
        return (await engine.Directory.FindByKeyAsync(key, engine.Clock.GetCurrentInstant()))!;
    }

    public static PaymentRequest Request(
        string reference, string service, string account, long amountQepik, long feeQepik = 0, string? inquiry = null) => new()
    {
        Reference = reference,
        Service = service,
        Account = account,
        AmountQepik = amountQepik,
        TotalQepik = amountQepik + feeQepik,
        Inquiry = inquiry,
        Tender = Tender.Cash,
    };

    public async ValueTask DisposeAsync()
    {
        await Engine.DisposeAsync();
        await Simulator.DisposeAsync();
        connect.Dispose();
    }
}
