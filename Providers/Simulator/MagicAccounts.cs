using EGovPay.Providers.Osmp;

namespace EGovPay.Providers.Simulator;

/// <summary>
/// Accounts that make a simulated provider behave in a chosen way, whatever the rates. The last five characters decide;
/// what stands before them is free, so that an account still fits its service's pattern and check digit.
/// <list type="table">
/// <listheader><term>ends in</term><description>what happens</description></listheader>
/// <item><term>66601</term><description>not found: OSMP 5, inquiry 404; also in a register</description></item>
/// <item><term>66602</term><description>inactive: 79, inquiry 410</description></item>
/// <item><term>66603</term><description>malformed: 4, inquiry 422</description></item>
/// <item><term>66604</term><description>forbidden by the provider: 7</description></item>
/// <item><term>66605</term><description>forbidden for technical reasons: 8</description></item>
/// <item><term>66606</term><description>too small: 241</description></item>
/// <item><term>66607</term><description>too large: 242</description></item>
/// <item><term>66608</term><description>cannot be checked: 243</description></item>
/// <item><term>66609</term><description>other error: 300</description></item>
/// <item><term>66610</term><description>ported to another operator: 300 with route = not-ours, or reason
/// not-ours</description></item>
/// <item><term>66611</term><description>credits and answers late</description></item>
/// <item><term>66612</term><description>credits and answers nothing, once</description></item>
/// <item><term>66613</term><description>answers nothing and credits nothing, once</description></item>
/// <item><term>66614</term><description>credits and drops the connection, once</description></item>
/// <item><term>66615</term><description>drops the connection and credits nothing, once</description></item>
/// <item><term>66616</term><description>credits and answers HTTP 500, once</description></item>
/// <item><term>66617</term><description>answers HTTP 503 and credits nothing, once</description></item>
/// <item><term>66618</term><description>credits and answers a body that is cut off, once</description></item>
/// <item><term>66619</term><description>answers a body that is cut off and credits nothing, once</description></item>
/// <item><term>66620</term><description>"later" (1, pending) twice, then credits</description></item>
/// <item><term>66621</term><description>credits, and says "not finished" (90, pending) twice</description></item>
/// <item><term>66622</term><description>handles the request twice: credits twice unless it
/// de-duplicates</description></item>
/// <item><term>66623</term><description>credits, and answers OK with another transaction's number,
/// once</description></item>
/// <item><term>66624</term><description>credits, and answers OK with another sum, once</description></item>
/// <item><term>66625</term><description>credits silently, then a final error to repeats (where it does not de-duplicate
/// first)</description></item>
/// <item><term>66626</term><description>inquiries fail with HTTP 503; payments are plain</description></item>
/// <item><term>66627</term><description>owes nothing</description></item>
/// <item><term>66628</term><description>"later" for ever, never credited</description></item>
/// <item><term>66629</term><description>credited, and silent for ever: only the register tells</description></item>
/// <item><term>66630</term><description>payments are plain; a reversal is refused for good</description></item>
/// <item><term>66631–66649</term><description>payments are plain; a reversal meets what a payment to the account 20 lower meets
/// (66632: reversed, and silent once; 66640: "later" twice, then reversed)</description></item>
/// </list>
/// </summary>
public static class MagicAccounts
{
    /// <summary>What all of them share, before two digits.</summary>
    public const string Sign = "666";

    /// <summary>The two digits that end a magic account, or 0.</summary>
    internal static int Of(ReadOnlySpan<char> account)
    {
        if (account.Length < 5)
        {
            return 0;
        }

        var end = account[^5..];
        return end.StartsWith(Sign) && char.IsAsciiDigit(end[3]) && char.IsAsciiDigit(end[4])
            ? ((end[3] - '0') * 10) + (end[4] - '0')
            : 0;
    }

    /// <summary>The final OSMP code with which a payment to this account is refused, or 0.</summary>
    internal static int DeclineOf(int magic) => magic switch
    {
        1 => OsmpResult.AccountNotFound,
        2 => OsmpResult.AccountInactive,
        3 => OsmpResult.AccountMalformed,
        4 => OsmpResult.Forbidden,
        5 => OsmpResult.ForbiddenTechnically,
        6 => OsmpResult.TooSmall,
        7 => OsmpResult.TooLarge,
        8 => OsmpResult.AccountNotCheckable,
        9 or 10 => OsmpResult.Other,
        _ => 0,
    };

    internal static Lie LieOf(int magic) => magic switch
    {
        >= 1 and <= 9 => Lie.Decline,
        10 => Lie.NotOurs,
        11 => Lie.Late,
        12 => Lie.SilentAfterCredit,
        13 => Lie.SilentBeforeCredit,
        14 => Lie.DropAfterCredit,
        15 => Lie.DropBeforeCredit,
        16 => Lie.ErrorAfterCredit,
        17 => Lie.ErrorBeforeCredit,
        18 => Lie.BrokenAfterCredit,
        19 => Lie.BrokenBeforeCredit,
        20 => Lie.Temporary,
        21 => Lie.NotFinished,
        22 => Lie.Twice,
        23 => Lie.AnotherTransaction,
        24 => Lie.AnotherSum,
        25 => Lie.FinalErrorAfterCredit,
        28 => Lie.TemporaryForEver,
        29 => Lie.SilentForEver,
        _ => Lie.None,
    };

    /// <summary>What a reversal of a payment to this account meets.</summary>
    internal static Lie ReversalLieOf(int magic) => magic switch
    {
        30 => Lie.Decline,
        >= 31 and <= 49 => LieOf(magic - 20),
        _ => Lie.None,
    };

    internal const int InquiriesFail = 26;
    internal const int OwesNothing = 27;
}
