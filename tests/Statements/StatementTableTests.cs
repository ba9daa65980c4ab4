using EGovPay.Settlement.Statements;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.Statements;

/// <summary>Every file of the samples, whatever it is: what it is taken for, how many entries it has, and what is to be said of it.</summary>
public sealed class StatementTableTests(ITestOutputHelper output)
{
    private static readonly string Root = Path.Combine(Fixtures.Root, "statements");

    /// <summary>Orders and reports on orders, which are no statements.</summary>
    private static readonly string[] NoStatements =
    [
        "camt/genkgo/camt053.v2.wrong.xml", "camt/iso20022js/example/sepa_pain_001_v3.xml",
        "camt/iso20022js/example/sepa_pain_001_v3_multiple_pmtinf.xml", "camt/iso20022js/example/swift_pain_001_v3.xml",
        "camt/iso20022js/nordea/pain_002_v3_group_reject.xml", "camt/iso20022js/nordea/pain_002_v3_payment_reject.xml",
        "camt/iso20022js/nordea/pain_002_v3_txn_reject.xml", "camt/moov/pain002-epo_p_0_0_0_2018031510491259.xml",
        "camt/moov/sepa_payment_naujas_1.xml",
    ];

    /// <summary>Pieces of an MT, without an account.</summary>
    private static readonly string[] Fragments =
    [
        "mt940/wolph/betterplace/amount_formats.sta", "mt940/wolph/betterplace/empty_86.sta", "mt940/wolph/betterplace/empty_line.sta",
        "mt940/wolph/cmxl/available_balance.sta", "mt940/wolph/cmxl/statement_line.sta",
    ];

    [Fact]
    public async Task Every_sample_is_a_statement_or_is_refused_with_its_line_and_reason()
    {
        Assert.SkipUnless(Directory.Exists(Root), $"The fixtures are not there: {Root}");
        var refused = new List<string>();
        var fragments = new List<string>();
        output.WriteLine("| file | format | statements | entries | verdict |");
        output.WriteLine("|---|---|---|---|---|");
        foreach (var path in Directory.GetFiles(Root, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .Where(path => !path.EndsWith(".json", StringComparison.Ordinal)))
        {
            var file = Path.GetRelativePath(Root, path).Replace('\\', '/');
            var read = await Collected.Of(await File.ReadAllBytesAsync(path));
            var reading = read.Reading!;
            if (reading.Refusal is { } refusal)
            {
                refused.Add(file);
                refusal.Line.Should().BePositive(file);
                refusal.Text.Should().NotBeEmpty(file);
            }

            if (read.Notes.Exists(note => note.Kind == NoteKind.AccountMissing))
            {
                fragments.Add(file);
            }

            output.WriteLine($"| {file} | {reading.Format} {read.Statements.FirstOrDefault()?.Head.Version} | {reading.Statements} | {reading.Entries} | {Verdict(read)} |");
        }

        refused.Should().BeEquivalentTo(NoStatements);
        fragments.Should().BeEquivalentTo(Fragments);
    }

    private static string Verdict(Collected read) => read.Reading!.Refusal is { } refusal
        ? $"refused, line {refusal.Line}, {refusal.Where}: {refusal.Text}"
        : read.Notes.Count == 0 ? "read"
        : "read; " + string.Join("; ", read.Notes.GroupBy(note => note.Kind).Select(kind =>
            $"{kind.Key} × {kind.Count()} (line {kind.First().Line}{(kind.First().DifferenceMinor is { } by ? $", by {by} minor {kind.First().Currency}" : "")})"));
}
