using System.Globalization;
using System.Text.Json;
using EGovPay.Settlement.Incoming;
using EGovPay.Settlement.RegistersIn;
using EGovPay.Tests.CommandLine;
using EGovPay.Tests.PostgreSql;
using FluentAssertions;
using NodaTime;
using Xunit;

namespace EGovPay.Tests.RegistersIn;

/// <summary>Registers in a real database: whole or not at all, and once, however many lines they have.</summary>
// What it allocates is measured over the whole process: nothing runs beside it.
[Collection(nameof(Torture.Alone))]
public sealed class ImportingRegisters(ITestOutputHelper output) : IAsyncLifetime, IDisposable
{
    private const int Million = 1_000_000;

    private readonly ScratchFolder folder = new();
    private TestDatabase database = null!;

    public async ValueTask InitializeAsync() => database = await TestDatabase.CreateAsync();

    public async ValueTask DisposeAsync() => await database.DisposeAsync();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_register_stands_in_the_book_as_it_was_written_and_a_second_time_changes_nothing()
    {
        const string text = "731000000001\t2026-11-20\t09:30:01\t0012345678\t10.40\n0731\t2026-11-19\t23:59:59\tşəhər\t0.05\nTotal: 2 10.45\n";
        var import = await Given.ImportAsync(database, text);
        import.Should().BeEquivalentTo(new { Lines = 2, TotalQepik = 1045L });
        import.Receipt.Should().BeEquivalentTo(new { Verdict = FileVerdict.Imported, Format = "osmp-tab" });
        (await database.AskAsync<string>("select string_agg(row (line, txn, number, amount_qepik, currency, account, day, \"time\", provider_transaction, reversal)::text, ';' order by line) from register_in_line"))
            .Should().Be("(1,731000000001,731000000001,1040,,0012345678,2026-11-20,09:30:01,,f);(2,0731,,5,,şəhər,2026-11-19,23:59:59,,f)");
        (await database.AskAsync<string>("select row (provider_id, day, lines, total_qepik, said_lines, said_total_qepik)::text from register_in"))
            .Should().Be("(7,2026-11-20,2,1045,2,1045)");
        (await Given.ImportAsync(database, text)).Receipt.Should().BeEquivalentTo(new { Verdict = FileVerdict.KnownBefore, import.Receipt.FileId });
        (await database.AskAsync<long>("select count(*) from register_in_line")).Should().Be(2);
    }

    [Theory]
    [InlineData("1\t2026-11-20\t09:30\t7\t1.00\nTotal: 2 1.00", "counts 2 lines, there are 1: +1")]
    [InlineData("1\t2026-11-20\t09:30\t7\t1.00\nTotal: 1 1.01", "says 1.01, the lines make 1.00: 0.01 too much")]
    [InlineData("1\t2026-11-20\t09:30\t7\t1.00\nTotal: 1 0.50", "-0.50 too much")]
    [InlineData("{\"lines\":[],\"total\":{\"count\":1}}", "+1")]
    [InlineData("1\t2026-11-20\t09:30\t7\t1.00\n1\t2026-11-20\t09:30\t7\tx\nTotal: 2 1.00", "line 2")]
    public async Task Totals_that_do_not_match_and_faults_refuse_the_whole_register(string text, string why)
    {
        var import = await Given.ImportAsync(database, text);
        import.Receipt.Verdict.Should().Be(FileVerdict.Refused);
        import.Receipt.Refusal!.ToString().Should().Contain(why);
        (await database.AskAsync<long>("select (select count(*) from register_in) + (select count(*) from register_in_line)")).Should().Be(0);
        (await database.AskAsync<string>("select refused_because from settlement_file")).Should().Contain(why);
    }

    [Fact]
    public async Task JSON_is_known_by_its_first_letter()
    {
        var import = await Given.ImportAsync(database, "\n [{\"txn\":\"731\",\"date\":\"2026-11-20\",\"account\":\"7\",\"amount\":\"1.50\",\"reversal\":true}]");
        import.Should().BeEquivalentTo(new { Lines = 1, TotalQepik = -150L });
        import.Receipt.Format.Should().Be("json");
    }

    [Fact]
    public async Task The_forms_that_the_help_shows_are_read_as_they_are_shown()
    {
        var help = CommandLine.Helps.Help("register", "import");
        var lines = help.Split('\n').Select(line => line.Trim().Replace("<TAB>", "\t", StringComparison.Ordinal)).ToList();
        var at = lines.FindIndex(line => line.Contains('\t', StringComparison.Ordinal));
        var osmp = await Given.ImportAsync(database, $"{lines[at]}\n{lines[at + 1]}\n");
        osmp.Should().BeEquivalentTo(new { Lines = 1, TotalQepik = 1040L });
        osmp.Receipt.Format.Should().Be("osmp-tab");
        (await Given.ImportAsync(database, CommandLine.Helps.ObjectsIn(help, "{\"lines\"").Single()))
            .Should().BeEquivalentTo(new { Lines = 1, TotalQepik = 1040L });
    }

    [Theory]
    [InlineData("azersu_20261120.txt", "azersu", "2026-11-20")]
    [InlineData("AZERSU-2026-11-20-2.csv", "azersu", "2026-11-20")]
    [InlineData("azersu_99999999_20261120.txt", "azersu", "2026-11-20")]
    [InlineData("azersu.txt", null, null)]
    [InlineData("azersu_20261320.txt", null, null)]
    [InlineData("unknown_20261120.txt", null, null)]
    [InlineData("azersux_20261120.txt", null, null)]
    public void A_file_name_says_whose_register_it_is_and_of_which_day(string name, string? provider, string? day)
    {
        var catalogue = Processing.Catalogue.EmbeddedCatalogue.Load();
        var named = name.StartsWith("azersu", StringComparison.OrdinalIgnoreCase) && !name.StartsWith("azersux", StringComparison.Ordinal);
        var of = RegisterName.Of(catalogue, name, null, null, out var why);
        of?.Provider.Should().Be(provider);
        (of is null).Should().Be(provider is null, why);
        of?.Day.Should().Be(NodaTime.Text.LocalDatePattern.Iso.Parse(day!).Value);
        RegisterName.Of(catalogue, name, "azerishiq", new LocalDate(2026, 1, 2), out why)?.Provider.Should().Be(named ? null : "azerishiq");
        why.Should().Be(named ? $"{name} is said to be azerishiq's, and its name says azersu. Give the provider whose register it is; if the name is wrong, "
            + "rename the file." : "");
        RegisterName.Of(catalogue, name, "azersu", new LocalDate(2026, 1, 2), out _)!.Day.Should().Be(new LocalDate(2026, 1, 2));
        RegisterName.Of(catalogue, name, "nobody", new LocalDate(2026, 1, 2), out _).Should().BeNull();
    }

    [Fact]
    public async Task A_million_lines_are_imported_in_seconds_and_little_memory()
    {
        var path = Path.Combine(folder.Path, "azersu_20261120.txt");
        await using (var file = new StreamWriter(path))
        {
            for (var n = 0; n < Million; n++)
            {
                await file.WriteAsync(string.Create(CultureInfo.InvariantCulture, $"{731_000_000_000 + n * 7919L % Million}\t2026-11-20\t{n / 3600 % 24:00}:{n / 60 % 60:00}:{n % 60:00}\t{n:0000000000}\t{n % 1000}.{n % 100:00}\n"));
            }

            var qepik = Enumerable.Range(0, Million).Sum(n => n % 1000 * 100L + n % 100);
            await file.WriteAsync(string.Create(CultureInfo.InvariantCulture, $"Total: {Million} {qepik / 100}.{qepik % 100:00}\n"));
        }

        await using var content = File.OpenRead(path);
        var before = GC.GetTotalAllocatedBytes(precise: true);
        var watch = TimeProvider.System.GetTimestamp();
        var import = await new ImportRegisters(database.DataSource, []).FromAsync(
            new IncomingFile("azersu_20261120.txt", content, FileSource.Command, "aysel"), Given.Azersu);
        var took = TimeProvider.System.GetElapsedTime(watch);
        var allocated = GC.GetTotalAllocatedBytes(precise: true) - before;
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{content.Length >> 20} MiB, {Million} lines in {took.TotalSeconds:0.0} s, {allocated >> 20} MiB allocated in all"));
        import.Receipt.Refusal.Should().BeNull();
        (await database.AskAsync<string>("select row (count(*), count(distinct number), sum(amount_qepik))::text from register_in_line"))
            .Should().Be($"({Million},{Million},{import.TotalQepik})");
        // Beside other tests; not a line's worth of garbage for each line.
        allocated.Should().BeLessThan(64L << 20);
    }

    [Fact]
    public async Task The_command_imports_lists_and_refuses_with_its_exit_code()
    {
        var people = await TestPeople.InAsync(database.DataSource);
        Task<ProgramRun> RunAsync(params string[] arguments) =>
            RunningProgram.RunAsync(folder.Path, people.Environment(database.ConnectionString), arguments);
        var good = folder.File("azersu_20261120.txt", "731000000001\t2026-11-20\t09:30:01\t0012345678\t10.40\nTotal: 1 10.40\n");
        var bad = folder.File("bad.txt", "Total: 1 1.00\n");
        var run = await RunAsync("register", "import", good, "--json");
        run.ExitCode.Should().Be(0, run.Errors);
        var line = JsonDocument.Parse(run.LastLine).RootElement;
        (line.GetProperty("verdict").GetString(), line.GetProperty("lines").GetInt32(), line.GetProperty("totalQepik").GetInt64()).Should().Be(("imported", 1, 1040L));
        (await RunAsync("register", "import", good)).Output.Should().Contain("imported before");
        var refused = await RunAsync("register", "import", bad, "--provider", "azersu", "--day", "2026-11-20");
        refused.ExitCode.Should().Be(1);
        refused.Output.Should().Contain("counts 1 lines, there are 0");
        (await RunAsync("register", "import", bad)).ExitCode.Should().Be(2, "nobody says whose it is");
        (await RunAsync("register", "import", bad, "--provider", "nobody", "--day", "2026-11-20")).ExitCode.Should().Be(2);
        (await RunAsync("register", "import", bad, "--provider", "azersu", "--day", "20.11.2026")).ExitCode.Should().Be(2);
        var acquirer = await RunAsync("register", "import", bad, "--acquirer", "nobody");
        acquirer.ExitCode.Should().Be(1);
        acquirer.Output.Should().Contain("no mapping");
        (await RunAsync("register", "list")).Output.Should().Contain("azersu").And.Contain("10.40").And.NotContain("bad.txt");
    }
}
