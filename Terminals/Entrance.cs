namespace EGovPay.Terminals;

/// <summary>
/// How much is let in. Two bounds: a fixed one for all that is under way, for memory; and one for what is *young*, which follows how
/// late this process comes to its work. What is older than half a second waits for others (a slow provider, a long poll, a slow body) and
/// takes nothing from anybody, so it does not count against the second.
/// <para>
/// The lateness is that of a short timer, and of commits: the least in a twentieth of a second is how long a queue stands, for the
/// processor or within the database, and a queue that stands is too much work let in (as in CoDel). Then the bound falls by a fifth,
/// and by up to a half where it goes on; where it is used up and no queue stands, it grows. It never falls for what waits for
/// providers. Nothing is measured by the request, and there is nothing to tune to a machine: what a commit takes when little is in it
/// is learnt.
/// </para>
/// </summary>
internal sealed class Entrance : IDisposable
{
    /// <summary>A queue for the processor may stand this long.</summary>
    public static readonly TimeSpan StandingQueue = TimeSpan.FromMilliseconds(10);

    /// <summary>Commits may take this long, and <see cref="SlowerThanCalm"/> times what they take when little is in them.</summary>
    public static readonly TimeSpan StandingCommit = TimeSpan.FromMilliseconds(8);

    public const int SlowerThanCalm = 5;

    /// <summary>Commands that wait longer for their commit mean that the database stands still: no more is let in.</summary>
    public static readonly TimeSpan StandingJournal = TimeSpan.FromSeconds(1);

    public const int LeastLimit = 16;

    /// <summary>For each processor, until more or fewer have been tried.</summary>
    private const int LimitAtFirst = 64;

    /// <summary>A disk that becomes slow for good is believed in about an hour.</summary>
    private const double CalmGrows = 1.00002;

    private const int BucketMilliseconds = 64;
    private const int Buckets = 8;

    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan Round = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan SayEvery = TimeSpan.FromSeconds(5);

    private readonly int most;
    private readonly Func<TimeSpan> journalAge;
    private readonly Func<TimeSpan?> quickestCommit;
    private readonly Func<int> atProviders;
    private readonly TimeProvider time;
    private readonly Lock guard = new();
    private readonly int[] came = new int[Buckets];
    private readonly CancellationTokenSource closing = new();
    private readonly CancellationTokenSource over = new();
    private long head;
    private int young;
    private int underWay;
    private long refused;
    private bool usedUp;
    private int lateRounds;
    private double limit;
    private TimeSpan calmCommit = TimeSpan.MaxValue;

    /// <param name="most">Requests under way at most, waits among them.</param>
    /// <param name="journalAge">How long the journal's oldest command has waited.</param>
    /// <param name="quickestCommit">The journal's quickest commit since it was asked last.</param>
    /// <param name="atProviders">Requests that wait for a provider now.</param>
    public Entrance(
        int most, Func<TimeSpan> journalAge, Func<TimeSpan?> quickestCommit, Func<int> atProviders, TimeProvider time)
    {
        this.atProviders = atProviders;
        this.most = most;
        this.quickestCommit = quickestCommit;
        this.journalAge = journalAge;
        this.time = time;
        limit = Math.Min(most, LimitAtFirst * Environment.ProcessorCount);
        head = Bucket();
    }

    /// <summary>Young requests that are let in now.</summary>
    public int Limit => (int)limit;

    /// <summary>Refused so far.</summary>
    public long Refused => Volatile.Read(ref refused);

    /// <summary>Requests under way, waits among them.</summary>
    public int UnderWay => Volatile.Read(ref underWay);

    /// <summary>The server stops: nothing new is let in, and who only waits is answered.</summary>
    public CancellationToken Closing => closing.Token;

    /// <summary>The time for what was under way is over: who still waits is told that its outcome is open.</summary>
    public CancellationToken Over => over.Token;

    /// <summary>False: whoever is told so counts as refused.</summary>
    public bool HasRoom()
    {
        lock (guard)
        {
            return Look();
        }
    }

    /// <summary>A place, or null: refused, before anything was read.</summary>
    public Place? TryEnter()
    {
        lock (guard)
        {
            if (!Look())
            {
                return null;
            }

            underWay++;
            young++;
            came[head % Buckets]++;
            return new Place(this, head);
        }
    }

    /// <summary>Follows the lateness until stopped.</summary>
    /// <param name="say">Hears every five seconds how many were refused, if any.</param>
    public async Task FollowAsync(Action<long, int> say, CancellationToken stop)
    {
        var (said, saidAt) = (0L, time.GetTimestamp());
        while (!stop.IsCancellationRequested)
        {
            var began = time.GetTimestamp();
            var least = TimeSpan.MaxValue;
            do
            {
                var asked = time.GetTimestamp();
                await Task.Delay(Tick, time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                var late = time.GetElapsedTime(asked) - Tick;
                least = late < least ? late : least;
            }
            while (time.GetElapsedTime(began) < Round && !stop.IsCancellationRequested);
            Follow(least, quickestCommit());
            if (time.GetElapsedTime(saidAt) > SayEvery)
            {
                var now = Refused;
                if (now > said)
                {
                    say(now - said, Limit);
                }

                (said, saidAt) = (now, time.GetTimestamp());
            }
        }
    }

    /// <summary>One step.</summary>
    /// <param name="late">The timer's least lateness in the last round.</param>
    /// <param name="commit">The quickest commit in it.</param>
    internal void Follow(TimeSpan late, TimeSpan? commit)
    {
        lock (guard)
        {
            Roll();
            var slower = Math.Max(late / StandingQueue, SlownessOf(commit));
            var working = Math.Min(young, underWay - atProviders());
            lateRounds = slower > 1 && working > limit / 2 ? lateRounds + 1 : 0;
            if (lateRounds > 0)
            {
                // The first may be a pause of the machine.
                var kept = lateRounds == 1 ? 0.8 : Math.Clamp(1 / slower, 0.5, 0.8);
                limit = Math.Max(Math.Min(LeastLimit, most), limit * kept);
            }
            else if (usedUp)
            {
                limit = Math.Min(most, limit + 1 + (limit / 32));
            }

            usedUp = false;
        }
    }

    /// <summary>Lets nothing in any more.</summary>
    public void Close() => closing.Cancel();

    /// <summary>Waits until nothing is under way, at most so long; then tells who still waits.</summary>
    public async Task EmptyAsync(TimeSpan patience)
    {
        var began = time.GetTimestamp();
        while (UnderWay > 0 && time.GetElapsedTime(began) < patience)
        {
            await Task.Delay(Tick, time);
        }

        await over.CancelAsync();
    }

    public void Dispose()
    {
        closing.Dispose();
        over.Dispose();
    }

    /// <summary>Above 1: commits take too long.</summary>
    private double SlownessOf(TimeSpan? commit)
    {
        if (commit is not { } took)
        {
            return 0;
        }

        calmCommit = took < calmCommit ? took : calmCommit * CalmGrows;
        var bearable = calmCommit * SlowerThanCalm;
        return took / (bearable > StandingCommit ? bearable : StandingCommit);
    }

    private bool Look()
    {
        Roll();
        if (underWay < most && young < Limit)
        {
            if (!closing.IsCancellationRequested && journalAge() <= StandingJournal)
            {
                return true;
            }
        }
        else
        {
            usedUp = true;
        }

        refused++;
        return false;
    }

    private void Leave(long bucket)
    {
        lock (guard)
        {
            Roll();
            underWay--;
            if (bucket > head - Buckets)
            {
                came[bucket % Buckets]--;
                young--;
            }
        }
    }

    /// <summary>What came half a second ago is no longer young.</summary>
    private void Roll()
    {
        for (var now = Bucket(); head < now;)
        {
            head = Math.Max(head + 1, now - Buckets);
            young -= came[head % Buckets];
            came[head % Buckets] = 0;
        }
    }

    private long Bucket() => (long)(time.GetElapsedTime(0).TotalMilliseconds / BucketMilliseconds);

    /// <summary>Something under way; it ends once.</summary>
    internal sealed class Place(Entrance entrance, long bucket) : IDisposable
    {
        private int ended;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref ended, 1) == 0)
            {
                entrance.Leave(bucket);
            }
        }
    }
}
