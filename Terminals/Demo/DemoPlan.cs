using EGovPay.Processing.Catalogue;
using NodaTime;

namespace EGovPay.Terminals.Demo;

/// <summary>What happens to one payer of the demo's day.</summary>
internal enum Scene
{
    /// <summary>Pays, and that is all.</summary>
    Pays,

    /// <summary>The provider says no.</summary>
    Declined,

    /// <summary>The provider answers late.</summary>
    Late,

    /// <summary>The provider is silent, drops the connection or answers nonsense: found out by asking.</summary>
    Silent,

    /// <summary>The terminal sends the same request again.</summary>
    Repeats,

    /// <summary>
    /// The terminal cancels a reference before it was ever seen; the late payment finds it cancelled.
    /// </summary>
    Cancels,

    /// <summary>The terminal asks to cancel what is paid already: too late.</summary>
    CancelsTooLate,

    /// <summary>The terminal uses a reference again for another amount: refused.</summary>
    ChangesRepeat,

    /// <summary>The payer takes the receipt, in one of its forms.</summary>
    TakesReceipt,

    /// <summary>The terminal speaks OSMP, as older terminal software does.</summary>
    SpeaksOsmp,

    /// <summary>The payer comes back: the payment is taken back, where the provider gives it.</summary>
    TakesBack,

    /// <summary>A request that is refused and leaves nothing; not one of the payments.</summary>
    Refused,
}

/// <summary>One payer: what, where, and how it goes.</summary>
/// <param name="Reference">The terminal's own name for it, chosen before it calls.</param>
internal sealed record Planned(
    int Terminal, string Reference, Scene Scene, Service Service, ServiceRule Rule, string Account, long AmountQepik,
    bool Asks,
    int Choice)
{
    public bool Slow => Scene is Scene.Late or Scene.Silent or Scene.TakesBack;
}

/// <summary>How the references of one run begin: those that its terminals make, and those of OSMP's transactions.</summary>
internal sealed record DemoRun(string Own, string Osmp)
{
    /// <summary>The run that starts now; no other run on this database has its references.</summary>
    public static DemoRun At(Instant now) => new(
        FormattableString.Invariant($"d{now.ToUnixTimeSeconds():x}-"),
        FormattableString.Invariant($"osmp.{now.ToUnixTimeSeconds()}"));
}

/// <summary>The demo's day, drawn from a seed: the same seed, the same payers in the same order.</summary>
internal sealed class DemoPlan
{
    /// <summary>Shares in thousandths of the payments; each kind at least once.</summary>
    private static readonly (Scene Scene, int PerMille)[] Shares =
    [
        (Scene.Declined, 25), (Scene.Late, 15), (Scene.Silent, 15), (Scene.Repeats, 20), (Scene.Cancels, 15),
        (Scene.CancelsTooLate, 10), (Scene.ChangesRepeat, 10), (Scene.TakesReceipt, 10), (Scene.SpeaksOsmp, 20),
        (Scene.TakesBack, 8),
    ];

    private const int RefusedPerMille = 20;

    /// <summary>Magic accounts of a final no that an inquiry does not tell beforehand.</summary>
    private static readonly int[] Declines = [4, 5, 8, 9];

    /// <summary>
    /// Magic accounts whose first answer says nothing certain and whose second is the truth. Two hold the line until we
    /// give up; the others drop it or answer nonsense at once.
    /// </summary>
    private static readonly int[] Silences = [12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 23, 24];

    /// <summary>
    /// Magic accounts of a reversal: refused for good, answered late, and some whose first answer says nothing certain. 0, the most
    /// frequent: plain.
    /// </summary>
    private static readonly int[] TakenBack = [0, 0, 0, 30, 31, 34, 36, 38, 39, 40];

    private readonly Random random;
    private readonly CatalogueSnapshot catalogue;
    private readonly List<(Service Service, ServiceRule Rule, DemoAccounts Accounts)> services = [];
    private readonly int terminals;
    private readonly DemoRun run;

    private DemoPlan(CatalogueSnapshot catalogue, LocalDateTime now, int terminals, DemoRun run, int seed)
    {
        random = new Random(seed);
        this.terminals = terminals;
        this.run = run;
        this.catalogue = catalogue;
        foreach (var service in catalogue.Services)
        {
            if (service.RuleOn(now.Date) is { Open: true } rule && rule.OpenAt(now.TimeOfDay))
            {
                services.Add((service, rule, new DemoAccounts(service, random)));
            }
        }
    }

    /// <summary>Draws a day.</summary>
    /// <param name="now">Baku time: closed services are left out.</param>
    public static IReadOnlyList<Planned> Draw(
        CatalogueSnapshot catalogue, LocalDateTime now, int payments, int terminals, DemoRun run, int seed) =>
        new DemoPlan(catalogue, now, terminals, run, seed).Draw(payments);

    private List<Planned> Draw(int payments)
    {
        var scenes = new List<Scene>(payments);
        foreach (var (scene, perMille) in Shares)
        {
            var share = Math.Max(1, ((payments * perMille) + 999) / 1_000);
            scenes.AddRange(Enumerable.Repeat(scene, Math.Min(share, payments - scenes.Count)));
        }

        scenes.AddRange(Enumerable.Repeat(Scene.Pays, payments - scenes.Count));
        scenes.AddRange(Enumerable.Repeat(Scene.Refused, Math.Max(1, payments * RefusedPerMille / 1_000)));

        // In any order, but whoever will wait long comes in the first half of the day.
        var ordered = scenes.Select(
            scene => (scene, Key: random.Next(scene is Scene.Silent or Scene.Late or Scene.TakesBack ? 500_000 : 1_000_000)))
            .OrderBy(one => one.Key).Select(one => one.scene);
        return ordered.Select((scene, index) => Plan(scene, index)).ToList();
    }

    private Planned Plan(Scene scene, int index)
    {
        var magics = scene switch
        {
            Scene.Declined => Declines[random.Next(Declines.Length)],
            Scene.Late => 11,
            Scene.Silent => Silences[random.Next(Silences.Length)],
            Scene.TakesBack => TakenBack[random.Next(TakenBack.Length)],
            _ => 0,
        };
        while (true)
        {
            // Every service in turn, so that even a short day visits all groups and protocols.
            var (service, rule, accounts) = services[
                scene == Scene.Pays ? index % services.Count : random.Next(services.Count)];
            var account = accounts.Usual(random);
            if (scene == Scene.SpeaksOsmp && (service.Fields.Count > 1 || rule.Inquiry == InquiryNeed.Required))
            {
                continue;
            }

            if (scene == Scene.TakesBack && (rule.ReversibleMinutes == 0 || !catalogue.ProviderOf(service).Reversals))
            {
                continue;
            }

            if (magics != 0)
            {
                if (rule.Delivery == DeliveryBy.Register || accounts.Magic(magics, random) is not { } magic)
                {
                    continue;
                }

                account = magic;
            }

            var asks = rule.Inquiry == InquiryNeed.Required
                || (rule.Inquiry == InquiryNeed.Optional && random.Next(10) == 0);
            return new Planned(
                random.Next(terminals), Reference(scene, index), scene, service, rule,
                account,
                Amount(rule), asks && scene is not (Scene.Cancels or Scene.SpeaksOsmp), random.Next(1_000_000));
        }
    }

    /// <summary>OSMP's transactions are digits; the engine puts its prefix before them.</summary>
    private string Reference(Scene scene, int index) => scene == Scene.SpeaksOsmp
        ? FormattableString.Invariant($"{run.Osmp}{index:000000}")
        : FormattableString.Invariant($"{run.Own}{index:000000}");

    /// <summary>An amount that the rule takes; where it is to be what is owed, the inquiry says it.</summary>
    private long Amount(ServiceRule rule)
    {
        if (rule.Choices is { Count: > 0 } choices)
        {
            return choices[random.Next(choices.Count)].Qepik;
        }

        var least = Math.Max(rule.Min.Qepik, 100);
        var most = Math.Min(rule.Max.Qepik, least + 6_000);
        return least >= most ? rule.Min.Qepik : random.NextInt64(least, most + 1);
    }
}
