using System.Text.RegularExpressions;
using EGovPay.Settlement.Breaks;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.Reconciliation;

/// <summary>What people read of a break speaks of the side that it is about, in three languages.</summary>
public sealed partial class TextsOfBreaks
{
    private const string Registers = "reyestr|təşkilat|register|organi[sz]ation|реестр|организац";
    private const string Banks = "bank|банк|çıxarış|statement|выписк";

    /// <summary>Side, kind, cause, step: every one that is made.</summary>
    public static TheoryData<BreakSide, BreakKind, string, string> Made => new()
    {
        { BreakSide.Register, BreakKind.MissingThere, "confirmed-absent", "ask-then-absent" },
        { BreakSide.Register, BreakKind.MissingThere, "confirmed-next-day", "wait-for-next-register" },
        { BreakSide.Register, BreakKind.MissingThere, "reversed-there", "ask-then-absent" },
        { BreakSide.Register, BreakKind.MissingThere, "unknown-absent", "propose-absent" },
        { BreakSide.Register, BreakKind.MissingHere, "declined-here", "propose-delivered" },
        { BreakSide.Register, BreakKind.MissingHere, "cancelled-here", "propose-delivered" },
        { BreakSide.Register, BreakKind.MissingHere, "reversed-here", "ask-provider" },
        { BreakSide.Register, BreakKind.MissingHere, "other-provider", "ask-provider" },
        { BreakSide.Register, BreakKind.MissingHere, "number-never-used", "ask-provider" },
        { BreakSide.Register, BreakKind.OverAmount, "more-there", "ask-provider" },
        { BreakSide.Register, BreakKind.UnderAmount, "less-there", "ask-provider" },
        { BreakSide.Register, BreakKind.WrongAccount, "other-account", "ask-provider-move" },
        { BreakSide.Register, BreakKind.WrongDay, "other-day", "accept-if-paid-once" },
        { BreakSide.Register, BreakKind.CurrencyDiffers, "other-currency", "ask-provider" },
        { BreakSide.Register, BreakKind.Duplicate, "repeated-there", "ask-provider" },
        { BreakSide.Register, BreakKind.Duplicate, "in-two-registers", "ask-provider" },
        { BreakSide.Register, BreakKind.Unidentified, "no-number-of-ours", "compare-suggested" },
        { BreakSide.Register, BreakKind.Unidentified, "not-our-register", "get-right-register" },
        { BreakSide.Bank, BreakKind.MissingThere, "bank-absent", "ask-bank" },
        { BreakSide.Bank, BreakKind.MissingHere, "bank-deposit", "book-deposit" },
        { BreakSide.Bank, BreakKind.MissingHere, "bank-paid-refused", "ask-bank" },
        { BreakSide.Bank, BreakKind.MissingHere, "bank-reversed", "ask-bank" },
        { BreakSide.Bank, BreakKind.OverAmount, "bank-more", "ask-bank" },
        { BreakSide.Bank, BreakKind.UnderAmount, "bank-less", "ask-bank" },
        { BreakSide.Bank, BreakKind.WrongAccount, "bank-other-account", "ask-bank-move" },
        { BreakSide.Bank, BreakKind.WrongDay, "bank-other-day", "accept-if-paid-once" },
        { BreakSide.Bank, BreakKind.CurrencyDiffers, "bank-other-currency", "ask-bank" },
        { BreakSide.Bank, BreakKind.Duplicate, "bank-repeated", "ask-bank" },
        { BreakSide.Bank, BreakKind.Unidentified, "bank-unknown", "ask-bank" },
        { BreakSide.Bank, BreakKind.Unidentified, "bank-rest", "ask-bank" },
        { BreakSide.Bank, BreakKind.Unidentified, "bank-deposit-unlisted", "name-account" },
        { BreakSide.Bank, BreakKind.Unidentified, "bank-deposit-unsure", "ask-sender" },
        { BreakSide.Bank, BreakKind.PayoutRejected, "bank-returned", "ask-bank" },
        { BreakSide.Bank, BreakKind.BalanceDiffers, "balance-differs", "ask-statement" },
        { BreakSide.Bank, BreakKind.BalanceDiffers, "statement-missing", "get-statement" },
        { BreakSide.Acquirer, BreakKind.MissingThere, "acquirer-unpaid", "ask-acquirer" },
        { BreakSide.Acquirer, BreakKind.MissingHere, "acquirer-unreported", "get-report" },
        { BreakSide.Acquirer, BreakKind.OverAmount, "acquirer-more", "ask-acquirer" },
        { BreakSide.Acquirer, BreakKind.UnderAmount, "acquirer-less", "ask-acquirer" },
        { BreakSide.Acquirer, BreakKind.CurrencyDiffers, "acquirer-other-currency", "get-report" },
        { BreakSide.Acquirer, BreakKind.Duplicate, "acquirer-repeated", "ask-acquirer" },
        { BreakSide.Acquirer, BreakKind.Unidentified, "reversal-without-sale", "ask-acquirer" },
        { BreakSide.Acquirer, BreakKind.OverAmount, "reversed-above-sale", "ask-acquirer" },
        { BreakSide.Acquirer, BreakKind.UnderAmount, "acquirer-other-amount", "ask-acquirer" },
        { BreakSide.Payout, BreakKind.PayoutRejected, "payout-rejected", "pay-again" },
        { BreakSide.Payout, BreakKind.PayoutRejected, "payout-contradicted", "ask-bank" },
        { BreakSide.Payout, BreakKind.PayoutRejected, "payout-repeated", "ask-first-upload" },
        { BreakSide.Payout, BreakKind.PayoutRejected, "payout-settled-after-all", "ask-bank" },
        { BreakSide.Bank, BreakKind.WrongAccount, "bank-other-debtor", "ask-bank" },
        { BreakSide.Acknowledgement, BreakKind.RejectedLine, "line-rejected", "correct-line" },
        { BreakSide.Acknowledgement, BreakKind.Unidentified, "rejected-not-sent", "ask-receiver" },
    };

    [Theory]
    [MemberData(nameof(Made))]
    public void A_text_speaks_of_its_own_side_in_every_language(BreakSide side, BreakKind kind, string cause, string step)
    {
        var others = side is BreakSide.Register or BreakSide.Acknowledgement ? Banks : Registers;
        foreach (var language in new[] { "az", "en", "ru" })
        {
            foreach (var text in new[] { BreakTexts.Cause(cause, language), BreakTexts.Step(step, language), BreakTexts.Kinds[kind].In(language) })
            {
                text.Should().NotBeNullOrWhiteSpace().And.NotBe(cause).And.NotBe(step);
                Regex.IsMatch(text, others, RegexOptions.IgnoreCase | RegexOptions.CultureInvariant).Should().BeFalse($"{side}: {text}");
            }
        }
    }

    [Fact]
    public void Every_cause_and_step_that_is_made_stands_in_the_table()
    {
        var rows = Made.Select(row => row.Data).ToList();
        var causes = rows.Select(row => row.Item3).ToHashSet();
        var steps = rows.Select(row => row.Item4).ToHashSet();
        BreakTexts.Causes.Keys.Should().BeSubsetOf(causes);
        BreakTexts.Steps.Keys.Should().BeSubsetOf(steps);
        string[] files = ["JudgePayment.cs", "RegisterFacts.cs", "CompareParts.cs", "MatchBank.cs", "CheckBalances.cs", "MatchAcquirers.cs", "ReconcileAcquirers.cs"];
        foreach (var file in files)
        {
            var text = File.ReadAllText(Path.Combine(House.Tree.Root, "Settlement", "Reconciliation", file));
            foreach (Match name in Names().Matches(text))
            {
                (causes.Contains(name.Groups[1].Value) || steps.Contains(name.Groups[1].Value)).Should().BeTrue($"{file}: {name.Value}");
            }
        }
    }

    [GeneratedRegex("\"([a-z]+(?:-[a-z]+)+)\"", RegexOptions.None, 1000)]
    private static partial Regex Names();
}
