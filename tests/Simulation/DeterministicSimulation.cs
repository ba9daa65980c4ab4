using System.Diagnostics;
using EGovPay.Tests.Simulation.Worlds;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.Simulation;

/// <summary>
/// The engine's own decisions in thousands of small worlds: one thread, virtual time, chance from a seed. What fails is made as small as
/// it can be and printed; <c>EGOVPAY_SEED='…'</c> with what is printed runs just that again.
/// </summary>
public sealed class DeterministicSimulation(ITestOutputHelper output)
{
    private const int Fixed = 1_000;
    private const int Fresh = 1_000;

    /// <summary>Within so many seeds a planted defect must be found.</summary>
    private const int FoundWithin = 3_000;

    private static readonly string? Asked = Environment.GetEnvironmentVariable("EGOVPAY_SEED");

    [Fact]
    public void Whatever_goes_wrong_in_whatever_order_the_promises_hold()
    {
        if (Asked is not null)
        {
            Explain(RunScenario.Run(Scenario.Parse(Asked), tell: true)).Should().BeNull();
            return;
        }

        var first = Random.Shared.Next(1_000_000, int.MaxValue - Fresh);
        var seeds = Enumerable.Range(1, Fixed).Concat(Enumerable.Range(first, Fresh));
        var began = Stopwatch.GetTimestamp();
        var (runs, steps, answers, confirmed, unknown, reversed, kept) = (0, 0L, 0L, 0L, 0L, 0L, 0L);
        foreach (var seed in seeds)
        {
            var ran = RunScenario.Run(Scenario.From(seed));
            runs++;
            steps += ran.Steps;
            answers += ran.Answers;
            confirmed += ran.Confirmed;
            unknown += ran.Unknown;
            reversed += ran.Reversed;
            kept += ran.Kept;
            if (!ran.Good)
            {
                Assert.Fail(Explain(Shrink.Smallest(ran.Scenario)));
            }
        }

        output.WriteLine($"{runs} runs, fresh seeds from {first}, {steps} steps, {answers} answers, {confirmed} confirmed, "
            + $"{unknown} once unknown, {reversed} reversed, {kept} kept, {Stopwatch.GetElapsedTime(began).TotalSeconds:F1} s");
        confirmed.Should().BeGreaterThan(runs);
        unknown.Should().BeGreaterThan(runs / 4);
        reversed.Should().BeGreaterThan(runs / 8);
        kept.Should().BeGreaterThan(runs / 25);
    }

    /// <summary>
    /// A payment is looked at while nobody has claimed it, and claimed by another machine before it is read. A batch whose connection broke
    /// is carried out after it was executed again and refused, with money that came back in between. A node whose lease only seemed to have ended
    /// loses the claim of its payment to another, which dies.
    /// </summary>
    [Theory]
    [InlineData("113084103/p4/b/f0/n2/w56")]
    [InlineData("1328199240/p0,1,2,4,5,6,7/b4,6/f0/n1/w1328199240")]
    [InlineData("208714923/p7/b/f1,3/n3/w6")]
    public void Worlds_that_failed_once_hold_their_promises(string world) =>
        Explain(RunScenario.Run(Scenario.Parse(world), tell: true)).Should().BeNull();

    /// <summary>
    /// A node that lives keeps what it has sent, also when the database's clock jumps past the end of its claim and of its lease.
    /// </summary>
    [Fact]
    public void A_step_of_the_databases_clock_takes_no_payment_from_a_node_that_lives()
    {
        for (var weather = 1; weather <= 40; weather++)
        {
            var payment = new ScenePayment(0, 1_000, 0, 500, Temper.Slow, [], null, 0, false, false);
            var step = new SceneFault(0, Blow.DatabaseClockSteps, 1_300, 100, 0, 3_600);
            var ran = RunScenario.Run(new Scenario(weather, weather, 3, [payment], [step]) { Calm = true }, tell: true);
            ran.Wrong.Should().BeEmpty();
            ran.Unknown.Should().Be(0, "its own node hears the answer: {0}", string.Join('\n', ran.Story));
            ran.Confirmed.Should().Be(1);
        }
    }

    [Fact]
    public void The_same_seed_gives_the_same_run_to_the_last_step()
    {
        for (var seed = 1; seed <= 60; seed++)
        {
            var first = RunScenario.Run(Scenario.From(seed));
            var second = RunScenario.Run(Scenario.From(seed));
            second.Fingerprint.Should().Be(first.Fingerprint, "seed {0}", seed);
        }
    }

    public static TheoryData<string> Defects()
    {
        var names = new TheoryData<string>();
        foreach (var name in Enum.GetNames<PlantedInModel>().Concat(Enum.GetNames<PlantedInMachine>()).Where(n => n != "None"))
        {
            names.Add(name);
        }

        return names;
    }

    /// <summary>A simulation that finds nothing proves nothing: each of these must be found, and made small.</summary>
    [Theory]
    [MemberData(nameof(Defects))]
    public void A_planted_defect_is_found_and_made_small(string defect)
    {
        var planted = Enum.TryParse<PlantedInModel>(defect, out var model)
            ? new Planted(Model: model)
            : new Planted(Machine: Enum.Parse<PlantedInMachine>(defect));
        var seed = Enumerable.Range(1, FoundWithin)
            .FirstOrDefault(seed => !RunScenario.Run(Scenario.From(seed), planted).Good);
        seed.Should().NotBe(0, "the defect must be found within {0} seeds", FoundWithin);

        var small = Shrink.Smallest(Scenario.From(seed), planted);
        small.Good.Should().BeFalse();
        small.Scenario.Payments.Length.Should().BeLessThanOrEqualTo(2);
        RunScenario.Run(Scenario.Parse(small.Scenario.ToString()), planted).Good
            .Should().BeFalse("what is printed must run the same again");
        output.WriteLine($"found by seed {seed}, smallest {small.Scenario}: {string.Join("; ", small.Wrong)}");
    }

    private string? Explain(Ran ran)
    {
        if (ran.Good && Asked is null)
        {
            return null;
        }

        var text = string.Join('\n', [
            ..ran.Wrong, "", ..ran.Scenario.Lines(), "", ..ran.Story, "", $"EGOVPAY_SEED='{ran.Scenario}' runs it again."]);
        output.WriteLine(text);
        return ran.Good ? null : text;
    }
}
