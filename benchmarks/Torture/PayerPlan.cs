using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Validation;
using NodaTime;

namespace EGovPay.Benchmarks.Torture;

/// <summary>What the terminal does with one payment, besides asking until it is final.</summary>
internal enum Script
{
    Pays,

    /// <summary>Sends the same request to both nodes at once.</summary>
    PaysTwice,

    /// <summary>Cancels before anybody has seen the reference; the payment comes late.</summary>
    CancelsUnseen,

    /// <summary>Sends the payment and its cancel at the same moment.</summary>
    CancelsAtOnce,

    /// <summary>Loses patience and cancels while the outcome is open.</summary>
    CancelsLater,

    /// <summary>Uses the reference again for another amount afterwards: must be refused.</summary>
    ChangesAfterwards,

    /// <summary>Sends the same request again after the final answer.</summary>
    RepeatsAfterwards,

    /// <summary>Asks to take the payment back when it is confirmed.</summary>
    Reverses,
}

/// <summary>One payer: where, when, what, and how it goes.</summary>
/// <param name="ComesAt">Since the round's beginning.</param>
/// <param name="PatienceMilliseconds">How long the terminal waits for an answer before it counts it as lost.</param>
internal sealed record Payer(
    Desk Desk, string Reference, TimeSpan ComesAt, Script Script, Service Service, ServiceRule Rule, string Account,
    long AmountQepik, int PatienceMilliseconds, int Seed);

/// <summary>A round's payers, drawn from the run's seed and the round's number alone.</summary>
internal sealed class PayerPlan
{
    private const string Letters = "ABCDEFGHJKLMNPQRSTUVWXYZ";
    private const long WidestQepik = 90_000;

    private readonly Random random;
    private readonly List<(Service Service, ServiceRule Rule)> services;

    private PayerPlan(TortureOptions options, Random random, CatalogueSnapshot catalogue, LocalDateTime now)
    {
        this.random = random;
        services = [];
        foreach (var service in catalogue.Services)
        {
            // A register is handed over at a cut-off, days later; and of a provider that validates before it looks for the number,
            // a lost no is never found out by asking. Both need more than a round.
            if (service.RuleOn(now.Date) is { Open: true, Delivery: not DeliveryBy.Register } rule
                && rule.OpenAt(now.TimeOfDay) && rule.OpenAt(now.TimeOfDay.PlusMinutes(5))
                && catalogue.ProviderOf(service) is { DeduplicatesFirst: true } provider
                && (options.Protocol is null || provider.Protocol == options.Protocol))
            {
                services.Add((service, rule));
            }
        }
    }

    public static IReadOnlyList<Payer> Draw(
        TortureOptions options, int round, CatalogueSnapshot catalogue, LocalDateTime now, IReadOnlyList<Desk> desks)
    {
        var plan = new PayerPlan(options, new Random(HashCode.Stable(options.Seed, round, 1)), catalogue, now);
        return Enumerable.Range(0, options.Payments)
            .Select(index => plan.Draw(options, round, index, desks)).OrderBy(payer => payer.ComesAt).ToList();
    }

    private Payer Draw(TortureOptions options, int round, int index, IReadOnlyList<Desk> desks)
    {
        var (service, rule) = services[random.Next(services.Count)];
        return new Payer(
            desks[random.Next(desks.Count)],
            FormattableString.Invariant($"R{round:000}-{index:00000}"),
            TimeSpan.FromSeconds(random.NextDouble() * options.Seconds),
            DrawScript(options), service, rule, Account(service.Fields[0]), Amount(rule),
            random.Next(100) < 15 ? random.Next(300, 5_000) : 30_000, random.Next());
    }

    private Script DrawScript(TortureOptions options)
    {
        var drawn = random.Next(100);
        var script = drawn switch
        {
            < 70 => Script.Pays,
            < 76 => Script.PaysTwice,
            < 80 => Script.CancelsUnseen,
            < 84 => Script.CancelsAtOnce,
            < 90 => Script.CancelsLater,
            < 92 => Script.ChangesAfterwards,
            < 95 => Script.RepeatsAfterwards,
            _ => Script.Reverses,
        };
        return script switch
        {
            Script.CancelsUnseen or Script.CancelsAtOnce or Script.CancelsLater when !options.Has("cancels") => Script.Pays,
            Script.Reverses when !options.Has("reversals") => Script.Pays,
            _ => script,
        };
    }

    /// <summary>An account by the service's pattern and check digit: its example with other digits and letters.</summary>
    private string Account(ServiceField field)
    {
        for (var attempt = 0; attempt < 2_000; attempt++)
        {
            var text = string.Concat(field.Example.Select((letter, at) =>
                at < 2 || random.Next(4) == 0 ? letter
                : char.IsAsciiDigit(letter) ? (char)('0' + random.Next(10))
                : char.IsAsciiLetterUpper(letter) ? Letters[random.Next(Letters.Length)]
                : letter));
            if (field.Pattern.IsMatch(text) && CheckDigits.Satisfies(field.Check, text))
            {
                return text;
            }
        }

        return field.Example;
    }

    private long Amount(ServiceRule rule)
    {
        if (rule.Choices is { Count: > 0 } choices)
        {
            return choices[random.Next(choices.Count)].Qepik;
        }

        var most = Math.Min(rule.Max.Qepik, rule.Min.Qepik + WidestQepik);
        return random.NextInt64(rule.Min.Qepik, most + 1);
    }
}

/// <summary>Seeds of a part of a run: the same on every machine, as <see cref="System.HashCode"/> is not.</summary>
internal static class HashCode
{
    public static int Stable(int seed, int round, int part)
    {
        unchecked
        {
            var state = ((ulong)(uint)seed << 32) ^ ((ulong)(uint)round << 8) ^ (uint)part;
            state = (state + 0x9E3779B97F4A7C15UL) * 0xBF58476D1CE4E5B9UL;
            state = (state ^ (state >> 29)) * 0x94D049BB133111EBUL;
            return (int)((state ^ (state >> 32)) & 0x7FFFFFFF);
        }
    }
}
