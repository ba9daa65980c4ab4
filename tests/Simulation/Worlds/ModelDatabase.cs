using EGovPay.Processing.Dispatch;
using EGovPay.Processing.Journal;
using EGovPay.Processing.Payments;
using NodaTime;
using Npgsql;

namespace EGovPay.Tests.Simulation.Worlds;

/// <summary>The one database of a world: the model, its clock, and what is wrong with it at the moment.</summary>
internal sealed class DatabaseServer(World world, ModelBook book)
{
    public ModelBook Book => book;

    /// <summary>How far the server's clock is from true time.</summary>
    public TimeSpan ClockError { get; set; }

    /// <summary>It takes no connection and carries nothing out.</summary>
    public bool Down { get; set; }

    /// <summary>Of a hundred requests, how many meet trouble of some kind.</summary>
    public int TroublePercent { get; set; }

    /// <summary>Its standby is not there: commits that wrote end with a notice instead of certainty.</summary>
    public bool StandbyGone { get; set; }

    /// <summary>No room: nothing is written.</summary>
    public bool Full { get; set; }

    public Instant Now => Host.Epoch + Duration.FromTicks(world.Now + ClockError.Ticks);
}

/// <summary>What one machine sees of the database: every operation is a request that may be late, lost, or answered by silence.</summary>
internal sealed class ModelDatabase(World world, Host host, DatabaseServer server) : ILaneDatabase, IClusterTables, IFindPayments
{
    /// <summary>A planted defect: the journal takes an execution whose connection broke for a commit.</summary>
    public bool BrokenIsCommitted { get; init; }

    private bool StandbyGone => server.StandbyGone;

    private World World => world;

    private Host Machine => host;

    /// <summary>This machine cannot reach the database.</summary>
    public bool CutOff { get; set; }

    public async ValueTask<ILaneConnection> OpenAsync(ILaneConnection? before, CancellationToken cancel)
    {
        await AskAsync(() => before is Lane lane && (lane.Ended = true));
        return new Lane(this);
    }

    public Task<int> RegisterAsync(string name) => AskAsync(() => server.Book.Register(server.Now));

    public Task<long> TakeBlockAsync(int nodeId) => AskAsync(server.Book.TakeBlock);

    public Task<Instant> BeatAsync(int nodeId, int leaseSeconds, long lowNumber) => AskAsync(() =>
    {
        server.Book.Beat(nodeId, leaseSeconds, lowNumber, server.Now);
        return server.Now;
    });

    public Task<IReadOnlyList<NodeSeen>> NodesAsync(int nodeId, CancellationToken cancel) =>
        AskAsync<IReadOnlyList<NodeSeen>>(() => server.Book.NodesFor(nodeId, server.Now));

    public Task<IReadOnlyList<LostPayment>> LostAsync(int nodeId, long after, CancellationToken cancel) =>
        AskAsync<IReadOnlyList<LostPayment>>(() => server.Book.Lost(nodeId, after, server.Now));

    public Task<IReadOnlyList<LostPayment>> UnfinishedAsync(int[] agentIds, long[] numbers, CancellationToken cancel) =>
        AskAsync<IReadOnlyList<LostPayment>>(() => server.Book.Unfinished(agentIds, numbers, server.Now));

    public Task CloseAsync(int nodeId, CancellationToken cancel) => AskAsync(() =>
    {
        server.Book.Close(nodeId, server.Now);
        return true;
    });

    public Task<IReadOnlyList<DueQuestion>> LeaseDueAsync(
        int[] providerIds, int[] room, int leaseSeconds, CancellationToken cancel) =>
        AskAsync<IReadOnlyList<DueQuestion>>(() => server.Book.LeaseDue(providerIds, room, leaseSeconds, server.Now));

    public Task<IReadOnlyList<DueReversal>> LeaseReversalsAsync(
        int[] providerIds, int[] room, int[] leaseSeconds, CancellationToken cancel) =>
        AskAsync<IReadOnlyList<DueReversal>>(() => server.Book.LeaseReversals(providerIds, room, leaseSeconds, server.Now));

    public Task<Payment?> FindAsync(int agentId, string reference, CancellationToken cancel = default) =>
        AskAsync(() => server.Book.Find(agentId, reference)?.Now());

    public Task<IReadOnlyList<Payment>> FindAsync(int[] agentIds, long[] numbers, CancellationToken cancel = default) =>
        AskAsync<IReadOnlyList<Payment>>(() => [.. agentIds.Zip(numbers, server.Book.Find).OfType<ModelPayment>().Select(p => p.Now())]);

    public Task<string?> FindUseAsync(int agentId, int parts, Guid inquiryId, CancellationToken cancel = default) =>
        AskAsync(() => server.Book.FindUse(agentId, parts, inquiryId));

    public Task<long> AvailableAsync(int agentId, CancellationToken cancel = default) =>
        AskAsync(() => server.Book.Funds.TryGetValue(agentId, out var funds) ? funds.Available : 0);

    /// <summary>A statement that is not the journal's: when it fails it may have been carried out or not.</summary>
    private async Task<T> AskAsync<T>(Func<T> carryOut)
    {
        var trouble = Trouble();
        return await host.CallAsync(
            world.Latency(),
            () =>
            {
                Reach();
                if (trouble == 0)
                {
                    throw new NpgsqlException("the connection broke on the way");
                }

                var result = carryOut();
                return trouble == 1 ? throw new NpgsqlException("the connection broke on the way back") : result;
            },
            world.Latency());
    }

    /// <summary>Which of the troubles this request meets, or -1.</summary>
    private int Trouble() =>
        server.TroublePercent > 0 && world.Random.Next(100) < server.TroublePercent ? world.Random.Next(8) : -1;

    private void Reach()
    {
        if (server.Down || CutOff)
        {
            throw new NpgsqlException("the database does not answer", new IOException("connection refused"));
        }
    }

    /// <summary>A connection of the journal. Whatever breaks it, the server may still carry out what it was sent.</summary>
    private sealed class Lane(ModelDatabase to) : ILaneConnection
    {
        public bool IsOpen { get; private set; } = true;

        /// <summary>The server has ended its session: what it was sent and has not carried out, it never will.</summary>
        public bool Ended { get; set; }

        public async Task<bool> ExecuteAsync(LaneBatch batch, bool mustWrite)
        {
            // As they are sent: what its sender does with the batch afterwards does not change what is under way.
            var sent = new Sent(
                [.. batch.Accepts.Commands.Select(c => c.Acceptance)], [.. batch.Records.Commands.Select(c => c.Happening)],
                [.. batch.Singles], mustWrite);
            var answer = await SendAsync(sent);
            var ticks = batch.StartedTicks;
            batch.Accepts.Begin();
            answer.Accepts.ForEach(row => batch.Accepts.Take(row, ticks));
            batch.Accepts.End();
            answer.Records.ForEach(row => batch.Records.Take(row, ticks));
            foreach (var (command, result) in sent.Singles.Zip(answer.Singles))
            {
                if (command is CancelPayment.Command cancel)
                {
                    cancel.Result = (long)result;
                }
                else
                {
                    ((ReversePayment.Command)command).Result = (bool)result;
                }
            }

            return answer.InDoubt;
        }

        public ValueTask DisposeAsync()
        {
            IsOpen = false;
            return ValueTask.CompletedTask;
        }

        private async Task<Answer> SendAsync(Sent sent)
        {
            var (world, host) = (to.World, to.Machine);
            var there = world.Latency();
            switch (to.Trouble())
            {
                case 0:
                    IsOpen = false;
                    return await host.CallAsync(
                        there,
                        () => to.BrokenIsCommitted ? to.Claim(sent) : throw new NpgsqlException("broken on the way"),
                        world.Latency());
                case 1:
                    IsOpen = false;
                    await host.CallAsync(there, () => to.Carry(sent), world.Latency());
                    throw new NpgsqlException("broken on the way back");
                case 2:
                    // The connection is gone for its sender; the server sees it later, and carries it out after waiting for a lock.
                    IsOpen = false;
                    world.After(there + TimeSpan.FromMilliseconds(world.Random.Next(1, 4_500)), () =>
                    {
                        if (!Ended)
                        {
                            to.CarryUnheard(sent);
                        }
                    });
                    return await host.CallAsync<Answer>(there, () => throw new IOException("reset by peer"), world.Latency());
                case 3:
                    return await host.CallAsync<Answer>(there, () => throw Told("40001", "could not serialize"), world.Latency());
                case 4:
                    return await host.CallAsync<Answer>(there, () => throw Told("55P03", "lock timeout"), world.Latency());
                case 5:
                    IsOpen = false;
                    var before = world.Random.Next(2) == 0;
                    return await host.CallAsync<Answer>(
                        there,
                        () =>
                        {
                            if (!before)
                            {
                                to.Carry(sent);
                            }

                            throw Told("57P01", "terminating connection due to administrator command");
                        },
                        world.Latency());
                default:
                    var slow = !world.Calm && world.Random.Next(32) == 0 ? TimeSpan.FromMilliseconds(world.Random.Next(4_900)) : TimeSpan.Zero;
                    // A commit that waits for its standby ends late, however long ago it was carried out.
                    var waits = to.StandbyGone && world.Random.Next(3) == 0
                        ? TimeSpan.FromMilliseconds(world.Random.Next(12_000))
                        : TimeSpan.Zero;
                    return await host.CallAsync(there + slow, () => to.Carry(sent), world.Latency() + waits);
            }
        }
    }

    private void CarryUnheard(Sent sent)
    {
        try
        {
            Carry(sent);
        }
        catch (NpgsqlException)
        {
            // Nobody hears it.
        }
    }

    private Answer Carry(Sent sent)
    {
        Reach();
        if (server.Full && (sent.Accepts.Count > 0 || sent.Records.Count > 0 || sent.Singles.Count > 0))
        {
            throw Told("53100", "no space left on device");
        }

        if (sent.Records.Any(h => h.ProviderTransaction?.Contains('\0') == true))
        {
            throw Told("22021", "invalid byte sequence for encoding");
        }

        var (now, events) = (server.Now, server.Book.Events);
        var accepts = server.Book.Accept(sent.Accepts, now);
        var records = server.Book.Record(sent.Records, now);
        var singles = sent.Singles.ConvertAll<object>(single => single is CancelPayment.Command c
            ? server.Book.Cancel(c.AgentId, c.Reference, c.Number, c.TerminalId, c.NodeId, now)
            : Reverse((ReversePayment.Command)single, now));
        var wrote = sent.MustWrite || server.Book.Events > events;
        return new Answer(accepts, records, singles, server.StandbyGone && wrote);
    }

    private bool Reverse(ReversePayment.Command wish, Instant now) =>
        server.Book.Reverse(wish.AgentId, wish.Number, wish.Minutes, wish.CancelNumber, wish.NodeId, now);

    /// <summary>An answer as if everything had been written.</summary>
    private Answer Claim(Sent sent) => new(
        [.. sent.Accepts.Select((_, ord) => new AcceptRow(ord, 0, 0, null, null, server.Now, 1_000_000, 1_000_000))],
        [.. sent.Records.Select((_, ord) => new RecordRow(ord, true, 0, 0, null, null, server.Now))],
        sent.Singles.ConvertAll<object>(single => single is CancelPayment.Command c ? c.Number : true), false);

    private static PostgresException Told(string state, string message) => new(message, "ERROR", "ERROR", state);

    private sealed record Sent(
        List<Acceptance> Accepts, List<Happening> Records, List<LaneCommand> Singles, bool MustWrite);

    private sealed record Answer(List<AcceptRow> Accepts, List<RecordRow> Records, List<object> Singles, bool InDoubt);
}
