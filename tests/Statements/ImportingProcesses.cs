using System.Globalization;
using System.Text;
using System.Text.Json;
using EGovPay.Tests.CommandLine;
using EGovPay.Tests.PostgreSql;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.Statements;

/// <summary>`egovpay statement …` in processes of their own: two at once, and one that is killed.</summary>
public sealed class ImportingProcesses : IAsyncLifetime, IDisposable
{
    private readonly ScratchFolder folder = new();
    private TestDatabase database = null!;
    private TestPeople people = null!;

    public async ValueTask InitializeAsync()
    {
        database = await TestDatabase.CreateAsync();
        people = await TestPeople.InAsync(database.DataSource);
    }

    public async ValueTask DisposeAsync() => await database.DisposeAsync();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Files_are_imported_listed_and_shown_and_one_that_is_refused_makes_the_exit_code_1()
    {
        var good = folder.File("good.xml", Bank.Camt("053", "S1", 0, 71_00, new Booking(70_00, Reference: "B1", Text: "salam")));
        var bad = folder.File("bad.sta", "nothing");
        var run = await RunAsync("statement", "import", good, bad, good);
        run.ExitCode.Should().Be(1, run.Errors);
        run.Output.Should().Contain("good.xml").And.Contain("camt.053.001.08").And.Contain("balances differ by 1.00 AZN")
            .And.Contain("refused, line 1").And.Contain("known before");
        var again = await RunAsync("statement", "import", good, "--json");
        again.ExitCode.Should().Be(0, again.Errors);
        JsonDocument.Parse(again.LastLine).RootElement.GetProperty("verdict").GetString().Should().Be("known");

        var list = await RunAsync("statement", "list", "--json");
        var statement = JsonDocument.Parse(list.LastLine).RootElement;
        statement.GetProperty("differenceMinor").GetInt64().Should().Be(100);
        statement.GetProperty("file").GetString().Should().Be("good.xml");
        var number = statement.GetProperty("statement").GetInt64().ToString(CultureInfo.InvariantCulture);
        (await RunAsync("statement", "show", number)).Output.Should().Contain("70.00").And.Contain("salam").And.Contain("B1");
        (await RunAsync("statement", "show", "999999")).ExitCode.Should().Be(1);
        var missing = await RunAsync("statement", "import", "no-such-file");
        missing.ExitCode.Should().Be(1);
        missing.Errors.Should().Contain("cannot be read").And.NotContain("   at ");
    }

    [Fact]
    public async Task Two_processes_that_import_one_file_at_once_do_it_once()
    {
        var file = folder.File("big.sta", Big(20_000));
        var runs = await Task.WhenAll(RunAsync("statement", "import", file, "--json"), RunAsync("statement", "import", file, "--json"));
        runs.Should().OnlyContain(run => run.ExitCode == 0, string.Join('\n', runs.Select(run => run.Errors)));
        runs.Select(run => JsonDocument.Parse(run.LastLine).RootElement.GetProperty("verdict").GetString())
            .Should().BeEquivalentTo("imported", "known");
        (await Bank.CountedAsync(database)).Count.Should().Be(20_000);
        (await database.AskAsync<long>("select count(*) from settlement_file")).Should().Be(1);
    }

    [Fact]
    public async Task A_process_that_is_killed_in_the_middle_leaves_nothing_half()
    {
        var file = folder.File("big.sta", Big(300_000));
        await using (var import = RunningProgram.Start(folder.Path, people.Environment(database.ConnectionString), "statement", "import", file))
        {
            // Its pages grow while nobody can see a row: it is in the middle.
            using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(3));
            while (await database.AskAsync<long>("select pg_relation_size('statement_entry')") < 1 << 20)
            {
                await Task.Delay(20, limit.Token);
            }

            import.KillHard();
            (await import.EndAsync()).ExitCode.Should().NotBe(0);
        }

        (await database.AskAsync<long>("select (select count(*) from statement) + (select count(*) from statement_entry) + (select count(*) from settlement_file)"))
            .Should().Be(0);
        var again = await RunAsync("statement", "import", file, "--json");
        again.ExitCode.Should().Be(0, again.Errors);
        (await Bank.CountedAsync(database)).Should().Be((300_000, 300_000 * 100L));
    }

    private Task<ProgramRun> RunAsync(params string[] arguments) =>
        RunningProgram.RunAsync(folder.Path, people.Environment(database.ConnectionString), arguments);

    private static string Big(int entries)
    {
        var text = new StringBuilder($":20:BIG\r\n:25:{Bank.Account}\r\n:28C:1/1\r\n:60F:C261119AZN0,\r\n");
        for (var n = 0; n < entries; n++)
        {
            text.Append(CultureInfo.InvariantCulture, $":61:2611201120C1,00NTRFE{n}//B{n}\r\n:86:166?00PAYMENT?20EREF+E{n}\r\n");
        }

        return text.Append(CultureInfo.InvariantCulture, $":62F:C261120AZN{entries},00\r\n-\r\n").ToString();
    }
}
