using EGovPay.Processing.Payments;
using NodaTime;
using Npgsql;

namespace EGovPay.Tests.Simulation.Worlds;

/// <summary>One thing that a terminal was told.</summary>
internal sealed record SceneTold(ScenePayment Of, PayAnswer Answer, bool IsCancel);

/// <summary>One thing that somebody was told who wanted a payment back.</summary>
/// <param name="Answer">Null: there was no such payment.</param>
/// <param name="At">When, by the database's clock.</param>
internal sealed record SceneWish(ScenePayment Of, ReverseAnswer? Answer, Instant At);

/// <summary>What came of a run.</summary>
internal sealed record Ran(
    Scenario Scenario, IReadOnlyList<string> Wrong, int Steps, ulong Fingerprint, IReadOnlyList<string> Story, int Answers,
    int Confirmed, int Unknown, int Reversed, int Kept)
{
    public bool Good => Wrong.Count == 0;
}

/// <summary>Runs one scenario in a world of its own, until it is quiet, and judges it.</summary>
internal sealed class RunScenario
{
    /// <summary>From when on nothing new goes wrong, and how long the world then has to come to rest.</summary>
    private const int FaultsEndMilliseconds = 27_000;
    private const int RestSeconds = 900;

    private readonly Scenario scenario;
    private readonly World world;
    private readonly ModelBook book;
    private readonly DatabaseServer server;
    private readonly WorldProviders providers;
    private readonly Machine[] machines;
    private readonly Planted planted;
    private readonly List<SceneTold> told = [];
    private readonly List<SceneWish> wishes = [];
    private readonly HashSet<int> unanswered = [];
    private readonly HashSet<int> once = [];
    private int asked;
    private int answered;

    private RunScenario(Scenario scenario, Planted planted, bool tell)
    {
        this.scenario = scenario;
        this.planted = planted;
        world = new World(scenario.Weather) { Story = tell ? [] : null, Calm = scenario.Calm };
        book = new ModelBook(planted.Model) { RuleMinute = Duration.FromMilliseconds(400) };
        book.AddFunds(Machine.Terminal.AgentId, scenario.Seed % 5 == 0 ? 1_000 : 1_000_000);
        server = new DatabaseServer(world, book);
        providers = new WorldProviders(world, server, account => scenario.Payments.First(p => AccountOf(p) == account))
        {
            ClocksMoved = scenario.Faults.Any(f => f.Blow == Blow.DatabaseClockSteps),
        };
        machines = [.. Enumerable.Range(0, scenario.Nodes).Select(_ => NewMachine())];
    }

    public static Ran Run(Scenario scenario, Planted? planted = null, bool tell = false)
    {
        var before = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        try
        {
            return new RunScenario(scenario, planted ?? Planted.Nothing, tell).Run();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
        }
    }

    private Ran Run()
    {
        foreach (var payment in scenario.Payments)
        {
            Schedule(payment);
        }

        foreach (var fault in scenario.Faults)
        {
            world.At(Milliseconds(fault.AtMilliseconds), () => Strike(fault));
        }

        var most = Milliseconds(FaultsEndMilliseconds) + (RestSeconds * World.Second);
        world.Run(() => asked == 0 && Settled() && Healed(), most);
        var wrong = new List<string>(world.Complaints);
        JudgeRun.Judge(scenario, book, providers, told, unanswered, wrong);
        JudgeReversals.Judge(scenario, book, providers, wishes, wrong);
        return new Ran(
            scenario, wrong, world.Steps, world.Fingerprint, world.Story ?? [], told.Count,
            book.Payments.Count(p => p.State == Processing.StateMachine.PaymentState.Confirmed),
            book.Payments.Count(p => p.Events.Exists(e => e.Edge == 12)),
            book.Payments.Count(p => p.State == Processing.StateMachine.PaymentState.Reversed),
            book.Payments.Count(p => p.Events.Exists(e => e.Edge == 21)));
    }

    private bool Healed() => world.Now > Milliseconds(FaultsEndMilliseconds)
        || !scenario.Faults.Any(f => f.AtMilliseconds + f.ForMilliseconds > world.Now / TimeSpan.TicksPerMillisecond);

    private bool Settled() => book.Payments.All(p => Processing.StateMachine.Transitions.IsFinal(p.State))
        && machines.All(m => m.Up && m.Node!.UnderWay == 0);

    private void Schedule(ScenePayment payment)
    {
        var request = Request(payment);
        foreach (var at in payment.Repeats.Prepend(payment.AtMilliseconds))
        {
            asked++;
            world.At(Milliseconds(at), () => Ask(payment, payment.Node, machine => payment.OnlyAccepted && once.Add(payment.Index)
                ? OnlyAcceptAsync(machine, request)
                : PayAsync(payment, machine, request)));
        }

        if (payment.CancelAt is { } cancelled)
        {
            asked++;
            world.At(Milliseconds(cancelled), () => Ask(payment, payment.Node, machine => CancelAsync(payment, machine)));
        }

        for (var wish = 0; wish < payment.Back?.AtMilliseconds.Length; wish++)
        {
            var node = payment.Back.Node + wish;
            asked++;
            world.At(Milliseconds(payment.Back.AtMilliseconds[wish]), () => Ask(payment, node, machine => ReverseAsync(payment, machine)));
        }
    }

    /// <summary>Asks a node that is up; whoever is killed or fails leaves its terminal without an answer.</summary>
    private void Ask(ScenePayment payment, int node, Func<Machine, Task> ask)
    {
        asked--;
        var up = machines.Where(m => m.Up).ToList();
        if (up.Count > 0)
        {
            var machine = up[node % up.Count];
            unanswered.Add(payment.Index);
            _ = machine.Host.Run(() => ask(machine));
        }
    }

    private static async Task OnlyAcceptAsync(Machine machine, PaymentRequest request)
    {
        try
        {
            await machine.OnlyAcceptAsync(request);
        }
        catch (NpgsqlException)
        {
            // Its terminal hears nothing, which is what this is about.
        }
    }

    private async Task PayAsync(ScenePayment payment, Machine machine, PaymentRequest request)
    {
        try
        {
            var answer = await machine.PayAsync(request);
            answered++;
            world.Tell($"{request.Reference} is told {answer.Payment?.State.ToString() ?? answer.Refused?.Why.ToString()}");
            told.Add(new SceneTold(payment, answer, IsCancel: false));
        }
        catch (Exception failure) when (failure is NpgsqlException or IOException)
        {
            world.Tell($"{request.Reference} gets no answer: {failure.Message}");
        }
    }

    private async Task CancelAsync(ScenePayment payment, Machine machine)
    {
        try
        {
            var stands = await machine.CancelAsync(ReferenceOf(payment));
            world.Tell($"{stands.Reference} is cancelled? {stands.State}");
            told.Add(new SceneTold(payment, PayAnswer.Stands(stands, false), IsCancel: true));
        }
        catch (Exception failure) when (failure is NpgsqlException or IOException)
        {
            world.Tell($"the cancel of {payment.Index} gets no answer: {failure.Message}");
        }
    }

    private async Task ReverseAsync(ScenePayment payment, Machine machine)
    {
        try
        {
            var answer = await machine.ReverseAsync(ReferenceOf(payment));
            world.Tell($"{ReferenceOf(payment)} back? {answer?.Payment?.State.ToString() ?? answer?.Refused?.Why.ToString()}");
            wishes.Add(new SceneWish(payment, answer, server.Now));
        }
        catch (Exception failure) when (failure is NpgsqlException or IOException)
        {
            world.Tell($"the wish for {payment.Index} gets no answer: {failure.Message}");
        }
    }

    private void Strike(SceneFault fault)
    {
        var machine = machines[fault.Node % machines.Length];
        world.Tell($"{fault.Blow} for {fault.ForMilliseconds} ms, node {fault.Node} (machine {machine.Host.Number})");
        var length = TimeSpan.FromMilliseconds(fault.ForMilliseconds);
        switch (fault.Blow)
        {
            case Blow.KillNode:
                machine.Host.Kill();
                world.After(length, () => machines[fault.Node % machines.Length] = NewMachine());
                break;
            case Blow.FreezeNode:
                machine.Host.Freeze();
                world.After(length, machine.Host.Thaw);
                break;
            case Blow.CutOffNode:
                machine.Database.CutOff = true;
                world.After(length, () => machine.Database.CutOff = false);
                break;
            case Blow.DatabaseDown:
                server.Down = true;
                world.After(length, () => server.Down = false);
                break;
            case Blow.DatabaseTroubled:
                server.TroublePercent = 30;
                world.After(length, () => server.TroublePercent = 0);
                break;
            case Blow.DatabaseFull:
                server.Full = true;
                world.After(length, () => server.Full = false);
                break;
            case Blow.StandbyGone:
                server.StandbyGone = true;
                world.After(length, () => server.StandbyGone = false);
                break;
            case Blow.ProviderGone:
                providers.Gone = true;
                world.After(length, () => providers.Gone = false);
                break;
            case Blow.NodeClockSteps:
                machine.Host.Clock.WallError += TimeSpan.FromSeconds(fault.Size);
                break;
            default:
                server.ClockError += TimeSpan.FromSeconds(fault.Size);
                break;
        }
    }

    private Machine NewMachine() => new(world, server, providers, world.Hosts.Count + 1, planted.Machine);

    public static string ReferenceOf(ScenePayment payment) => $"r{payment.Index}";

    public static string AccountOf(ScenePayment payment) => $"{payment.Index + 1:D15}";

    private static PaymentRequest Request(ScenePayment payment) => new()
    {
        Reference = ReferenceOf(payment),
        Service = "10101",
        Account = AccountOf(payment),
        AmountQepik = payment.AmountQepik,
        TotalQepik = payment.AmountQepik,
        Tender = Tender.Cash,
    };

    private static long Milliseconds(int milliseconds) => milliseconds * TimeSpan.TicksPerMillisecond;
}
