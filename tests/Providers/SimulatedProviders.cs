using System.Text.RegularExpressions;
using EGovPay.Processing;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Dispatch;
using EGovPay.Processing.Payments;
using EGovPay.Providers;
using EGovPay.Providers.Simulator;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;

namespace EGovPay.Tests.Providers;

/// <summary>
/// A simulator on a port of its own, its record in a folder of its own, and adapters that reach it over real HTTP.
/// </summary>
public sealed class SimulatedProviders : IAsyncDisposable
{
    private readonly ConnectProviders connect;

    private SimulatedProviders(ProviderSimulator simulator, ConnectProviders connect, string folder)
    {
        Simulator = simulator;
        this.connect = connect;
        Folder = folder;
        Adapters = connect.Connect(All);
        Http = new HttpClient { BaseAddress = simulator.Address };
    }

    public static readonly ProviderSettings Electricity = Provider(
        1, "azerishiq", "osmp", "/osmp/azerishiq", deduplicatesFirst: true);
    public static readonly ProviderSettings Gas = Provider(
        2, "azeriqaz", "osmp", "/osmp/azeriqaz", deduplicatesFirst: false);
    public static readonly ProviderSettings Migration = Provider(
        3, "dmx", "json", "/json/dmx", deduplicatesFirst: false);
    public static readonly ProviderSettings Police = Provider(
        4, "bdypi", "json", "/json/bdypi/{service}", deduplicatesFirst: true);
    public static readonly ProviderSettings Heating = Provider(
        5, "istilik", "register", "/register/istilik", deduplicatesFirst: false);

    public static readonly ProviderSettings[] All = [Electricity, Gas, Migration, Police, Heating];

    public ProviderSimulator Simulator { get; }

    public IReadOnlyDictionary<string, IProvider> Adapters { get; }

    public HttpClient Http { get; }

    public string Folder { get; }

    public string RecordFile => Path.Combine(Folder, "record.tsv");

    public static async Task<SimulatedProviders> StartAsync(
        Lies? lies = null, string? folder = null, Func<ProviderSettings, ProviderAccess>? access = null,
            IClock? clock = null)
    {
        folder ??= Directory.CreateTempSubdirectory("egovpay-sim-").FullName;
        var settings = new SimulatorSettings
        {
            Providers = All,
            RecordFile = Path.Combine(folder, "record.tsv"),
            Lies = lies ?? new Lies { SilenceMilliseconds = 20_000, LateMilliseconds = 300 },
        };
        clock ??= SystemClock.Instance;
        var simulator = await ProviderSimulator.StartAsync(settings, clock, CancellationToken.None);
        var connected = new ConnectProviders(
            simulator.Address, access ?? SimulatedAccess.For, clock, NullLoggerFactory.Instance);
        return new SimulatedProviders(simulator, connected, folder);
    }

    public static ProviderSettings Provider(
        int id, string code, string protocol, string address, bool deduplicatesFirst, int timeoutSeconds = 4) =>
        new(id, code, new Localised(code, code, code), null, protocol, address, 32, timeoutSeconds, deduplicatesFirst,
            "Asia/Baku", Reversals: true);

    public static Delivery Delivery(
        long number, string account, long amountQepik = 1_045, int service = 10101, params FieldValue[] fields) =>
        new(number, service, account, fields, amountQepik, Instant.FromUtc(2026, 11, 22, 20, 30, 15),
            PerhapsSentBefore: false);

    public static InquiryQuestion Question(long number, string account, int service = 10101) => new(
        number,
        new Service
        {
            Code = service,
            CodeText = $"{service}",
            Group = "kommunal",
            Name = new Localised("x", "x", "x"),
            Provider = "azerishiq",
            Portable = false,
            Fields = [new(
                "account", new Localised("x", "x", "x"), new Regex("^.*$", RegexOptions.None, TimeSpan.FromSeconds(1)),
                    CheckDigit.None, Normaliser.None, "1")],
            Rules =
            [
                new(new LocalDate(2015, 1, 1), AmountMode.Any, new Money(10), new Money(1_000_000), null, FeeRule.None,
                    InquiryNeed.Optional, DeliveryBy.Online, "C1", 0, null, true),
            ],
        },
        account, [], Instant.FromUtc(2026, 11, 22, 8, 0));

    /// <summary>How often the simulator says that it credited a number.</summary>
    public async Task<int> CreditedAsync(long number)
    {
        var text = await Http.GetStringAsync(new Uri($"/_sim/credited?txn={number}", UriKind.Relative));
        using var json = System.Text.Json.JsonDocument.Parse(text);
        return json.RootElement.GetProperty("credited").GetInt32();
    }

    /// <summary>Stops both sides and keeps the record.</summary>
    public async Task StopAsync()
    {
        Http.Dispose();
        connect.Dispose();
        await Simulator.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Directory.Delete(Folder, recursive: true);
    }
}

/// <summary>Collects what is logged, to see that an alarm rang and that nothing private is in a line.</summary>
public sealed class ListeningLog : ILogger, ILoggerFactory
{
    private readonly System.Collections.Concurrent.ConcurrentQueue<(
        LogLevel Level, int Event, string Text)> lines = new();

    public IReadOnlyCollection<(LogLevel Level, int Event, string Text)> Lines => lines;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?,
            string> formatter) =>
        lines.Enqueue((logLevel, eventId.Id, formatter(state, exception)));

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public ILogger CreateLogger(string categoryName) => this;

    public void Dispose()
    {
    }
}
