using System.Collections.Concurrent;
using System.Net;
using EGovPay.Processing;
using EGovPay.Processing.Agents;
using EGovPay.Processing.Audit;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Dispatch;
using EGovPay.Terminals;
using EGovPay.Tests.Payments;
using EGovPay.Tests.PostgreSql;
using EGovPay.Tests.Terminals;
using FluentAssertions;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;
using Xunit;

namespace EGovPay.Tests.Time;

/// <summary>
/// A centre whose database's clock a test sets, behind its HTTP surface. Nothing happens by itself: the test says when the day
/// is rolled and when a provider answers.
/// </summary>
internal sealed class TimedCentre : IAsyncDisposable
{
    private readonly WebApplication app;

    private TimedCentre(TestDatabase database, Engine engine, AnswersWhenLet provider, WebApplication app)
    {
        Database = database;
        Engine = engine;
        Provider = provider;
        this.app = app;
        Address = new Uri(app.Urls.First());
    }

    public TestDatabase Database { get; }

    public Engine Engine { get; }

    public AnswersWhenLet Provider { get; }

    public Uri Address { get; }

    public Terminal Terminal { get; private set; } = null!;

    public HttpClient Client { get; private set; } = new();

    public static async Task<TimedCentre> StartAsync(Instant at, Func<NewTerminal, NewTerminal>? change = null)
    {
        var database = await TestDatabase.CreateAsync();
        await SetClock.PutInAsync(database, at);
        var provider = new AnswersWhenLet();
        var engine = await Engine.StartAsync(
            new EngineSettings
            {
                ConnectionString = database.ConnectionString,
                Secret = new byte[32],
                Connect = providers => providers.ToDictionary(p => p.Code, provider.As),
                Route = (_, _) => "azercell",
                Background = false,
            },
            new DatabaseClock(), NullLoggerFactory.Instance);
        var app = await Server.StartAsync(
            new ServerSettings { Listen = new IPEndPoint(IPAddress.Loopback, 0) }, engine, NullLoggerFactory.Instance);
        var centre = new TimedCentre(database, engine, provider, app);
        var agent = (await engine.Administer.AddAgentAsync("bank", "Sınaq bankı"))!.Value;
        await engine.Administer.AddPointAsync(agent, "p1", "Mərkəz filialı");
        var asked = new NewTerminal("bank-t1", "Kassa 1");
        var key = (await engine.Administer.AddTerminalAsync(agent, 1, change?.Invoke(asked) ?? asked))!;
        await engine.DepositAsync(agent, 1, "deposit-1", SmallCentre.Deposit);
        centre.Terminal = (await engine.Directory.FindByKeyAsync(key, engine.Clock.GetCurrentInstant()))!;
        centre.Client.BaseAddress = centre.Address;
        centre.Client.DefaultRequestHeaders.Authorization = new("Bearer", key);
        return centre;
    }

    /// <summary>The database's clock jumps, and its node hears of it.</summary>
    public Task SetAsync(Instant at) => SetClock.SetAsync(Database, at, Engine);

    /// <summary>What the engine does each second: roll the day if it is due.</summary>
    public Task RollAsync() => Engine.Days.RoundAsync(CancellationToken.None);

    public Task<Answered> PayAsync(string reference, long amountQepik = 2_350) =>
        Client.PayAsync(reference, HttpCentre.Payment(amountQepik));

    /// <summary>A payment that was accepted and whose provider has not answered yet.</summary>
    public async Task<Task<Answered>> BeginAsync(string reference, long amountQepik = 2_350)
    {
        Provider.Hold();
        var paying = PayAsync(reference, amountQepik);
        await Provider.Asked;
        return paying;
    }

    public async Task<string> ReceiptAsync(string reference)
    {
        var receipt = await Client.LookAsync($"/v1/payments/{reference}/receipt", ("Accept", "text/plain"));
        receipt.Status.Should().Be(HttpStatusCode.OK);
        return receipt.Text;
    }

    /// <summary>The whole audit finds nothing.</summary>
    public async Task AuditAsync()
    {
        var report = await AuditBooks.RunAsync(Database.DataSource, null, TestContext.Current.CancellationToken);
        report.Invariants.Where(i => i.Violations > 0).SelectMany(i => i.Offenders.Select(o => $"{i.Name}: {o}")).Should().BeEmpty();
    }

    public async ValueTask DisposeAsync()
    {
        Provider.Confirm();
        Client.Dispose();
        await app.StopAsync();
        await app.DisposeAsync();
        await Engine.DisposeAsync();
        await Database.DisposeAsync();
    }
}

/// <summary>A provider that confirms at once, or, once it is told to hold, when the test lets it.</summary>
internal sealed class AnswersWhenLet
{
    private readonly ConcurrentDictionary<long, byte> delivered = new();
    private TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource<DeliveryAnswer>? held;

    /// <summary>Ends when the payment that is held has reached the provider: it was accepted before.</summary>
    public Task Asked => asked.Task;

    /// <summary>How many payments it was asked to deliver, repeats of a number counted once.</summary>
    public int Delivered => delivered.Count;

    public void Hold()
    {
        asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        held = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    public void Confirm() => Answer(new DeliveryAnswer(DeliveryResult.Confirmed, ProviderTransaction: "1"));

    public void Answer(DeliveryAnswer answer)
    {
        var waiting = held;
        held = null;
        waiting?.TrySetResult(answer);
    }

    public IProvider As(ProviderSettings settings) => new One(settings, this);

    private sealed class One(ProviderSettings settings, AnswersWhenLet all) : IProvider
    {
        public ProviderSettings Settings => settings;

        public Task<InquiryAnswer> InquireAsync(InquiryQuestion question, CancellationToken deadline) =>
            Task.FromResult(new InquiryAnswer(InquiryResult.Found, "Əli Məmmədov", DueQepik: 2_350));

        public Task<DeliveryAnswer> PayAsync(Delivery delivery, CancellationToken deadline)
        {
            all.delivered.TryAdd(delivery.Number, 0);
            var held = all.held;
            all.asked.TrySetResult();
            return held is null
                ? Task.FromResult(new DeliveryAnswer(DeliveryResult.Confirmed, ProviderTransaction: "1"))
                : held.Task.WaitAsync(deadline);
        }

        public Task<DeliveryAnswer> AskAsync(Delivery delivery, CancellationToken deadline) => PayAsync(delivery, deadline);

        public Task<ReversalAnswer> ReverseAsync(Reversal reversal, CancellationToken deadline) =>
            Task.FromResult(new ReversalAnswer(ReversalResult.Reversed));
    }
}
