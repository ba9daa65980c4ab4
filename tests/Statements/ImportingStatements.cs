using System.Text;
using EGovPay.Settlement.Incoming;
using EGovPay.Settlement.Statements;
using EGovPay.Tests.PostgreSql;
using FluentAssertions;
using NodaTime;
using Xunit;

namespace EGovPay.Tests.Statements;

/// <summary>Files of statements in a real database: whole or not at all, and once.</summary>
public sealed class ImportingStatements(ITestOutputHelper output) : IAsyncLifetime
{
    private static readonly string Root = Path.Combine(Fixtures.Root, "statements");

    private TestDatabase database = null!;

    public async ValueTask InitializeAsync() => database = await TestDatabase.CreateAsync();

    public async ValueTask DisposeAsync() => await database.DisposeAsync();

    [Theory]
    [InlineData("<FrToDt><FrDtTm>2026-11-19T00:00:00</FrDtTm><ToDtTm>2026-11-20T23:59:59</ToDtTm></FrToDt>", null, "2026-11-20")]
    [InlineData("", 1_00L, "2026-11-21")]
    public async Task A_booked_entry_without_any_date_is_of_the_statements_last_day_and_a_note_says_so(string period, long? closing, string day)
    {
        var text = Dateless(Bank.Camt("053", "S1", closing is null ? null : 0, closing, new Booking(1_00, "2026-11-21", "B1")), period);
        var import = await Bank.ImportAsync(database, text);
        import.Receipt.Verdict.Should().Be(FileVerdict.Imported);
        import.Statements[0].Notes.Should().ContainSingle(note => note.Contains("neither", StringComparison.Ordinal));
        (await database.AskAsync<string>("select to_char(booking_day, 'YYYY-MM-DD') from statement_entry")).Should().Be(day);
    }

    [Fact]
    public async Task A_booked_entry_without_any_date_in_a_statement_without_any_is_refused_with_its_line()
    {
        var text = Bank.Camt("054", "S1", null, null, new Booking(1_00, Reference: "B1"), new Booking(2_00, Reference: "B2"));
        var at = text.LastIndexOf("<BookgDt>", StringComparison.Ordinal);
        var receipt = (await Bank.ImportAsync(database, text[..at] + Dateless(text[at..], ""))).Receipt;
        receipt.Verdict.Should().Be(FileVerdict.Refused);
        receipt.Refusal!.Line.Should().Be(5);
        (await Bank.ImportAsync(database, Dateless(text, "").Replace("BOOK", "PDNG", StringComparison.Ordinal))).Receipt.Verdict
            .Should().Be(FileVerdict.Imported, "what is not booked needs no day");
    }

    private static string Dateless(string camt, string period) => System.Text.RegularExpressions.Regex.Replace(
        camt, "<(BookgDt|ValDt)>.*?</(BookgDt|ValDt)>", "", System.Text.RegularExpressions.RegexOptions.None, TimeSpan.FromSeconds(1))
        .Replace("<Acct>", period + "<Acct>", StringComparison.Ordinal);

    [Fact]
    public async Task Every_sample_is_imported_as_it_reads_or_leaves_nothing_but_its_refusal_and_a_second_time_changes_nothing()
    {
        Assert.SkipUnless(Directory.Exists(Root), $"The fixtures are not there: {Root}");
        var files = Directory.GetFiles(Root, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .Where(path => !path.EndsWith(".json", StringComparison.Ordinal)).ToList();
        output.WriteLine("| file | format | statements | entries | verdict |");
        output.WriteLine("|---|---|---|---|---|");
        var seen = new HashSet<string>();
        foreach (var path in files)
        {
            var file = Path.GetRelativePath(Root, path).Replace('\\', '/');
            var bytes = await File.ReadAllBytesAsync(path);
            var read = await Collected.Of(bytes);
            var before = await RowsAsync();
            var import = await Bank.ImportAsync(database, bytes, file);
            output.WriteLine($"| {file} | {import.Receipt.Format} | {import.Statements.Count} | {import.Entries} | {Verdict(import)} |");

            var without = read.Notes.Exists(note => note.Kind is NoteKind.AccountMissing or NoteKind.ClosingMissing);
            if (read.Reading!.Refusal is not null || without)
            {
                import.Receipt.Verdict.Should().Be(FileVerdict.Refused, file);
                import.Receipt.Refusal!.Line.Should().BePositive(file);
                (await RowsAsync()).Should().Be(before, file);
                (await database.AskAsync<string>($"select refused_because from settlement_file where sha256 = '\\x{import.Receipt.Sha256}'"))
                    .Should().Contain("line", file);
            }
            else if (!seen.Add(import.Receipt.Sha256))
            {
                import.Receipt.Verdict.Should().Be(FileVerdict.KnownBefore, file);
            }
            else
            {
                import.Receipt.Verdict.Should().Be(FileVerdict.Imported, file);
                await CompareAsync(read, import, file);
            }
        }

        var after = await RowsAsync();
        var came = await database.AskAsync<long>("select count(*) from settlement_file");
        var acts = await database.AskAsync<long>("select count(*) from act");
        foreach (var path in files)
        {
            var again = await Bank.ImportAsync(database, await File.ReadAllBytesAsync(path), "another name");
            again.Receipt.Verdict.Should().BeOneOf(FileVerdict.KnownBefore, FileVerdict.Refused);
        }

        (await RowsAsync()).Should().Be(after);
        (await database.AskAsync<long>("select count(*) from settlement_file")).Should().Be(came);
        (await database.AskAsync<long>("select count(*) from act")).Should().Be(acts);
    }

    [Fact]
    public async Task What_was_read_stands_in_the_book_field_by_field()
    {
        var import = await Bank.ImportAsync(database, Bank.Camt("053", "S1", 100_00, 150_00,
            new Booking(70_00, Reference: "B1", EndToEnd: "E1", Text: "Nömrə 7, şəhər"), new Booking(-20_00, "2026-11-19", "B2")));
        import.Receipt.Should().BeEquivalentTo(new { Verdict = FileVerdict.Imported, Format = "camt.053.001.08", Refusal = (FileRefusal?)null });
        var statement = import.Statements.Should().ContainSingle().Subject;
        statement.Should().BeEquivalentTo(new
        {
            Message = "camt.053.001.08", Bank.Account, Currency = "AZN", Identification = "S1", OpeningMinor = 100_00L, ClosingMinor = 150_00L,
            Entries = 2, DifferenceMinor = 0L, Intraday = false, Ours = true, Repeated = 0, GapMinor = (long?)null,
        });
        statement.Notes.Should().BeEmpty();
        var book = new StatementBook(database.DataSource, new OurAccounts([Bank.Account]));
        (await book.FindAsync(statement.Id))!.Statement.Should().BeEquivalentTo(statement);
        var entries = await book.EntriesAsync(statement.Id, 10);
        entries.Select(one => (one.Number, one.AmountMinor, one.BookingDay, one.Status, one.BankReference, one.EndToEndId, one.Remittance)).Should().Equal(
            (1, 70_00, new LocalDate(2026, 11, 20), "booked", "B1", "E1", "Nömrə 7, şəhər"),
            (2, -20_00, new LocalDate(2026, 11, 19), "booked", "B2", null, null));
        (await book.EntriesAsync(statement.Id, 10, after: 1)).Select(one => one.Number).Should().Equal(2);
        (await database.AskAsync<string>("select what || ' ' || who || ' ' || subject from act order by number desc limit 1"))
            .Should().Be($"statement import aysel file {import.Receipt.FileId}");
    }

    [Fact]
    public async Task Balances_that_do_not_add_up_are_reported_with_the_difference_and_the_statement_is_kept()
    {
        var import = await Bank.ImportAsync(database, Bank.Mt("7", 100_00, 169_99, new Booking(70_00)));
        import.Receipt.Verdict.Should().Be(FileVerdict.Imported);
        import.Statements[0].DifferenceMinor.Should().Be(-1);
        import.Statements[0].Notes.Should().ContainSingle().Which.Should().Contain("closing balance is 16999");
    }

    [Fact]
    public async Task A_statement_that_does_not_go_on_where_the_last_ended_is_a_gap_until_the_missing_one_comes()
    {
        await Bank.ImportAsync(database, Bank.Camt("053", "S1", 0, 10_00, new Booking(10_00, "2026-11-17", "A")));
        var late = await Bank.ImportAsync(database, Bank.Camt("053", "S3", 25_00, 30_00, new Booking(5_00, "2026-11-19", "C")));
        late.Statements[0].GapMinor.Should().Be(15_00);
        var missing = await Bank.ImportAsync(database, Bank.Camt("053", "S2", 10_00, 25_00, new Booking(15_00, "2026-11-18", "B")));
        missing.Statements[0].GapMinor.Should().BeNull();
        var book = new StatementBook(database.DataSource, OurAccounts.None);
        (await book.ListAsync(10)).Should().OnlyContain(one => one.Statement.GapMinor == null);
    }

    [Fact]
    public async Task Interim_reports_and_statements_sent_again_make_no_gap()
    {
        await Bank.ImportAsync(database, Bank.Camt("053", "S1", 0, 10_00, new Booking(10_00, "2026-11-17", "A")));
        (await Bank.ImportAsync(database, Bank.Camt("052", "R", 77_00, 78_00, new Booking(1_00, "2026-11-18", "X")))).Statements[0].GapMinor.Should().BeNull();
        var next = Bank.Camt("053", "S2", 10_00, 25_00, new Booking(15_00, "2026-11-18", "B"));
        (await Bank.ImportAsync(database, next)).Statements[0].GapMinor.Should().BeNull();
        (await Bank.ImportAsync(database, next + "\n")).Statements[0].GapMinor.Should().BeNull();
    }

    [Fact]
    public async Task Another_ones_account_is_kept_and_said_and_ours_is_known_by_its_number_alone()
    {
        var other = await Bank.ImportAsync(database, Bank.Camt("053", "S1", "AZ96AZEJ00000000001234567890", 0, 1_00, new Booking(1_00)));
        other.Statements[0].Ours.Should().BeFalse();
        other.Statements[0].Notes.Should().ContainSingle().Which.Should().Contain("not one of ours");
        var bare = Bank.Mt("8", 0, 1_00, new Booking(1_00)).Replace(Bank.Account, "NABZAZ2X/" + Bank.Account[8..], StringComparison.Ordinal);
        var ours = await Bank.ImportAsync(database, bare);
        ours.Statements[0].Should().BeEquivalentTo(new { Ours = true, Bank.Account });
    }

    [Theory]
    [InlineData(":20:X\r\n:28C:1/1\r\n:60F:C261119AZN0,\r\n:61:261120C1,00NTRFX\r\n:62F:C261120AZN1,00\r\n-\r\n", "account")]
    [InlineData(":20:X\r\n:25:\r\n:28C:1/1\r\n:60F:C261119AZN0,\r\n:62F:C261120AZN0,\r\n-\r\n", "account")]
    [InlineData(":20:X\r\n:25:1\r\n:28C:1/1\r\n:60F:C261119AZN0,\r\n:61:261120C1,00NTRFX\r\n:86:TE", "no closing balance", 6)]
    [InlineData(":20:X\r\n:25:1\r\n:28C:1/1\r\n:60F:C261119AZN0,\r\n:61:261120C1,00NTRFX\r\n-\r\n", "no closing balance", 5)]
    [InlineData(":20:X\r\n:25:1\r\n:28C:1/1\r\n", "no closing balance", 3)]
    [InlineData("hello", "neither XML nor")]
    [InlineData("Tarix;Məbləğ\r\n20.11.2026;1,00\r\n", "section mappings")]
    [InlineData("", "empty")]
    [InlineData("<?xml version=\"1.0\"?><!DOCTYPE x><Document/>", "document type")]
    public async Task What_is_refused_leaves_one_row_with_the_reason_and_may_be_given_again(string text, string why, int? line = null)
    {
        var before = await RowsAsync();
        for (var time = 0; time < 2; time++)
        {
            var import = await Bank.ImportAsync(database, text, "bad.sta");
            import.Receipt.Should().BeEquivalentTo(new { Verdict = FileVerdict.Refused, FileId = (long?)null });
            import.Receipt.Refusal!.Text.Should().Contain(why);
            import.Receipt.Refusal.Line.Should().Be(line ?? import.Receipt.Refusal.Line);
            import.Statements.Should().BeEmpty();
        }

        (await RowsAsync()).Should().Be(before);
        (await database.AskAsync<string>("select string_agg(kind || '|' || name || '|' || refused_because, ';') from settlement_file"))
            .Should().StartWith("statement|bad.sta|").And.Contain(why).And.NotContain(";statement");
    }

    [Fact]
    public async Task A_fault_in_the_last_entry_voids_the_thousands_before_it()
    {
        var good = Bank.Mt("9", 0, 12_000, [.. Enumerable.Range(0, 12_000).Select(n => new Booking(1, Reference: $"R{n}"))]);
        var at = good.LastIndexOf(":61:", StringComparison.Ordinal);
        var import = await Bank.ImportAsync(database, good[..at] + ":61:2611x0C1,00NTRFX\r\n" + good[at..]);
        import.Receipt.Verdict.Should().Be(FileVerdict.Refused);
        import.Receipt.Refusal!.Line.Should().Be(good[..at].Count(letter => letter == '\n') + 1);
        (await RowsAsync()).Should().Be("0 0 0");
        (await Bank.ImportAsync(database, good)).Receipt.Verdict.Should().Be(FileVerdict.Imported);
        (await Bank.CountedAsync(database)).Should().Be((12_000, 12_000));
    }

    [Fact]
    public async Task A_bank_s_own_table_is_imported_by_the_mapping_whose_columns_it_has_or_that_is_named()
    {
        var mapping = Mapping.Mappings.One("""{"name":"a","for":"statement","columns":{"date":"date","amount":"sum","bankReference":"ref"},"account":"AZ21NABZ00000000137010001944"}""");
        var import = new ImportStatements(database.DataSource, new OurAccounts([Bank.Account]), [mapping, mapping with { Name = "b", Columns = new Dictionary<string, Settlement.Mapping.MappedColumn> { ["date"] = new("day", 0), ["amount"] = new("sum", 0) } }]);
        Task<StatementImport> FromAsync(string text, string? name = null) =>
            import.FromAsync(new IncomingFile("t.csv", new MemoryStream(Encoding.UTF8.GetBytes(text)), FileSource.Command, "aysel"), name);
        var read = await FromAsync("ref,date,sum\nB1,2026-11-20,10.00\nB2,2026-11-20,-1.00\n");
        read.Receipt.Should().BeEquivalentTo(new { Verdict = FileVerdict.Imported, Format = "csv" });
        (await Bank.CountedAsync(database)).Should().Be((2, 9_00));
        // The same bookings as the bank's camt has them.
        (await Bank.ImportAsync(database, Bank.Camt("053", "S", 0, 9_00, new Booking(10_00, Reference: "B1"), new Booking(-1_00, Reference: "B2")))).Statements[0].Repeated.Should().Be(2);
        (await FromAsync("ref,date,sum,day\nB3,2026-11-20,10.00,2026-11-20\n")).Receipt.Refusal!.Text.Should().Contain("several mappings: a, b");
        (await FromAsync("ref,date,sum,day\nB3,2026-11-20,10.00,2026-11-20\n", "a")).Receipt.Verdict.Should().Be(FileVerdict.Imported);
        (await FromAsync("x,y\n1,2\n")).Receipt.Refusal!.Text.Should().Contain("neither XML nor").And.Contain("has its columns: a, b").And.Contain("--mapping");
        (await FromAsync("x,y\n1,2\n", "c")).Receipt.Refusal!.Text.Should().Contain("no mapping 'c'");
        (await FromAsync("date,sum,ref\n2026-11-20,1.00x,B9\n")).Receipt.Refusal!.Should().Match<FileRefusal>(why => why.Line == 2 && why.Where == "amount");
    }

    [Fact]
    public async Task A_file_that_changes_between_its_two_readings_is_refused()
    {
        var import = await new ImportStatements(database.DataSource, OurAccounts.None).FromAsync(
            new IncomingFile("x", new Changing(Bank.Mt("1", 0, 1_00, new Booking(1_00)), Bank.Mt("1", 0, 2_00, new Booking(2_00))), FileSource.Folder, "engine"));
        import.Receipt.Refusal!.Text.Should().Contain("changed while it was read");
        (await RowsAsync()).Should().Be("0 0 0");
    }

    [Fact]
    public async Task Zero_bytes_and_broken_letters_in_texts_are_kept_as_something_readable()
    {
        var import = await Bank.ImportAsync(database, Bank.Mt("1", 0, 1_00, new Booking(1_00, Text: "a\0b")));
        import.Receipt.Verdict.Should().BeOneOf(FileVerdict.Imported, FileVerdict.Refused);
    }

    [Fact]
    public async Task A_row_that_was_imported_is_not_changed_or_removed()
    {
        await Bank.ImportAsync(database, Bank.Mt("1", 0, 1_00, new Booking(1_00)));
        foreach (var sql in new[]
        {
            "update statement set closing_minor = 5", "delete from statement", "update statement_entry set amount_minor = 5", "delete from statement_entry",
        })
        {
            var change = () => database.ExecuteAsync(sql);
            await change.Should().ThrowAsync<Npgsql.PostgresException>(sql);
        }
    }

    private async Task CompareAsync(Collected read, StatementImport import, string file)
    {
        import.Statements.Should().HaveCount(read.Statements.Count, file);
        var book = new StatementBook(database.DataSource, new OurAccounts([Bank.Account]));
        foreach (var (kept, was) in import.Statements.Zip(read.Statements))
        {
            kept.Entries.Should().Be(was.Entries.Count, file);
            var entries = await book.EntriesAsync(kept.Id, 1_000);
            entries.Select(one => (one.AmountMinor, one.Currency, one.BookingDay, one.ValueDay, one.Line)).Should().Equal(
                was.Entries.Select(one => (one.SignedMinor, one.Amount.Currency, one.BookingDate, one.ValueDate, one.Line)), file);
            if (kept.DifferenceMinor is { } difference)
            {
                (difference != 0).Should().Be(
                    read.Notes.Exists(note => note.Kind == NoteKind.BalancesDiffer && note.DifferenceMinor == difference), file);
            }
        }
    }

    private async Task<string> RowsAsync() => (await database.AskAsync<string>(
        "select (select count(*) from statement) || ' ' || (select count(*) from statement_entry) || ' ' || (select count(*) from statement_transaction)"))!;

    private static string Verdict(StatementImport import) => import.Receipt.Verdict switch
    {
        FileVerdict.Refused => $"refused, {import.Receipt.Refusal}",
        FileVerdict.KnownBefore => "known before",
        _ => string.Join("; ", import.Statements.SelectMany(one => one.Notes).Where(note => !note.Contains("not one of ours", StringComparison.Ordinal))
            .Take(2).Prepend("read")),
    };

    /// <summary>Another content each time it is read from its beginning.</summary>
    private sealed class Changing(string first, string second) : Stream
    {
        private readonly MemoryStream one = new(Encoding.UTF8.GetBytes(first));
        private readonly MemoryStream two = new(Encoding.UTF8.GetBytes(second));
        private int begun = -1;

        private MemoryStream Now => begun <= 0 ? one : two;

        public override bool CanRead => true;

        public override bool CanSeek => true;

        public override bool CanWrite => false;

        public override long Length => Now.Length;

        public override long Position
        {
            get => Now.Position;
            set
            {
                begun++;
                Now.Position = value;
            }
        }

        public override int Read(byte[] buffer, int offset, int count) => Now.Read(buffer, offset, count);

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
