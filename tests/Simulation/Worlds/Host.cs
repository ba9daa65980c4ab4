using NodaTime;

namespace EGovPay.Tests.Simulation.Worlds;

/// <summary>
/// A machine with one process on it: a scheduler that runs its continuations one by one when the world says so, and its clocks. Killed,
/// it forgets everything; frozen, it does nothing, while its monotonic clock goes on and what comes to it waits.
/// </summary>
internal sealed class Host : TaskScheduler
{
    /// <summary>When the world begins, by true time: an afternoon in Baku.</summary>
    public static readonly Instant Epoch = Instant.FromUtc(2017, 11, 22, 10, 0);

    private readonly List<Task> ready = [];
    private readonly List<Action> late = [];
    private readonly World world;

    public Host(World world, int number)
    {
        this.world = world;
        Number = number;
        Clock = new HostClock(this, world);
        world.Add(this);
    }

    public int Number { get; }

    public HostClock Clock { get; }

    public bool Dead { get; private set; }

    public bool Frozen { get; private set; }

    public int Ready => ready.Count;

    /// <summary>There is something to do and it can be done.</summary>
    public bool Able => ready.Count > 0 && !Frozen && !Dead;

    public void Kill()
    {
        Dead = true;
        ready.Clear();
        late.Clear();
    }

    public void Freeze() => Frozen = true;

    /// <summary>What came over the network meanwhile is there at once; its timers find out in a moment that they are late.</summary>
    public void Thaw()
    {
        Frozen = false;
        foreach (var due in late)
        {
            world.After(TimeSpan.FromTicks(world.Random.Next((int)TimeSpan.TicksPerMillisecond)), () => PostDue(due));
        }

        late.Clear();
    }

    /// <summary>A timer is due.</summary>
    public void PostDue(Action action)
    {
        if (Frozen)
        {
            late.Add(action);
        }
        else
        {
            Post(action);
        }
    }

    /// <summary>Something comes to this machine: an answer, the end of a timer. It is done when its turn comes.</summary>
    public void Post(Action action)
    {
        if (!Dead)
        {
            _ = Task.Factory.StartNew(action, CancellationToken.None, TaskCreationOptions.DenyChildAttach, this);
        }
    }

    /// <summary>Runs work on this machine.</summary>
    public Task Run(Func<Task> work) =>
        Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.DenyChildAttach, this).Unwrap();

    public void RunOne(int place)
    {
        var task = ready[place];
        ready.RemoveAt(place);
        TryExecuteTask(task);
    }

    /// <summary>
    /// Sends a request over the network; it is carried out where it arrives, and its answer comes back here. A killed machine's requests
    /// still arrive, and nobody hears the answer.
    /// </summary>
    public Task<T> CallAsync<T>(TimeSpan there, Func<T> carryOut, TimeSpan back)
    {
        if (Current != this)
        {
            world.Complain($"something ran outside of machine {Number}");
        }

        var answer = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        world.After(there, () =>
        {
            T result;
            try
            {
                result = carryOut();
            }
            catch (Exception failure)
            {
                world.After(back, () => Post(() => answer.TrySetException(failure)));
                return;
            }

            world.After(back, () => Post(() => answer.TrySetResult(result)));
        });
        return answer.Task;
    }

    protected override void QueueTask(Task task)
    {
        if (!world.OnItsThread)
        {
            world.Complain($"something came to machine {Number} from a thread that the seed knows nothing of");
        }

        if (!Dead)
        {
            ready.Add(task);
        }
    }

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => false;

    protected override IEnumerable<Task> GetScheduledTasks() => ready;
}

/// <summary>A machine's clocks: a monotonic one that goes with the world, and one on the wall that may show anything.</summary>
internal sealed class HostClock(Host host, World world) : TimeProvider, IClock
{
    /// <summary>How far the wall's clock is wrong.</summary>
    public TimeSpan WallError { get; set; }

    public override long TimestampFrequency => World.Second;

    public override long GetTimestamp() => world.Now + (host.Number * 1_000_000_007L);

    public override DateTimeOffset GetUtcNow() => GetCurrentInstant().ToDateTimeOffset();

    public Instant GetCurrentInstant() => Host.Epoch + Duration.FromTicks(world.Now + WallError.Ticks);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new HostTimer(host, world, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class HostTimer(Host host, World world, TimerCallback callback, object? state) : ITimer
    {
        private int version;
        private bool ended;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            if (ended)
            {
                return false;
            }

            version++;
            if (dueTime != Timeout.InfiniteTimeSpan)
            {
                Arm(dueTime, period, version);
            }

            return true;
        }

        public void Dispose() => ended = true;

        public ValueTask DisposeAsync()
        {
            ended = true;
            return ValueTask.CompletedTask;
        }

        private void Arm(TimeSpan due, TimeSpan period, int armed) => world.After(due, () =>
        {
            if (ended || armed != version || host.Dead)
            {
                return;
            }

            host.PostDue(() =>
            {
                if (!ended && armed == version)
                {
                    callback(state);
                    if (period != Timeout.InfiniteTimeSpan)
                    {
                        Arm(period, period, armed);
                    }
                }
            });
        });
    }
}
