using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Dispatch;

namespace EGovPay.Tests.Simulation.Worlds;

/// <summary>What a provider truly knows of one number.</summary>
internal sealed class ProvidersEntry(string account, long amountQepik)
{
    public string Account => account;

    public long AmountQepik => amountQepik;

    public int Pays { get; set; }

    public int Asks { get; set; }

    public int Credits { get; private set; }

    public bool Declined { get; set; }

    /// <summary>It arrived and is not worked off.</summary>
    public bool Pending { get; set; }

    /// <summary>The numbers under which it was given back: more than one, and the payer has it twice.</summary>
    public SortedSet<long> ReturnedUnder { get; } = [];

    /// <summary>It said, or will say, that it keeps what it was paid.</summary>
    public bool Keeps { get; set; }

    public int ReversalAsks { get; set; }

    /// <summary>Wishes to have it back that left a machine as if nobody had asked before.</summary>
    public int BackAsNew { get; set; }

    /// <summary>A reversal arrived and is not worked off.</summary>
    public bool ReversalPending { get; set; }

    public long? CancelNumber { get; set; }

    /// <summary>Credits the payer, once; what was declined stays declined.</summary>
    public bool Credit()
    {
        Pending = false;
        Credits += Credits == 0 && !Declined ? 1 : 0;
        return !Declined;
    }
}

/// <summary>The providers of a world, with a record of what they truly did. They de-duplicate by number and by nothing else.</summary>
internal sealed class WorldProviders(World world, DatabaseServer database, Func<string, ScenePayment> sceneOf)
{
    public const int TimeoutSeconds = 2;

    private readonly SortedDictionary<long, ProvidersEntry> entries = [];

    public IReadOnlyDictionary<long, ProvidersEntry> Entries => entries;

    /// <summary>Nobody can connect.</summary>
    public bool Gone { get; set; }

    /// <summary>The database's clock was moved in this world: its times say nothing about when something was sent.</summary>
    public bool ClocksMoved { get; set; }

    public ScenePayment SceneOf(string account) => sceneOf(account);

    public ProvidersEntry EntryOf(Delivery delivery)
    {
        if (!entries.TryGetValue(delivery.Number, out var entry))
        {
            entries.Add(delivery.Number, entry = new ProvidersEntry(delivery.Account, delivery.AmountQepik));
        }

        if (entry.Account != delivery.Account || entry.AmountQepik != delivery.AmountQepik)
        {
            world.Complain($"number {delivery.Number} was given to two payments");
        }

        return entry;
    }

    /// <summary>The first byte of a payment leaves a machine.</summary>
    public void Leaves(Delivery delivery, Host from)
    {
        world.Tell($"machine {from.Number} sends {delivery.Number}");
        var payment = database.Book.Payments.FirstOrDefault(p => p.Asked.Number == delivery.Number);
        var claim = payment?.Events.LastOrDefault(e => e.SendBefore is not null);
        if (claim is null)
        {
            world.Complain($"{delivery.Number} was sent and nobody had claimed it");
        }
        else if (!ClocksMoved && database.Now > claim.SendBefore)
        {
            world.Complain($"{delivery.Number} was sent after its claim had ended");
        }
    }

    public void Arrives(Delivery delivery)
    {
        var entry = EntryOf(delivery);
        world.Tell($"{delivery.Number} arrives at its provider");
        if (++entry.Pays > 1)
        {
            world.Complain($"number {delivery.Number} was sent as new twice");
        }
    }

    /// <summary>The first byte of a wish to have a payment back leaves a machine.</summary>
    public void LeavesBack(Reversal reversal, Host from)
    {
        var number = reversal.Delivery.Number;
        world.Tell($"machine {from.Number} asks for {number} back under {reversal.CancelNumber}");
        var written = database.Book.Reversals.FirstOrDefault(r => r.Key.Number == number).Value;
        if (written is null || written.CancelNumber != reversal.CancelNumber || written.AskedAt != reversal.AskedAt)
        {
            world.Complain($"{number} is asked back otherwise than it is written down");
        }
        else if (!ClocksMoved && written.NextAskAt < database.Now)
        {
            world.Complain($"{number} was asked back after its lease had ended");
        }

        if (!reversal.PerhapsAskedBefore && EntryOf(reversal.Delivery).BackAsNew++ > 0)
        {
            world.Complain($"{number} was asked back as new twice");
        }
    }

    public ProvidersEntry ArrivesBack(Reversal reversal)
    {
        var entry = EntryOf(reversal.Delivery);
        world.Tell($"{reversal.Delivery.Number} is wanted back at its provider");
        if (entry.Credits == 0)
        {
            world.Complain($"{reversal.Delivery.Number} is wanted back and was never credited");
        }

        if ((entry.CancelNumber ??= reversal.CancelNumber) != reversal.CancelNumber)
        {
            world.Complain($"{reversal.Delivery.Number} is wanted back under two numbers");
        }

        // A lease that a clock's step ended may have a question under way still, which the next one's overtakes: nobody can call it
        // back. What is said to it is judged as anybody's word is, and none leaves as new twice.
        if (!ClocksMoved && entry.ReversalAsks > 0 && !reversal.PerhapsAskedBefore)
        {
            world.Complain($"{reversal.Delivery.Number} is wanted back as new after another");
        }

        return entry;
    }
}

/// <summary>One machine's line to the providers; it keeps the contract of the port, and its answers come from the scene.</summary>
internal sealed class WorldProvider(ProviderSettings settings, World world, Host host, WorldProviders providers) : IProvider
{
    public ProviderSettings Settings { get; } =
        settings with { TimeoutSeconds = WorldProviders.TimeoutSeconds, ConcurrencyLimit = 4 };

    /// <summary>A planted defect: nobody looks at the end of the claim where the first byte leaves.</summary>
    public bool Heedless { get; init; }

    /// <summary>A planted defect: no answer to a reversal counts as a yes.</summary>
    public bool TakesSilenceForYes { get; init; }

    public async Task<InquiryAnswer> InquireAsync(InquiryQuestion question, CancellationToken deadline)
    {
        var found = await host.CallAsync(world.Latency(), () => !providers.Gone, world.Latency());
        return found ? new InquiryAnswer(InquiryResult.Found) : new InquiryAnswer(InquiryResult.Unavailable, ConnectionFailed: true);
    }

    public async Task<DeliveryAnswer> PayAsync(Delivery delivery, CancellationToken deadline)
    {
        var temper = providers.SceneOf(delivery.Account).Temper;
        // Connecting far away takes longer than a commit: that is where most of a claim's time goes before the first byte.
        var connected = await host.CallAsync(
            world.Latency(20), () => !providers.Gone && temper != Temper.NotSent, world.Latency(20));
        if (!connected || deadline.IsCancellationRequested
            || (!Heedless && delivery.SendBefore?.Left(host.Clock) == TimeSpan.Zero))
        {
            return new DeliveryAnswer(DeliveryResult.NotSent);
        }

        providers.Leaves(delivery, host);
        return await ExchangeAsync<DeliveryAnswer>(tell => Receive(delivery, temper, tell), Silent, deadline);
    }

    public async Task<DeliveryAnswer> AskAsync(Delivery delivery, CancellationToken deadline)
    {
        if (!delivery.PerhapsSentBefore)
        {
            world.Complain($"{delivery.Number} was asked about as new");
        }

        var connected = await host.CallAsync(world.Latency(), () => !providers.Gone, world.Latency());
        if (!connected || deadline.IsCancellationRequested)
        {
            return new DeliveryAnswer(DeliveryResult.Silent);
        }

        return await ExchangeAsync<DeliveryAnswer>(tell => Hear(delivery, tell), Silent, deadline);
    }

    public async Task<ReversalAnswer> ReverseAsync(Reversal reversal, CancellationToken deadline)
    {
        var silent = new ReversalAnswer(TakesSilenceForYes ? ReversalResult.Reversed : ReversalResult.Silent);
        var connected = await host.CallAsync(world.Latency(20), () => !providers.Gone, world.Latency(20));
        if (!connected || deadline.IsCancellationRequested
            || (!Heedless && reversal.Delivery.SendBefore?.Left(host.Clock) == TimeSpan.Zero))
        {
            return silent;
        }

        providers.LeavesBack(reversal, host);
        return await ExchangeAsync<ReversalAnswer>(tell => TakeBack(reversal, tell), silent, deadline);
    }

    /// <summary>
    /// A request travels and its answer comes back, or the deadline: then the connection is closed, and what has not arrived either
    /// arrives at that moment or never.
    /// </summary>
    private async Task<T> ExchangeAsync<T>(Action<Action<T?>> arrive, T silence, CancellationToken deadline)
        where T : class
    {
        var answer = new TaskCompletionSource<T?>(TaskCreationOptions.RunContinuationsAsynchronously);
        var arrived = false;
        void Arrive()
        {
            if (!arrived)
            {
                arrived = true;
                arrive(given => world.After(world.Latency(), () => host.Post(() => answer.TrySetResult(given))));
            }
        }

        world.After(world.Latency(), Arrive);
        using var closed = deadline.Register(() =>
        {
            if (!arrived && world.Random.Next(2) == 0)
            {
                arrived = true;
            }

            Arrive();
            answer.TrySetResult(silence);
        });
        return await answer.Task ?? throw new InvalidOperationException("a defect of the adapter");
    }

    private void Receive(Delivery delivery, Temper temper, Action<DeliveryAnswer?> tell)
    {
        if (temper == Temper.Loses)
        {
            return;
        }

        providers.Arrives(delivery);
        var entry = providers.EntryOf(delivery);
        switch (temper)
        {
            case Temper.Declines:
                entry.Declined = entry.Credits == 0;
                tell(entry.Declined ? Declined() : Confirmed(delivery));
                break;
            case Temper.SilentAfter:
                entry.Credit();
                break;
            case Temper.TooLate:
                entry.Pending = true;
                world.After(TimeSpan.FromSeconds(WorldProviders.TimeoutSeconds + world.Random.Next(7)), () => entry.Credit());
                break;
            case Temper.Slow:
                entry.Pending = true;
                world.After(TimeSpan.FromSeconds(1.2), () => tell(entry.Credit() ? Confirmed(delivery) : Declined()));
                break;
            case Temper.FailsBefore:
                tell(null);
                break;
            case Temper.FailsAfter:
                entry.Credit();
                tell(null);
                break;
            case Temper.Garbles:
                entry.Credit();
                tell(Confirmed(delivery) with { ProviderTransaction = "nul\0byte" });
                break;
            default:
                tell(entry.Credit() ? Confirmed(delivery) : Declined());
                break;
        }
    }

    private void Hear(Delivery delivery, Action<DeliveryAnswer?> tell)
    {
        var entry = providers.EntryOf(delivery);
        var scene = providers.SceneOf(delivery.Account);
        world.Tell($"{delivery.Number} is asked about");
        if (entry.Asks++ < scene.Silences || entry.Pending)
        {
            if (entry.Asks % 2 == 0)
            {
                tell(new DeliveryAnswer(DeliveryResult.Silent));
            }

            return;
        }

        if (entry.Credits == 0 && !entry.Declined && scene.AskDelivers)
        {
            entry.Credit();
        }

        // What never arrived is declined by a provider that remembers nothing of having said so.
        tell(entry.Credits > 0 ? Confirmed(delivery) : Declined());
    }

    /// <summary>A wish to have a payment back arrives.</summary>
    private void TakeBack(Reversal reversal, Action<ReversalAnswer?> tell)
    {
        var (scene, entry) = (providers.SceneOf(reversal.Delivery.Account).Back!, providers.ArrivesBack(reversal));
        var asks = entry.ReversalAsks++ - scene.Silences;
        if (asks < 0 || entry.ReversalPending || (asks == 0 && scene.Parting == Parting.Loses))
        {
            if (entry.ReversalAsks % 2 == 0)
            {
                tell(new ReversalAnswer(TakesSilenceForYes ? ReversalResult.Reversed : ReversalResult.Silent, "90"));
            }

            return;
        }

        switch (asks == 0 ? scene.Parting : Parting.Returns)
        {
            case Parting.Keeps:
                entry.Keeps = true;
                tell(new ReversalAnswer(ReversalResult.Kept, "7"));
                break;
            case Parting.KeepsSilently:
                entry.Keeps = true;
                break;
            case Parting.ReturnsSilently:
                Returned();
                break;
            case Parting.TooLate:
                entry.ReversalPending = true;
                world.After(TimeSpan.FromSeconds(WorldProviders.TimeoutSeconds + world.Random.Next(7)), () => Returned());
                break;
            case Parting.Slow:
                entry.ReversalPending = true;
                world.After(TimeSpan.FromSeconds(1.2), () => tell(Returned()));
                break;
            case Parting.FailsBefore:
                tell(null);
                break;
            case Parting.FailsAfter:
                Returned();
                tell(null);
                break;
            default:
                tell(entry.Keeps ? new ReversalAnswer(ReversalResult.Kept, "7") : Returned());
                break;
        }

        ReversalAnswer Returned()
        {
            entry.ReversalPending = false;
            entry.ReturnedUnder.Add(reversal.CancelNumber);
            return new ReversalAnswer(ReversalResult.Reversed, "0");
        }
    }

    private static readonly DeliveryAnswer Silent = new(DeliveryResult.Silent, Exchange: new RawExchange("asked", null, 2_000));

    private static DeliveryAnswer Confirmed(Delivery delivery) => new(DeliveryResult.Confirmed, ProviderTransaction: $"p{delivery.Number}");

    private static DeliveryAnswer Declined() => new(DeliveryResult.Declined, DeclineName: "account-not-found", ProviderCode: "5");
}
