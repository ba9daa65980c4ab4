using System.Globalization;
using System.Text.Json;
using EGovPay.Settlement.Statements;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.Statements;

/// <summary>
/// Every MT sample that comes with what another parser read of it is read so here, field by field. Where that parser's answer is its own
/// habit and not the file's meaning, the file and the reason stand in the comparison.
/// </summary>
public sealed class MtExpectedTests
{
    private static readonly string Root = Path.Combine(Fixtures.Root, "statements", "mt940", "wolph");

    /// <summary>Fields that the other parser puts into each answer and that need no comparison of their own.</summary>
    private static readonly HashSet<string> Derived = new(StringComparer.Ordinal) { "guessed_entry_date", "non_swift_text" };

    public static TheoryData<string> Samples()
    {
        var samples = new TheoryData<string>();
        var there = Directory.Exists(Root);
        foreach (var file in there ? Directory.GetFiles(Root, "*.expected.json", SearchOption.AllDirectories).Order(StringComparer.Ordinal) : Enumerable.Empty<string>())
        {
            samples.Add(Path.GetRelativePath(Root, file).Replace('\\', '/').Replace(".expected.json", ".sta", StringComparison.Ordinal));
        }

        if (samples.Count == 0)
        {
            samples.Add("(absent)");
        }

        return samples;
    }

    [Theory]
    [MemberData(nameof(Samples))]
    public async Task A_sample_reads_as_is_expected_of_it(string sample)
    {
        Assert.SkipWhen(sample == "(absent)", $"The fixtures are not there: {Root}");
        var path = Path.Combine(Root, sample);
        var read = await Collected.Of(await File.ReadAllBytesAsync(path));
        using var expected = JsonDocument.Parse(await File.ReadAllTextAsync(Path.ChangeExtension(path, ".expected.json")));

        read.Reading!.Refusal.Should().BeNull();
        var differences = new Differences(sample);
        foreach (var field in expected.RootElement.GetProperty("data").EnumerateObject())
        {
            CompareStatement(differences, field, read);
        }

        var lines = await File.ReadAllLinesAsync(path);
        var transactions = expected.RootElement.GetProperty("transactions").EnumerateArray().ToList();
        var entries = read.Statements.SelectMany(statement => statement.Entries.Select(entry => (statement.Head, Entry: entry))).ToList();
        entries.Should().HaveCount(transactions.Count);
        for (var i = 0; i < entries.Count; i++)
        {
            foreach (var field in transactions[i].EnumerateObject().Where(field => !Derived.Contains(field.Name)))
            {
                CompareEntry(differences, i, field, entries[i].Entry, entries[i].Head, lines, Additional(transactions[i]));
            }
        }

        differences.All.Should().BeEmpty();
    }

    /// <summary>The other parser holds one set of data for a whole file: what each field was last.</summary>
    private static void CompareStatement(Differences differences, JsonProperty field, Collected read)
    {
        var balances = read.Statements.SelectMany(statement => statement.Foot!.Balances).ToList();
        var last = read.Statements[^1];
        switch (field.Name)
        {
            case "account_identification":
                var account = last.Head.Account!;
                var whole = field.Value.GetString()!.Contains(account.ServicerBic ?? "?", StringComparison.Ordinal)
                    ? $"{account.ServicerBic}/{account.Id}" : account.Id;
                differences.Compare(field, whole);
                break;
            case "final_opening_balance" or "intermediate_opening_balance":
                CompareBalance(differences, field, balances.Last(balance => balance.Kind == "OPBD" && balance.Intermediate == (field.Name[0] == 'i')));
                break;
            case "final_closing_balance" or "intermediate_closing_balance":
                CompareBalance(differences, field, balances.Last(balance => balance.Kind == "CLBD" && balance.Intermediate == (field.Name[0] == 'i')));
                break;
            case "available_balance":
                CompareBalance(differences, field, balances.Last(balance => balance.Kind == "CLAV"));
                break;
            case "transaction_reference":
                differences.Compare(field, last.Head.Id);
                break;
            case "related_reference":
                differences.Compare(field, read.Statements.Last(statement => statement.Head.RelatedReference is not null).Head.RelatedReference);
                break;
            case "statement_number":
                differences.Compare(field, last.Head.Number);
                break;
            case "sequence_number":
                differences.Compare(field, last.Head.Sequence);
                break;
            case "c_floor_limit" or "d_floor_limit":
                var direction = field.Name[0] == 'c' ? Direction.Credit : Direction.Debit;
                CompareAmount(differences, field, last.Foot!.Floors.Single(floor => floor.Direction == direction).Sum!.Value, false);
                break;
            case "sum_debit_entries":
                var total = last.Foot!.Totals.Single(one => one.Direction == Direction.Debit);
                CompareAmount(differences, field, total.Sum!.Value, true);
                differences.Compare(field.Name, field.Value.GetProperty("number").GetString(), total.Count?.ToString(CultureInfo.InvariantCulture));
                break;
            case "date":
                differences.Compare(field.Name, field.Value.GetProperty("local").GetString(), last.Head.CreatedAt?[..19]);
                break;
            case "non_swift":
                differences.Compare(field, last.Foot!.Info);
                break;
            default:
                // Numbered lines stand in the text above as a whole.
                if (!field.Name.StartsWith("non_swift_", StringComparison.Ordinal))
                {
                    differences.Unknown(field);
                }

                break;
        }
    }

    private static void CompareEntry(
        Differences differences, int index, JsonProperty field, StatementEntry entry, StatementHead head, string[] lines, string additional)
    {
        var about = entry.Transactions.Single();
        var references = entry.References;
        var purpose = string.Concat(about.Unstructured);
        differences.At(index);
        switch (field.Name)
        {
            case "amount":
                // betterplace/sepa_mt9401: there RC is positive; the balances of the file only come out if it is a debit.
                CompareAmount(differences, field, entry.Amount, entry.Direction == Direction.Debit && !entry.Reversal);
                break;
            case "currency":
                differences.Compare(field, entry.Amount.Currency);
                break;
            case "status":
                differences.Compare(field, (entry.Reversal, entry.Direction) switch
                {
                    (false, Direction.Credit) => "C", (false, Direction.Debit) => "D", (true, Direction.Debit) => "RC", _ => "RD",
                });
                break;
            case "date":
                differences.Compare(field, entry.ValueDate?.ToString("uuuu-MM-dd", CultureInfo.InvariantCulture));
                break;
            case "entry_date":
                differences.Compare(field, entry.BookingDate?.ToString("uuuu-MM-dd", CultureInfo.InvariantCulture));
                break;
            case "id":
                differences.Compare(field, about.Code.MtType);
                break;
            case "funds_code":
                differences.Compare(field, entry.FundsCode);
                break;
            case "extra_details":
                differences.Compare(field, entry.Supplement ?? "");
                break;
            case "bank_reference":
                differences.Compare(field, references.AccountServicer);
                break;
            case "customer_reference":
                CompareOwnReference(differences, field, references, purpose, additional, lines[entry.Line - 1]);
                break;
            case "transaction_reference":
                differences.Compare(field, head.Id);
                break;
            case "transaction_details":
                CompareDetails(differences, field, entry);
                break;
            case "transaction_code":
                differences.Compare(field, about.Code.Proprietary);
                break;
            default:
                CompareAbout(differences, field, about, purpose, additional, entry);
                break;
        }
    }

    private static void CompareAbout(
        Differences differences, JsonProperty field, EntryTransaction about, string purpose, string additional, StatementEntry entry)
    {
        switch (field.Name)
        {
            case "posting_text" or "non_swift_17":
                differences.Compare(field, about.PostingText);
                break;
            case "prima_nota":
                differences.Compare(field, about.JournalNumber);
                break;
            case "return_debit_notes":
                differences.Compare(field, about.ReturnCode);
                break;
            case "applicant_bin" or "non_swift_33":
                differences.Compare(field, about.Counterparty?.Bank);
                break;
            case "applicant_iban" when entry.Info?.Contains("?38", StringComparison.Ordinal) == true:
                // cmxl/mt940: the IBAN stands in ?38, and the number in ?31 is its end; the other parser does not look at ?38.
                about.Counterparty!.Scheme.Should().Be("IBAN");
                about.Counterparty.Account.Should().EndWith(field.Value.GetString());
                break;
            case "applicant_iban" or "non_swift_34":
                differences.Compare(field, about.Counterparty?.Account);
                break;
            case "applicant_name":
                differences.Compare(field, about.Counterparty?.Name);
                break;
            case "end_to_end_reference" when field.Value.GetString()?.Contains("MTLG:", StringComparison.Ordinal) == true:
                // betterplace/sepa_mt9401: the bank's message in a subfield of its own is no part of the reference before it.
                differences.Compare(field.Name, field.Value.GetString() + additional, about.References.EndToEndId + purpose);
                about.References.EndToEndId.Should().NotContain("MTLG");
                break;
            case "end_to_end_reference":
                differences.Compare(field.Name, field.Value.GetString() is "NONREF" ? null : field.Value.GetString(), about.References.EndToEndId);
                break;
            case "purpose" when field.Value.ValueKind == JsonValueKind.Null:
                // The message MTLG: was given to the reference before it, there.
                about.Unstructured.Where(text => !text.StartsWith("MTLG:", StringComparison.Ordinal)).Should().BeEmpty();
                break;
            case "purpose":
                // Further lines of the purpose (?60 to ?63) stand in a field of their own there.
                differences.Compare(field.Name, field.Value.GetString() + additional, purpose);
                break;
            case "additional_purpose":
                purpose.Should().EndWith(additional);
                break;
            case "non_swift":
                differences.Compare(field, entry.Info);
                break;
            default:
                if (!field.Name.StartsWith("non_swift_", StringComparison.Ordinal) && field.Value.ValueKind != JsonValueKind.Null)
                {
                    differences.Unknown(field);
                }

                break;
        }
    }

    private static string Additional(JsonElement transaction) =>
        transaction.TryGetProperty("additional_purpose", out var more) ? more.GetString() ?? "" : "";

    private static void CompareOwnReference(
        Differences differences, JsonProperty field, EntryReferences references, string purpose, string additional, string line)
    {
        var expected = field.Value.GetString();
        if (differences.Sample == "betterplace/sepa_mt9401.sta" && expected is null)
        {
            // There a purpose with any SEPA word wipes out the reference of :61:; here it stays.
            line.Should().Contain(references.Own ?? "NONREF");
            (references.Own is null).Should().Be(line.Contains("NONREF") || line.Contains("KREF+"));
        }
        else if (expected?.StartsWith("KREF+\n", StringComparison.Ordinal) == true)
        {
            // There the word KREF+ and the bank's message are part of the reference.
            var message = expected.Contains("MTLG:", StringComparison.Ordinal);
            differences.Compare(field.Name, expected["KREF+\n".Length..] + (message ? additional : ""), references.Own + (message ? purpose : ""));
            references.Own.Should().NotContainAny("KREF", "MTLG");
        }
        else
        {
            // EREF in :61: says that the end-to-end reference follows; NONREF says that there is none.
            differences.Compare(field.Name, expected is "NONREF" or "EREF" ? null : expected, references.Own);
        }
    }

    private static void CompareDetails(Differences differences, JsonProperty field, StatementEntry entry)
    {
        var expected = field.Value.GetString()!;
        if (differences.Sample == "jejik/ing.sta")
        {
            // The second :86: stands after the closing balance and is the statement's; there it goes to the last entry, with the end.
            expected = expected.Replace("\nD000004C000002D25,24C28,71\n-XXX", "", StringComparison.Ordinal);
        }

        differences.Compare(field.Name, expected, entry.Info ?? "");
    }

    private static void CompareBalance(Differences differences, JsonProperty field, StatementBalance balance)
    {
        CompareAmount(differences, field, balance.Amount, balance.Direction == Direction.Debit);
        differences.Compare(field.Name, field.Value.GetProperty("date").GetString(),
            balance.Date?.ToString("uuuu-MM-dd", CultureInfo.InvariantCulture));
        differences.Compare(field.Name, field.Value.GetProperty("status").GetString(), balance.Direction == Direction.Debit ? "D" : "C");
    }

    private static void CompareAmount(Differences differences, JsonProperty field, BankAmount amount, bool negative)
    {
        var holder = field.Value.TryGetProperty("amount", out var inner) && inner.ValueKind == JsonValueKind.Object ? inner : field.Value;
        var expected = decimal.Parse(holder.GetProperty("amount").GetString()!, CultureInfo.InvariantCulture);
        var read = (negative ? -1m : 1m) * amount.Minor;
        for (var i = 0; i < amount.Decimals; i++)
        {
            read /= 10;
        }

        differences.Compare(field.Name, expected.ToString("0.#####", CultureInfo.InvariantCulture), read.ToString("0.#####", CultureInfo.InvariantCulture));
        differences.Compare(field.Name, holder.GetProperty("currency").GetString(), amount.Currency);
    }
}

/// <summary>What differs, each with its place.</summary>
internal sealed class Differences(string sample)
{
    private int? _index;

    public string Sample { get; } = sample;

    public List<string> All { get; } = [];

    public void At(int index) => _index = index;

    public void Compare(JsonProperty field, string? read) => Compare(field.Name, field.Value.ValueKind == JsonValueKind.Null ? null : field.Value.ToString(), read);

    public void Compare(string name, string? expected, string? read)
    {
        if (expected != read)
        {
            All.Add($"{_index}: {name} is {read ?? "null"}, expected {expected ?? "null"}");
        }
    }

    public void Unknown(JsonProperty field) => All.Add($"{_index}: nothing compares {field.Name}");
}
