using System.Text;
using EGovPay.Settlement.Incoming;
using EGovPay.Settlement.Terms;
using EGovPay.Tests.PostgreSql;
using EGovPay.Tests.Statements;
using FluentAssertions;
using NodaTime;
using Npgsql;
using Xunit;

namespace EGovPay.Tests.Incoming;

/// <summary>The watched folder: complete files only, each once, whatever happens between the import and the move.</summary>
public sealed class WatchedFolder : IAsyncLifetime
{
    private readonly string folder = Directory.CreateTempSubdirectory("egovpay-in-").FullName;
    private TestDatabase database = null!;

    private ImportFolder Watch => new(database.DataSource, folder, SystemClock.Instance);

    public async ValueTask InitializeAsync() => database = await TestDatabase.CreateAsync();

    public async ValueTask DisposeAsync()
    {
        await database.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Files_are_imported_by_where_they_lie_and_moved_away()
    {
        await ApplyMappingAsync();
        Put("statements/a.xml", Bank.Camt("053", "S1", 0, 1_00, new Booking(1_00)));
        Put("registers/azersu/day-20261120.txt", "731\t2026-11-20\t09:30\t7\t1.00\nTotal: 1 1.00\n");
        Put("registers/azeriqaz_20261120.txt", "732\t2026-11-20\t09:30\t7\t2.00\nTotal: 1 2.00\n");
        Put("acquirers/millikart/r.csv", "date,gross,fee,net\n2026-11-20,10.00,0.10,9.90\n");
        var round = await Watch.RoundAsync();
        round.Should().BeEquivalentTo(new { Waiting = 0, Elsewhere = false });
        round.Files.Should().OnlyContain(file => file.Verdict == FileVerdict.Imported, string.Join('\n', round.Files));
        Files().Should().Equal("done/acquirers/millikart/r.csv", "done/registers/azeriqaz_20261120.txt", "done/registers/azersu/day-20261120.txt", "done/statements/a.xml");
        (await database.AskAsync<string>("select string_agg(kind || ' ' || source || ' ' || imported_by, ',' order by kind) from settlement_file"))
            .Should().Be("acquirer folder engine,register folder engine,register folder engine,statement folder engine");
        (await Watch.RoundAsync()).Files.Should().BeEmpty();
    }

    [Fact]
    public async Task What_is_refused_lies_apart_with_its_reason()
    {
        Put("statements/bad.sta", "nothing");
        Put("statements/empty.sta", "");
        Put("registers/nobody/x-20261120.txt", "Total: 0 0.00\n");
        Put("registers/azersu/no-day.txt", "Total: 0 0.00\n");
        Put("acquirers/loose.csv", "x");
        Put("acquirers/unknown/r.csv", "x");
        (await Watch.RoundAsync()).Files.Should().HaveCount(6).And.OnlyContain(file => file.Verdict == FileVerdict.Refused && file.Reason!.Length > 10);
        Files().Should().HaveCount(12).And.OnlyContain(file => file.StartsWith("refused/", StringComparison.Ordinal));
        File.ReadAllText(Path.Combine(folder, "refused/statements/bad.sta.reason")).Should().Contain("line 1").And.Contain("neither XML");
        File.ReadAllText(Path.Combine(folder, "refused/registers/nobody/x-20261120.txt.reason")).Should().Contain("no provider 'nobody'");
        File.ReadAllText(Path.Combine(folder, "refused/registers/azersu/no-day.txt.reason")).Should().Contain("day");

        // Mended, under the same name.
        Put("statements/bad.sta", Bank.Mt("1", 0, 1_00, new Booking(1_00)));
        (await Watch.RoundAsync()).Files.Single().Verdict.Should().Be(FileVerdict.Imported);
    }

    [Fact]
    public async Task What_is_not_complete_yet_is_left_alone_until_it_is()
    {
        Put("statements/late.sta", Bank.Mt("1", 0, 1_00, new Booking(1_00)), old: false);
        Put("statements/.hidden", "x");
        Put("statements/half.sta.part", "x");
        File.CreateSymbolicLink(Path.Combine(folder, "statements", "link"), Path.Combine(folder, "statements", "half.sta.part"));
        (await Watch.RoundAsync()).Should().BeEquivalentTo(new FolderRound([], 1, false));
        Age("statements/late.sta");
        (await Watch.RoundAsync()).Files.Single().Path.Should().Be("statements/late.sta");
        File.Move(Path.Combine(folder, "statements/half.sta.part"), Path.Combine(folder, "statements/half.sta"));
        (await Watch.RoundAsync()).Files.Single().Path.Should().Be("statements/half.sta", "it was renamed into place");
        Files().Should().Contain("statements/.hidden").And.Contain("statements/link");
    }

    [Fact]
    public async Task A_file_that_was_imported_and_not_moved_is_only_moved_and_a_name_that_is_taken_is_no_obstacle()
    {
        var text = Bank.Mt("1", 0, 1_00, new Booking(1_00));
        await Bank.ImportAsync(database, text);
        Put("statements/a.sta", text);
        (await Watch.RoundAsync()).Files.Single().Verdict.Should().Be(FileVerdict.KnownBefore);
        for (var n = 2; n <= 3; n++)
        {
            Put("statements/a.sta", Bank.Mt($"{n}", n * 1_00, n * 2_00, new Booking(n * 1_00)));
            (await Watch.RoundAsync()).Files.Single().Verdict.Should().Be(FileVerdict.Imported);
        }

        Files().Should().HaveCount(3).And.OnlyContain(file => file.StartsWith("done/statements/a.sta", StringComparison.Ordinal));
        Put("statements/a.sta", text);
        await Watch.RoundAsync();
        Files().Should().HaveCountLessThanOrEqualTo(4);
        (await Bank.CountedAsync(database)).Count.Should().Be(3);
    }

    [Fact]
    public async Task Only_one_process_goes_over_the_folder_at_a_time()
    {
        Put("statements/a.sta", Bank.Mt("1", 0, 1_00, new Booking(1_00)));
        await using (var other = await database.DataSource.OpenConnectionAsync())
        {
            await using var take = new NpgsqlCommand("select pg_advisory_lock(7322, 0)", other);
            await take.ExecuteNonQueryAsync();
            (await Watch.RoundAsync()).Elsewhere.Should().BeTrue();
            await using var leave = new NpgsqlCommand("select pg_advisory_unlock(7322, 0)", other);
            await leave.ExecuteNonQueryAsync();
        }

        for (var n = 0; n < 20; n++)
        {
            Put($"statements/{n}.sta", Bank.Mt($"1{n}", n * 1_00, n * 1_00 + 1, new Booking(1, Reference: $"R{n}")));
        }

        var rounds = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Watch.RoundAsync()));
        rounds.SelectMany(round => round.Files).Should().HaveCount(21).And.OnlyContain(file => file.Verdict == FileVerdict.Imported);
        Files().Should().HaveCount(21);
    }

    [Fact]
    public async Task A_folder_that_cannot_be_written_loses_nothing()
    {
        Put("statements/a.sta", Bank.Mt("1", 0, 1_00, new Booking(1_00)));
        File.WriteAllText(Path.Combine(folder, "done"), "in the way");
        (await Watch.RoundAsync()).Files.Single().Should().Match<FolderFile>(file => file.Verdict == null && file.Reason != null);
        Files().Should().Contain("statements/a.sta");
        File.Delete(Path.Combine(folder, "done"));
        (await Watch.RoundAsync()).Files.Single().Verdict.Should().Be(FileVerdict.KnownBefore);
        (await Bank.CountedAsync(database)).Count.Should().Be(1);
    }

    private async Task ApplyMappingAsync()
    {
        await TestPeople.BeAsync(database.DataSource);
        var example = Encoding.UTF8.GetString(ExampleTerms.Read()).TrimEnd().TrimEnd('}').TrimEnd();
        var terms = example + """, "mappings": [{"name":"millikart","for":"acquirer","columns":{"date":"date","gross":"gross","fee":"fee","net":"net"}}]}""";
        var today = Processing.Baku.DateOf(SystemClock.Instance.GetCurrentInstant());
        var applied = await TermsStore.ApplyAsync(database.DataSource, Encoding.UTF8.GetBytes(terms), today, today, TestPeople.Doer);
        applied.Version.Should().Be(1, string.Join('\n', applied.Faults));
    }

    private void Put(string path, string text, bool old = true)
    {
        var at = Path.Combine(folder, path);
        Directory.CreateDirectory(Path.GetDirectoryName(at)!);
        File.WriteAllText(at, text);
        if (old)
        {
            Age(path);
        }
    }

    private void Age(string path) => File.SetLastWriteTimeUtc(
        Path.Combine(folder, path), SystemClock.Instance.GetCurrentInstant().Minus(Duration.FromMinutes(1)).ToDateTimeUtc());

    private IEnumerable<string> Files() => Directory.EnumerateFiles(folder, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.Device })
        .Select(path => Path.GetRelativePath(folder, path).Replace('\\', '/')).Order(StringComparer.Ordinal);
}
