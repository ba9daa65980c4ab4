using System.Globalization;
using System.Text.Json;
using EGovPay.Settlement.Statements;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.Statements;

/// <summary>Every camt sample that comes with a full expectation is read so, field by field.</summary>
public sealed class CamtExpectedTests
{
    private const string Again = "__RECURSIVITY__";

    [Theory]
    [InlineData("camt052.v2", StatementFormat.Camt052, "02")]
    [InlineData("camt053.v2.minimal", StatementFormat.Camt053, "02")]
    [InlineData("camt053.v2.multi.statement", StatementFormat.Camt053, "02")]
    [InlineData("camt053.v4", StatementFormat.Camt053, "04")]
    [InlineData("camt053.v8", StatementFormat.Camt053, "08")]
    [InlineData("camt054.v4", StatementFormat.Camt054, "04")]
    public async Task A_sample_reads_as_is_expected_of_it(string sample, StatementFormat format, string version)
    {
        var read = await Collected.OfFixture("camt", "genkgo", sample + ".xml");
        var json = await File.ReadAllTextAsync(Path.Combine(Fixtures.Root, "statements", "camt", "genkgo", sample + ".json"));
        using var expected = JsonDocument.Parse(json);

        read.Reading!.Refusal.Should().BeNull();
        var differences = new Differences(sample);
        var root = expected.RootElement;
        root.GetProperty("getRecords").GetArrayLength().Should().Be(read.Statements.Count);
        foreach (var entry in root.GetProperty("getEntries").EnumerateArray())
        {
            // camt053.v2.multi.statement: there entries are listed by their number, so that the first statement's is lost under the second's.
            var record = entry.GetProperty("getRecord");
            var statement = read.Statements.Single(one => one.Head.Id == Text(record, "getId"));
            (statement.Head.Format, statement.Head.Version).Should().Be((format, version));
            differences.Compare("messageId", Text(root.GetProperty("getGroupHeader"), "getMessageId"), statement.Head.MessageId);
            CompareStatement(differences, record, statement);
            CompareEntry(differences, entry, statement.Entries[entry.GetProperty("getIndex").GetInt32()]);
        }

        differences.All.Should().BeEmpty();
    }

    [Fact]
    public async Task A_message_without_a_statement_is_refused_with_its_line()
    {
        var read = await Collected.OfFixture("camt", "genkgo", "camt053.v2.wrong.xml");
        read.Reading!.Refusal.Should().Be(new StatementRefusal(StatementRefusalReason.NoStatement, 3, 6, "BkToCstmrStmt",
            "The message holds no statement: no Stmt, Rpt or Ntfctn."));
        read.Statements.Should().BeEmpty();
    }

    [Fact]
    public async Task Both_statements_of_one_message_are_read()
    {
        var read = await Collected.OfFixture("camt", "genkgo", "camt053.v2.multi.statement.xml");
        read.Statements.Select(statement => statement.Head.Id).Should().Equal("253EURNL26VAYB8060476890", "254EURNL26VAYB8060476890");
        read.Entries.Select(entry => entry.SignedMinor).Should().Equal(885, -700);
        read.Entries.Select(entry => entry.Transactions.Single().References.EndToEndId).Should().Equal("000000001", "000000002");
        read.Notes.Should().BeEmpty();
    }

    private static void CompareStatement(Differences differences, JsonElement record, ReadStatement statement)
    {
        var head = statement.Head;
        var account = record.GetProperty("getAccount");
        differences.Compare("account", Text(account, "getIdentification"), head.Account!.Id);
        differences.Compare("scheme", Text(account, "__CLASS__")!.EndsWith("IbanAccount", StringComparison.Ordinal) ? "IBAN" : "Othr", head.Account.Scheme);
        differences.Compare("number", Text(record, "getElectronicSequenceNumber"), head.Number);
        differences.Compare("sequence", Text(record, "getLegalSequenceNumber"), head.Sequence);
        differences.Compare("copy", Text(record, "getCopyDuplicateIndicator"), head.CopyDuplicate);
        differences.Compare("page", record.GetProperty("getPagination") is { ValueKind: JsonValueKind.Object } pages ? Text(pages, "getPageNumber") : null, head.Page);
        differences.Compare("info", Text(record, "getAdditionalInformation"), statement.Foot!.Info);
        foreach (var (name, read) in new[] { ("getCreatedOn", head.CreatedAt), ("getFromDate", head.From), ("getToDate", head.To) })
        {
            differences.Compare(name, Moment(record, name)?.ToString("O", CultureInfo.InvariantCulture), read is null ? null : Parsed(read).ToString("O", CultureInfo.InvariantCulture));
        }

        // Notifications have none.
        var balances = record.TryGetProperty("getBalances", out var all) ? all.EnumerateArray().ToList() : [];
        statement.Foot.Balances.Should().HaveCount(balances.Count);
        foreach (var (balance, read) in balances.Zip(statement.Foot.Balances))
        {
            differences.Compare("balance", Text(balance, "getType"), read.Kind switch
            {
                "OPBD" or "PRCD" => "opening", "CLBD" => "closing", "OPAV" => "opening_available", "CLAV" => "closing_available", var other => other,
            });
            differences.Compare("balance", Money(balance.GetProperty("getAmount")), $"{read.SignedMinor} {read.Amount.Currency}");
            differences.Compare("balance", Moment(balance, "getDate")?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), read.Date?.ToString("uuuu-MM-dd", CultureInfo.InvariantCulture));
        }
    }

    private static void CompareEntry(Differences differences, JsonElement expected, StatementEntry entry)
    {
        differences.Compare("amount", Money(expected.GetProperty("getAmount")), $"{entry.SignedMinor} {entry.Amount.Currency}");
        differences.Compare("direction", Text(expected, "getCreditDebitIndicator"), entry.Direction == Direction.Credit ? "CRDT" : "DBIT");
        differences.Compare("reversal", expected.GetProperty("getReversalIndicator").GetBoolean().ToString(), entry.Reversal.ToString());
        differences.Compare("status", Text(expected, "getStatus"), entry.Status == EntryStatus.Booked ? "BOOK" : entry.Status.ToString());
        differences.Compare("reference", Text(expected, "getReference"), entry.References.Own);
        differences.Compare("servicer", Text(expected, "getAccountServicerReference"), entry.References.AccountServicer);
        differences.Compare("info", Text(expected, "getAdditionalInfo"), entry.Info ?? "");
        differences.Compare("batch", Text(expected, "getBatchPaymentId"), entry.Batch?.PaymentInformationId);
        // All of the samples' times lie on the same day in UTC and where the bank is; the local date is what counts.
        differences.Compare("booked", Moment(expected, "getBookingDate")?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), entry.BookingDate?.ToString("uuuu-MM-dd", CultureInfo.InvariantCulture));
        differences.Compare("valued", Moment(expected, "getValueDate")?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), entry.ValueDate?.ToString("uuuu-MM-dd", CultureInfo.InvariantCulture));
        CompareCode(differences, expected, entry.Code);
        var transactions = expected.GetProperty("getTransactionDetails").EnumerateArray().ToList();
        entry.Transactions.Should().HaveCount(transactions.Count);
        for (var i = 0; i < transactions.Count; i++)
        {
            differences.At(i);
            // The first is printed in full beside the list.
            CompareTransaction(differences,
                transactions[i].ValueKind == JsonValueKind.String ? expected.GetProperty("getTransactionDetail") : transactions[i], entry.Transactions[i]);
        }
    }

    private static void CompareTransaction(Differences differences, JsonElement expected, EntryTransaction read)
    {
        if (differences.Sample != "camt054.v4")
        {
            differences.Compare("direction", Text(expected, "getCreditDebitIndicator"), read.Direction == Direction.Credit ? "CRDT" : "DBIT");
        }
        else
        {
            // camt054.v4: its transactions say CRDT within an entry that says DBIT; there the entry's word is put over theirs.
            (Text(expected, "getCreditDebitIndicator"), read.Direction).Should().Be(("DBIT", Direction.Credit));
        }

        var sign = Text(expected, "getCreditDebitIndicator") == "DBIT" ? -1 : 1;
        var amount = expected.GetProperty("getAmount") is { ValueKind: JsonValueKind.Object } own ? own : expected.GetProperty("getAmountDetails");
        differences.Compare("amount", amount.ValueKind == JsonValueKind.Object ? Money(amount) : null,
            read.Amount is { } money ? $"{sign * money.Minor} {money.Currency}" : null);
        CompareCode(differences, expected, read.Code);
        CompareReferences(differences, expected.GetProperty("getReference"), read.References);
        CompareParties(differences, expected, read);
        differences.Compare("info", Text(expected, "getAdditionalTransactionInformation"), read.Info);

        var remittance = expected.GetProperty("getRemittanceInformation");
        var words = Blocks(remittance, "getUnstructuredBlock").Select(block => Text(block, "getMessage"));
        read.Unstructured.Should().Equal(words);
        var structured = Blocks(remittance, "getStructuredBlock").ToList();
        read.Structured.Should().HaveCount(structured.Count);
        foreach (var (block, one) in structured.Zip(read.Structured))
        {
            var reference = block.GetProperty("getCreditorReferenceInformation");
            // Where it is the same object it is printed above the blocks.
            reference = reference.ValueKind == JsonValueKind.String ? remittance.GetProperty("getCreditorReferenceInformation") : reference;
            differences.Compare("structured", Text(reference, "getRef"), one.Reference);
            differences.Compare("structured", Text(reference, "getCode") ?? Text(reference, "getProprietary"), one.Kind);
            differences.Compare("structured", Text(block, "getAdditionalRemittanceInformation"), one.Additional);
        }
    }

    private static void CompareReferences(Differences differences, JsonElement expected, EntryReferences read)
    {
        if (expected.ValueKind == JsonValueKind.Null)
        {
            read.Should().Be(EntryReferences.None);
            return;
        }

        foreach (var (name, value) in new[]
        {
            ("getEndToEndId", read.EndToEndId), ("getInstructionId", read.InstructionId), ("getTransactionId", read.TransactionId),
            ("getAccountServicerReference", read.AccountServicer), ("getMessageId", read.MessageId),
            ("getPaymentInformationId", read.PaymentInformationId), ("getMandateId", read.Mandate), ("getChequeNumber", read.Cheque),
            ("getClearingSystemReference", read.ClearingSystem), ("getUuidEndToEndReference", read.Uetr),
        })
        {
            differences.Compare(name, Text(expected, name), value);
        }

        read.Proprietary.Should().Equal(expected.GetProperty("getProprietaries").EnumerateArray()
            .Select(one => (Text(one, "getType"), Text(one, "getReference"))));
    }

    private static void CompareParties(Differences differences, JsonElement expected, EntryTransaction read)
    {
        foreach (var party in expected.GetProperty("getRelatedParties").EnumerateArray())
        {
            var kind = party.GetProperty("getRelatedPartyType");
            var side = Text(kind, "__CLASS__")!.EndsWith("Creditor", StringComparison.Ordinal) ? read.Creditor : read.Debtor;
            differences.Compare("name", Text(kind, "getName"), side?.Name);
            differences.Compare("account", Text(party.GetProperty("getAccount"), "getIdentification"), side?.Account);
        }

        var agents = expected.GetProperty("getRelatedAgents").EnumerateArray()
            .Select(agent => agent.ValueKind == JsonValueKind.String ? expected.GetProperty("getRelatedAgent") : agent);
        foreach (var agent in agents.Select(agent => agent.GetProperty("getRelatedAgentType")))
        {
            var side = Text(agent, "__CLASS__")!.EndsWith("CreditorAgent", StringComparison.Ordinal) ? read.Creditor : read.Debtor;
            // camt054.v4: a bank without a BIC has a clearing number, which the other parser does not look at.
            differences.Compare("bank", Text(agent, "getBIC") is { Length: > 0 } bic ? bic : "100", side?.Bank);
            differences.Compare("bank", Text(agent, "getName"), side?.BankName ?? "");
        }
    }

    private static void CompareCode(Differences differences, JsonElement holder, BankTransactionCode read)
    {
        var code = holder.GetProperty("getBankTransactionCode");
        var domain = code.ValueKind == JsonValueKind.Object ? code.GetProperty("getDomain") : code;
        var family = domain.ValueKind == JsonValueKind.Object ? domain.GetProperty("getFamily") : domain;
        var own = code.ValueKind == JsonValueKind.Object ? code.GetProperty("getProprietary") : code;
        differences.Compare("domain", Text(domain, "getCode"), read.Domain);
        differences.Compare("family", Text(family, "getCode"), read.Family);
        differences.Compare("subfamily", Text(family, "getSubFamilyCode"), read.SubFamily);
        differences.Compare("proprietary", Text(own, "getCode"), read.Proprietary);
        differences.Compare("issuer", Text(own, "getIssuer") is { Length: > 0 } issuer ? issuer : null, read.Issuer);
    }

    /// <summary>All blocks: the first stands in full beside the list.</summary>
    private static IEnumerable<JsonElement> Blocks(JsonElement remittance, string name) => remittance.ValueKind == JsonValueKind.Null
        ? []
        : remittance.GetProperty(name + "s").EnumerateArray()
            .Select(block => block.ValueKind == JsonValueKind.String ? remittance.GetProperty(name) : block);

    private static string Money(JsonElement amount) => $"{Text(amount, "getAmount")} {Text(amount.GetProperty("getCurrency"), "getCode")}";

    private static string? Text(JsonElement holder, string name) =>
        holder.ValueKind == JsonValueKind.Object && holder.GetProperty(name).GetString() is { } text && text != Again ? text : null;

    private static DateTimeOffset? Moment(JsonElement holder, string name) =>
        holder.GetProperty(name) is { ValueKind: JsonValueKind.Object } moment ? Parsed(moment.GetProperty("0").GetString()!) : null;

    private static DateTimeOffset Parsed(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture).ToUniversalTime();
}
