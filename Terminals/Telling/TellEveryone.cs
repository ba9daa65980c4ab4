using System.Collections.Concurrent;
using EGovPay.Processing;
using EGovPay.Processing.Telling;
using Npgsql;

namespace EGovPay.Terminals.Telling;

/// <summary>How telling runs.</summary>
public sealed record TellingSettings
{
    /// <summary>Where webhooks may go. Default: public addresses by https, the loopback also by http.</summary>
    public AllowedTargets Targets { get; init; } = new();

    /// <summary>The mail relay; null: nobody is told by e-mail.</summary>
    public MailRelay? Mail { get; init; }

    /// <summary>The SMS gateway; null: nobody is told by SMS.</summary>
    public SmsGateway? Sms { get; init; }

    /// <summary>The address that payers reach the verification at, without a slash at its end.</summary>
    public string PublicAddress { get; init; } = "http://127.0.0.1:8080";

    /// <summary>How long one attempt may take. Default 15 s; it ends before the lease does.</summary>
    public TimeSpan AttemptTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Attempts under way to one endpoint from this node. Default 16.</summary>
    public int EndpointWindow { get; init; } = 16;

    /// <summary>E-mails, and SMS, under way from this node. Default 4 each.</summary>
    public int PayerWindow { get; init; } = 4;

    /// <summary>The longest pause between attempts to reach a receiver that keeps failing. Default 20 s.</summary>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(20);
}

/// <summary>
/// Tells everyone who subscribed, at least once: takes events from the outbox, leases what is due, tells it, and writes down what came
/// of it. Every node does; what a dead node had leased is due again when the lease ends. Each receiver has a window of its own.
/// </summary>
public sealed class TellEveryone : IDisposable
{
    private static readonly TimeSpan Busy = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Idle = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LookAtEndpoints = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestTelling = TimeSpan.FromSeconds(50);
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(3);

    private readonly Engine engine;
    private readonly TellingSettings settings;
    private readonly ILogger log;
    private readonly PostWebhook post;
    private readonly ConcurrentQueue<Attempted> ended = new();
    private readonly ConcurrentDictionary<Task, bool> underWay = new();
    private readonly CancellationTokenSource aborted = new();
    private readonly Dictionary<int, (IWay Way, Window Window)> receivers = [];
    private readonly SemaphoreSlim turn = new(1);
    private long lookedAt;

    public TellEveryone(Engine engine, TellingSettings settings, ILogger<TellEveryone> log)
    {
        this.engine = engine;
        this.settings = settings;
        this.log = log;
        post = new PostWebhook(settings.Targets);
        var texts = new PayerTexts(engine, settings.PublicAddress);
        if (settings.Mail is { } mail)
        {
            receivers[Receivers.Email] = (new SendMail(mail, texts), new Window(settings.PayerWindow, settings.LongestPause));
        }

        if (settings.Sms is { } sms)
        {
            receivers[Receivers.Sms] = (new SendSms(sms, texts), new Window(settings.PayerWindow, settings.LongestPause));
        }
    }

    /// <summary>Tells until stopped; then what is under way gets a moment to end, and the rest is given back unsent.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var began = 0;
            try
            {
                began = await RoundAsync(stop);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                // What this round had leased is due again when its lease ends.
                break;
            }
            catch (Exception failure)
            {
                // Whatever it is, the next round comes: subscribers wait.
                Log.TellingFailed(log, failure);
            }

            await Task.Delay(began > 0 || !ended.IsEmpty ? Busy : Idle, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await EndAsync();
    }

    /// <summary>One round: writes down, fans out, leases, begins. Zero: there was nothing to do. Rounds come one after the other.</summary>
    public async Task<int> RoundAsync(CancellationToken cancel)
    {
        await turn.WaitAsync(cancel);
        try
        {
            return await RoundInTurnAsync(cancel);
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>
    /// Tells what is due now, once, and gives up what nobody tries any more. The loop may run beside it, here and on other nodes: what
    /// one of them has leased no other tells.
    /// </summary>
    /// <returns>How many attempts were begun here, and how many deliveries were given up.</returns>
    public async Task<(int Begun, long GivenUp)> TellDueAsync(CancellationToken cancel)
    {
        var givenUp = await engine.Deliveries.GiveUpAsync(cancel);
        var (all, since) = (0, TimeProvider.System.GetTimestamp());
        int begun;
        do
        {
            begun = await RoundAsync(cancel);
            all += begun;
            // What came of the attempts is written down by the next round.
            await Task.WhenAll(underWay.Keys).WaitAsync(settings.AttemptTimeout, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        while (begun > 0 && TimeProvider.System.GetElapsedTime(since) < LongestTelling && !cancel.IsCancellationRequested);
        return (all, givenUp);
    }

    private async Task<int> RoundInTurnAsync(CancellationToken cancel)
    {
        await SettleAsync(cancel);
        await LookAsync(cancel);
        var more = await engine.Deliveries.FanOutAsync(cancel) == Deliveries.FanOutLimit;
        var rooms = receivers.Select(one => (one.Key, one.Value.Window.Room)).Where(one => one.Room > 0).ToList();
        var leased = await engine.Deliveries.LeaseAsync(rooms, cancel);
        if (leased.Count == 0)
        {
            return more ? 1 : 0;
        }

        var payments = await engine.Deliveries.ReadAsync(leased, cancel);
        foreach (var delivery in leased)
        {
            Begin(delivery, payments.GetValueOrDefault((delivery.Number, delivery.Step)));
        }

        return leased.Count;
    }

    public void Dispose()
    {
        post.Dispose();
        turn.Dispose();
        foreach (var (way, _) in receivers.Values)
        {
            (way as IDisposable)?.Dispose();
        }

        aborted.Dispose();
    }

    private void Begin(Leased delivery, ToldPayment? told)
    {
        var (way, window) = receivers[delivery.Receiver];
        if (told is null || Announcement.Of(told.Payment.Edge) is not { } what)
        {
            ended.Enqueue(new Attempted(delivery, TellingOutcome.Dead, TimeSpan.Zero, "there is no such event"));
            return;
        }

        window.Begin();
        var task = Task.Run(() => TellAsync(new Telling(delivery, told, what), way, window), CancellationToken.None);
        underWay[task] = true;
        _ = task.ContinueWith(done => underWay.TryRemove(done, out _), TaskScheduler.Default);
    }

    private async Task TellAsync(Telling telling, IWay way, Window window)
    {
        var reached = new Reached(Reach.Ill, "no answer in time");
        using (var limit = CancellationTokenSource.CreateLinkedTokenSource(aborted.Token))
        {
            limit.CancelAfter(settings.AttemptTimeout);
            try
            {
                // Whatever a way does with the token, its time ends here; never before the token says so, since that closes its connection.
                reached = await way.TellAsync(telling, limit.Token).WaitAsync(limit.Token);
            }
            catch (Exception late) when (limit.IsCancellationRequested || late is OperationCanceledException)
            {
                if (aborted.IsCancellationRequested)
                {
                    window.End(null);
                    ended.Enqueue(new Attempted(telling.Delivery, TellingOutcome.Untried, TimeSpan.Zero, null));
                    return;
                }
            }
            catch (Exception defect)
            {
                Log.TellingDefect(log, telling.Delivery.Receiver, defect.GetType().Name);
                reached = new Reached(Reach.Ill, "an error of ours");
            }
        }

        window.End(reached.How != Reach.Ill);
        if (reached.How == Reach.Gone)
        {
            await SwitchOffAsync(telling.Delivery.Receiver);
        }

        ended.Enqueue(Judge(telling.Delivery, reached));
    }

    private static Attempted Judge(Leased delivery, Reached reached) => reached.How switch
    {
        Reach.Told => new Attempted(delivery, TellingOutcome.Told, TimeSpan.Zero, null),
        Reach.Never or Reach.Gone => new Attempted(delivery, TellingOutcome.Dead, TimeSpan.Zero, reached.Note),
        _ when RetrySchedule.After(delivery.Attempts, Random.Shared.NextDouble()) is { } delay =>
            new Attempted(delivery, TellingOutcome.Again, delay, reached.Note),
        _ => new Attempted(delivery, TellingOutcome.Dead, TimeSpan.Zero, reached.Note),
    };

    private async Task SwitchOffAsync(int endpointId)
    {
        try
        {
            if (await engine.Endpoints.SwitchOffAsync(endpointId, "it answered 410: gone"))
            {
                Log.EndpointGone(log, endpointId);
                lookedAt = 0;
            }
        }
        catch (NpgsqlException failure)
        {
            // The next attempt is told the same.
            Log.TellingFailed(log, failure);
        }
    }

    private async Task SettleAsync(CancellationToken cancel)
    {
        var attempts = new List<Attempted>();
        while (attempts.Count < Deliveries.FanOutLimit && ended.TryDequeue(out var one))
        {
            attempts.Add(one);
        }

        if (attempts.Count == 0)
        {
            return;
        }

        try
        {
            await engine.Deliveries.SettleAsync(attempts, cancel);
        }
        catch
        {
            attempts.ForEach(ended.Enqueue);
            throw;
        }

        foreach (var one in attempts.Where(one => one.Outcome == TellingOutcome.Dead))
        {
            Log.DeadLetter(log, one.Delivery.Number, one.Delivery.Step, one.Delivery.Receiver, one.Delivery.Attempts, one.Note);
        }
    }

    /// <summary>Which endpoints there are now.</summary>
    private async Task LookAsync(CancellationToken cancel)
    {
        if (lookedAt == 0 || TimeProvider.System.GetElapsedTime(lookedAt) > LookAtEndpoints)
        {
            lookedAt = TimeProvider.System.GetTimestamp();
            var endpoints = (await engine.Endpoints.ListAsync(cancel)).Where(endpoint => endpoint.OffAt is null)
                .ToDictionary(endpoint => endpoint.Id);
            foreach (var gone in receivers.Keys.Where(id => id > 0 && !endpoints.ContainsKey(id)).ToList())
            {
                receivers.Remove(gone);
            }

            foreach (var (id, endpoint) in endpoints)
            {
                var window = receivers.TryGetValue(id, out var known) ? known.Window : new Window(settings.EndpointWindow, settings.LongestPause);
                receivers[id] = (new SendWebhook(endpoint, post, engine), window);
            }
        }
    }

    private async Task EndAsync()
    {
        await Task.WhenAll(underWay.Keys).WaitAsync(LastWords).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await aborted.CancelAsync();
        await Task.WhenAll(underWay.Keys).WaitAsync(LastWords).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        try
        {
            using var limit = new CancellationTokenSource(LastWords);
            while (!ended.IsEmpty)
            {
                await SettleAsync(limit.Token);
            }
        }
        catch (Exception failure) when (failure is NpgsqlException or OperationCanceledException)
        {
            // Their leases end by themselves; what was told is told once more.
            Log.TellingFailed(log, failure);
        }
    }
}
