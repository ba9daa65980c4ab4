namespace EGovPay.Tests.Simulation.Worlds;

/// <summary>Makes a failing scenario as small as it goes: fewer payments, fewer faults, fewer nodes, in some weather.</summary>
internal static class Shrink
{
    /// <summary>Weathers tried for a scenario, shared by its payments: small worlds run fast, and a narrow gap is rarely met.</summary>
    private const int Weathers = 60;
    private const int FewestWeathers = 12;

    public static Ran Smallest(Scenario failing, Planted? planted = null)
    {
        for (var again = true; again;)
        {
            again = false;
            foreach (var smaller in Smaller(failing))
            {
                if (Fails(smaller, planted) is { } found)
                {
                    failing = found;
                    again = true;
                    break;
                }
            }
        }

        return RunScenario.Run(failing, planted, tell: true);
    }

    private static Scenario? Fails(Scenario scenario, Planted? planted)
    {
        // Without a part of it chance falls otherwise; so a few other weathers are tried before the part is called needed.
        var weathers = Math.Max(FewestWeathers, Weathers / Math.Max(1, scenario.Payments.Length));
        for (var weather = 0; weather < weathers; weather++)
        {
            var tried = weather == 0 ? scenario : scenario with { Weather = weather };
            if (!RunScenario.Run(tried, planted).Good)
            {
                return tried;
            }
        }

        return null;
    }

    private static IEnumerable<Scenario> Smaller(Scenario whole)
    {
        if (whole.Payments.Length > 1)
        {
            foreach (var payment in whole.Payments)
            {
                yield return whole with { Payments = [payment] };
            }
        }

        foreach (var payment in whole.Payments)
        {
            yield return whole with { Payments = [.. whole.Payments.Where(p => p != payment)] };
        }

        foreach (var payment in whole.Payments.Where(p => p.Back is not null))
        {
            yield return whole with { Payments = [.. whole.Payments.Select(p => p == payment ? p with { Back = null } : p)] };
        }

        foreach (var fault in whole.Faults)
        {
            yield return whole with { Faults = [.. whole.Faults.Where(f => f != fault)] };
        }

        if (whole.Nodes > 1)
        {
            yield return whole with { Nodes = whole.Nodes - 1 };
        }
    }
}
