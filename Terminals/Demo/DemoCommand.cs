using System.CommandLine;
using EGovPay.Terminals.CommandLine;

namespace EGovPay.Terminals.Demo;

/// <summary>What a demo is asked to do.</summary>
/// <param name="KillServerAfter">Kills the server once, after so many payers; null: not.</param>
internal sealed record DemoOptions(int Payments, int Seed, bool Exit, int? KillServerAfter);

/// <summary>`egovpay demo`: a whole payment centre on one machine, and a day of its life.</summary>
internal static class DemoCommand
{
    private const int Most = 1_000_000;

    private static readonly Option<int> Payments = new("--payments")
    {
        Description = "how many payments the day has", HelpName = "NUMBER", DefaultValueFactory = _ => 5_000,
    };

    private static readonly Option<int> Seed = new("--seed")
    {
        Description = "the day is drawn from it: the same seed, the same payers", HelpName = "NUMBER",
        DefaultValueFactory = _ => 1,
    };

    private static readonly Option<bool> ExitOption = new("--exit")
    {
        Description = "end after the day; otherwise it keeps serving",
    };

    private static readonly Option<int?> KillServerAfter = new("--kill-server-after")
    {
        Description = "kill the server once, after so many payers, as a crash would", HelpName = "NUMBER",
        Hidden = true,
    };

    public static Verb Build() => new Verb(
        "demo",
        "Runs everything on this machine from nothing: PostgreSQL, the server, the providers, and a day of payments "
        + "over HTTP. "
        + "The last line on stdout is JSON; the exit code is 0 only if our book and the providers' agree, and every "
        + "invariant holds.",
        "egovpay demo",
        "egovpay demo --payments 20000 --seed 7 --exit")
    {
        Notes = () =>
            "In the last line, seconds is from the first request until the last payer has been attended to, perSecond "
            + "is payments by it; what providers were silent about is asked about beyond that. confirmedUncredited, "
            + "creditedUnconfirmed and creditedTwice compare sets of payment numbers with the providers' own record. sealed is "
            + "whether the business days of the payments are closed and sealed: not in a second demo on one day, because the next day, in which "
            + "its payments lie, is not closed before it begins.",
    }.With(Payments, Seed, ExitOption, KillServerAfter).Does((parsed, stop) =>
    {
        var options = new DemoOptions(
            parsed.GetValue(Payments), parsed.GetValue(Seed), parsed.GetValue(ExitOption), parsed.GetValue(
                KillServerAfter));
        return options.Payments is < 1 or > Most
            ? throw CommandException.Usage($"--payments: 1 to {Most}.")
            : RunDemo.RunAsync(options, ReadSettings.From(parsed), parsed.InvocationConfiguration.Output, stop);
    });
}
