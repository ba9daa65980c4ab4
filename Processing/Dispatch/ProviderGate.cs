using EGovPay.Processing.Catalogue;
using Polly;
using Polly.CircuitBreaker;

namespace EGovPay.Processing.Dispatch;

/// <summary>
/// The door to one provider: so many requests at once, a circuit breaker, a time limit. Payments must have a permit before
/// they are accepted; while the breaker is not closed only inquiries and questions pass, and they are what closes it again.
/// Questions have permits of their own: a silent provider's queue takes nothing from its payers, nor from other providers.
/// </summary>
public sealed class ProviderGate : IDisposable
{
    private readonly int limit;
    private int waitedFor;
    private readonly SemaphoreSlim payments;
    private readonly SemaphoreSlim inquiries;
    private readonly SemaphoreSlim questions;
    private readonly CircuitBreakerStateProvider breaker = new();
    private readonly ResiliencePipeline<bool> pipeline;

    public ProviderGate(IProvider provider, TimeProvider? clock = null)
    {
        Provider = provider;
        limit = Math.Max(1, provider.Settings.ConcurrencyLimit);
        payments = new SemaphoreSlim(limit);
        inquiries = new SemaphoreSlim(limit);
        questions = new SemaphoreSlim(Math.Max(1, limit / 4));
        pipeline = new ResiliencePipelineBuilder<bool> { TimeProvider = clock }
            .AddCircuitBreaker(new CircuitBreakerStrategyOptions<bool>
            {
                ShouldHandle = new PredicateBuilder<bool>().HandleResult(false),
                FailureRatio = 0.5,
                MinimumThroughput = 20,
                SamplingDuration = TimeSpan.FromSeconds(10),
                BreakDuration = TimeSpan.FromSeconds(3),
                StateProvider = breaker,
            })
            .Build();
    }

    public IProvider Provider { get; }

    public ProviderSettings Settings => Provider.Settings;

    /// <summary>The breaker is closed: payments may be accepted.</summary>
    public bool Open => breaker.CircuitState == CircuitState.Closed;

    /// <summary>0: closed, 1: half open, on trial, 2: open.</summary>
    internal int BreakerState => breaker.CircuitState switch
    {
        CircuitState.Closed => 0,
        CircuitState.HalfOpen => 1,
        _ => 2,
    };

    /// <summary>Permits in use: payments, inquiries, questions.</summary>
    internal (int Payments, int Inquiries, int Questions) InUse => (
        limit - payments.CurrentCount, limit - inquiries.CurrentCount, Math.Max(1, limit / 4) - questions.CurrentCount);

    /// <summary>Calls under way for which somebody waits: payments and inquiries.</summary>
    public int WaitedFor => Volatile.Read(ref waitedFor);

    /// <summary>Permits free for questions about unknown payments.</summary>
    public int FreeQuestions => questions.CurrentCount;

    /// <summary>A permit for one payment, or null: too many under way, or the breaker is not closed.</summary>
    public Permit? TryEnterPayment() => Open ? TryEnter(payments) : null;

    public Permit? TryEnterInquiry() => TryEnter(inquiries);

    public Permit? TryEnterQuestion() => TryEnter(questions);

    /// <summary>
    /// Calls the provider under the breaker. While the breaker is open nothing is sent and <paramref name="refused"/> comes back.
    /// </summary>
    /// <param name="waited">Somebody waits for the answer.</param>
    /// <param name="healthy">Did the provider answer like one that works? A decline is an answer.</param>
    public async Task<T> CallAsync<T>(Func<Task<T>> call, Func<T, bool> healthy, T refused, bool waited = false)
    {
        var answer = refused;
        Interlocked.Add(ref waitedFor, waited ? 1 : 0);
        // What goes on after the call goes on where the caller was: a simulation runs on a scheduler of its own.
        var context = ResilienceContextPool.Shared.Get(continueOnCapturedContext: true);
        try
        {
            await pipeline.ExecuteAsync(async _ => healthy(answer = await call()), context);
        }
        catch (BrokenCircuitException)
        {
            return refused;
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
            Interlocked.Add(ref waitedFor, waited ? -1 : 0);
        }

        return answer;
    }

    public void Dispose()
    {
        payments.Dispose();
        inquiries.Dispose();
        questions.Dispose();
    }

    private static Permit? TryEnter(SemaphoreSlim room) => room.Wait(0) ? new Permit(room) : null;
}

/// <summary>A place in a provider's limit; given back once.</summary>
public sealed class Permit : IDisposable
{
    private SemaphoreSlim? room;

    internal Permit(SemaphoreSlim room) => this.room = room;

    public void Dispose() => Interlocked.Exchange(ref room, null)?.Release();
}

/// <summary>
/// The end of a claim on this machine's monotonic clock. Counted from before the commit that claimed, so it always ends earlier
/// than the database's own time for it; a process that was frozen finds it passed when it wakes.
/// </summary>
public readonly record struct SendDeadline(long Ticks)
{
    /// <summary>Nothing may be sent any more.</summary>
    public static SendDeadline Passed => new(long.MinValue);

    /// <param name="startedTicks">The clock's timestamp before the commit that claimed.</param>
    public static SendDeadline After(long startedTicks, int seconds, TimeProvider clock) =>
        new(checked(startedTicks + (seconds * clock.TimestampFrequency)));

    /// <summary>What is left; zero when it has passed.</summary>
    public TimeSpan Left(TimeProvider clock)
    {
        var now = clock.GetTimestamp();
        return now >= Ticks ? TimeSpan.Zero : clock.GetElapsedTime(now, Ticks);
    }
}
