using System.Text.Json;
using EGovPay.Tests.PostgreSql;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.CommandLine;

/// <summary>The commands, each through the real process on a database of its own.</summary>
public sealed class Commands(TestDatabase database) : IClassFixture<TestDatabase>, IDisposable
{
    private static int names;

    private const string ServersOwn = "the secret of the server in these tests";

    private readonly ScratchFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task An_agent_is_made_topped_up_limited_and_listed_by_two_people()
    {
        var agent = Name("bank");
        (await RunAsync("agent", "add", agent, "--name", "Bank BTB", "--voen", "1400057421", "--commission", "0.15"))
            .ExitCode.Should().Be(0);
        var deposit = await ProposeAsync("agent", "topup", "propose", agent, "--amount", "1000.00", "--reference", "d-1");
        var own = await RunAsync("agent", "topup", "approve", deposit);
        own.ExitCode.Should().Be(1, "approving is for an approver");
        var toppedUp = await ApproveAsync("agent", "topup", "approve", deposit, "--json");
        Json(toppedUp).GetProperty("balanceQepik").GetInt64().Should().Be(100_000);
        var limit = await ProposeAsync("agent", "limit", "propose", agent, "--amount", "250.50", "--reason", "contract 7");
        (await ApproveAsync("agent", "topup", "approve", limit)).Errors.Should().Contain("about something else");
        var limited = await ApproveAsync("agent", "limit", "approve", limit, "--json");
        Json(limited).GetProperty("availableQepik").GetInt64().Should().Be(125_050);
        var listed = await RunAsync("agent", "list", "--json");
        var line = listed.Output.Split('\n').Single(one => one.Contains($"\"{agent}\"", StringComparison.Ordinal));
        line.Should().Contain("\"balanceQepik\":100000").And.Contain("\"creditLimitQepik\":25050");
        var record = await RunAsync("record", "list", "--about", $"proposal {limit}", "--json");
        record.Output.Split('\n').Should().HaveCount(3);
        record.Output.Should().Contain("\"who\":\"aysel\"").And.Contain("\"who\":\"resad\"").And.Contain("contract 7");
    }

    [Theory]
    [InlineData("'seven' is no whole number", "breaks", "show", "seven")]
    [InlineData("'1.5' is no whole number", "statement", "show", "1.5")]
    [InlineData("--limit 'x' is no whole number", "statement", "list", "--limit", "x")]
    [InlineData("--before 'x' is no whole number: only those with a lower number.", "statement", "list", "--before", "x")]
    [InlineData("year '99999999999' is no whole number", "calendar", "show", "99999999999")]
    public async Task A_word_where_a_number_is_due_is_told_without_the_program_s_types(string said, params string[] line)
    {
        var run = await RunAsync(line);
        run.ExitCode.Should().Be(2);
        run.Errors.Should().Contain(said).And.NotContain("System.");
    }

    [Theory]
    [InlineData("statement", "import")]
    [InlineData("register", "import")]
    [InlineData("settle", "apply")]
    [InlineData("calendar", "apply")]
    [InlineData("catalogue", "check")]
    public async Task A_folder_where_a_file_is_due_is_told_as_one(string group, string verb)
    {
        var run = await RunAsync(group, verb, folder.Path);
        run.ExitCode.Should().Be(1);
        run.Errors.Should().Contain("it is a folder").And.NotContain("   at ");
    }

    [Fact]
    public async Task What_was_not_proposed_is_not_told_as_proposed()
    {
        var run = await RunAsync("breaks", "propose", "999999", "--accept", "--reason", "x");
        run.ExitCode.Should().Be(1);
        run.Output.Should().BeEmpty();
        run.Errors.Should().Contain("There is no break 999999");
    }

    [Fact]
    public async Task The_same_deposit_is_proposed_and_booked_once()
    {
        var agent = await AgentAsync();
        var id = await ProposeAsync("agent", "topup", "propose", agent, "--amount", "10.00", "--reference", "d-1");
        var twice = await RunAsync("agent", "topup", "propose", agent, "--amount", "11.00", "--reference", "d-1");
        twice.ExitCode.Should().Be(1);
        twice.Errors.Should().Contain($"Proposal {id} is about this already").And.NotContain("   at ");
        (await ApproveAsync("agent", "topup", "approve", id)).Output.Should().Contain("is approved").And.Contain("Balance 10.00");
        var again = await ApproveAsync("agent", "topup", "approve", id);
        again.ExitCode.Should().Be(0);
        again.Output.Should().Contain("was before approved by resad").And.Contain("Balance 10.00");
        (await RunAsync("agent", "topup", "propose", agent, "--amount", "10.00", "--reference", "d-1")).ExitCode.Should().Be(1);
    }

    [Theory]
    [InlineData("10")]
    [InlineData("10.0")]
    [InlineData("10,00")]
    [InlineData("0.00")]
    [InlineData("-1.00")]
    [InlineData("1e3")]
    [InlineData("00.10")]
    [InlineData("12345678901234.00")]
    public async Task An_amount_that_is_not_manat_with_two_decimals_is_a_usage_error(string amount)
    {
        var run = await RunAsync("agent", "topup", "propose", "nobody", $"--amount={amount}", "--reference", "d");
        run.ExitCode.Should().Be(2);
        run.Errors.Should().Contain("--amount").And.Contain("two decimals");
    }

    [Fact]
    public async Task An_unknown_agent_and_a_taken_code_are_refused_in_words()
    {
        var missing = await RunAsync("agent", "limit", "propose", "no-such-agent", "--amount", "1.00", "--reason", "x");
        missing.ExitCode.Should().Be(1);
        missing.Errors.Should().Contain("There is no agent 'no-such-agent'").And.NotContain("   at ");
        var taken = await RunAsync("agent", "add", await AgentAsync(), "--name", "x");
        taken.ExitCode.Should().Be(1);
        taken.Errors.Should().Contain("is taken");
    }

    [Fact]
    public async Task A_point_and_a_terminal_are_made_and_the_key_opens_the_door()
    {
        var agent = await AgentAsync();
        (await RunAsync("point", "add", "p1", "--agent", agent, "--name", "Mərkəz")).ExitCode.Should().Be(0);
        (await RunAsync("point", "add", "p1", "--agent", agent, "--name", "Mərkəz")).Errors.Should().Contain("already");
        var terminal = Name("t");
        var made = await RunAsync(
            "terminal", "add", terminal, "--agent", agent, "--point", "p1", "--name", "Kassa 1", "--json");
        var key = Json(made).GetProperty("key").GetString()!;
        (await IsKeyOfAsync(terminal, key)).Should().BeTrue();
        (await RunAsync("terminal", "add", terminal, "--agent", agent, "--point", "p1", "--name", "x"))
            .Errors.Should().Contain("is taken");
        (await RunAsync("terminal", "add", Name("t"), "--agent", agent, "--point", "nowhere", "--name", "x"))
            .Errors.Should().Contain("no point 'nowhere'").And.Contain("egovpay point add");
        var rotated = await RunAsync("terminal", "rotate-key", terminal, "--grace-minutes", "0", "--json");
        var next = Json(rotated).GetProperty("key").GetString()!;
        next.Should().NotBe(key);
        (await IsKeyOfAsync(terminal, next)).Should().BeTrue();
        (await RunAsync("terminal", "suspend", terminal)).Output.Should().Contain("is suspended");
        (await IsSuspendedAsync(terminal)).Should().BeTrue();
        (await RunAsync("terminal", "suspend", terminal, "--resume")).ExitCode.Should().Be(0);
        (await IsSuspendedAsync(terminal)).Should().BeFalse();
        (await RunAsync("terminal", "suspend", "no-such-terminal")).ExitCode.Should().Be(1);
        (await RunAsync("agent", "suspend", agent)).ExitCode.Should().Be(0);
        (await RunAsync("agent", "list")).Output.Should().Contain("suspended");
    }

    [Fact]
    public async Task A_signing_terminal_gets_the_secret_of_its_signatures_and_another_with_its_next_key()
    {
        var agent = await AgentAsync();
        await RunAsync("point", "add", "p1", "--agent", agent, "--name", "Mərkəz");
        var terminal = Name("t");
        string[] Add(string code) => ["terminal", "add", code, "--agent", agent, "--point", "p1", "--name", "x", "--json"];
        string? Secret(ProgramRun run) => Json(run).GetProperty("signatureSecret").GetString();
        var invented = await RunAsync([.. Add(terminal), "--signed"]);
        invented.ExitCode.Should().Be(1, "what is derived from an invented secret is worth nothing");
        invented.Errors.Should().Contain("EGOVPAY_SECRET");
        (await TerminalsAsync(terminal)).Should().Be(0, "it is not made without its secret");

        var first = Secret(await RunWithAsync(("EGOVPAY_SECRET", ServersOwn), [.. Add(terminal), "--signed"]));
        Convert.FromBase64String(first!).Should().HaveCount(32);
        Secret(await RunWithAsync(("EGOVPAY_SECRET", ServersOwn), "terminal", "rotate-key", terminal, "--json"))
            .Should().NotBeNull().And.NotBe(first);
        Secret(await RunAsync(Add(Name("t")))).Should().BeNull("a terminal that does not sign needs no secret of the server");
    }

    [Fact]
    public async Task A_key_that_could_not_be_shown_is_not_changed()
    {
        var agent = await AgentAsync();
        await RunAsync("point", "add", "p1", "--agent", agent, "--name", "Mərkəz");
        var terminal = Name("t");
        var made = await RunWithAsync(
            ("EGOVPAY_SECRET", ServersOwn), "terminal", "add", terminal, "--agent", agent, "--point", "p1", "--name", "x", "--signed",
            "--json");
        foreach (var (name, value) in new[] { ("EGOVPAY_SECRET_FILE", Path.Combine(folder.Path, "none")), ("EGOVPAY_SECRET", "short") })
        {
            var run = await RunWithAsync((name, value), "terminal", "rotate-key", terminal, "--grace-minutes", "0");
            run.ExitCode.Should().NotBe(0);
            run.Errors.Should().NotContain("   at ");
        }

        (await IsKeyOfAsync(terminal, Json(made).GetProperty("key").GetString()!)).Should().BeTrue();
    }

    [Fact]
    public async Task A_second_change_of_key_waits_until_the_first_ones_grace_is_over()
    {
        var agent = await AgentAsync();
        await RunAsync("point", "add", "p1", "--agent", agent, "--name", "Mərkəz");
        var terminal = Name("t");
        await RunAsync("terminal", "add", terminal, "--agent", agent, "--point", "p1", "--name", "x");
        var second = Json(await RunAsync("terminal", "rotate-key", terminal, "--json")).GetProperty("key").GetString()!;
        var third = await RunAsync("terminal", "rotate-key", terminal);
        third.ExitCode.Should().Be(1);
        third.Errors.Should().Contain("--grace-minutes 0").And.NotContain("   at ");
        (await IsKeyOfAsync(terminal, second)).Should().BeTrue();

        (await RunAsync("terminal", "rotate-key", terminal, "--grace-minutes", "0")).ExitCode.Should().Be(0);
        (await RunAsync("terminal", "rotate-key", terminal)).ExitCode.Should().Be(0, "no older key has time left");
    }

    [Theory]
    [InlineData("agent", "add", "bad code", "--name", "x")]
    [InlineData("agent", "add", "a#1", "--name", "x")]
    [InlineData("agent", "add", "a", "--name", "x", "--voen", "1400057424")]
    [InlineData("agent", "add", "a", "--name", "x", "--parts", "17")]
    [InlineData("agent", "add", "a", "--name", "x", "--commission", "1.5")]
    [InlineData("agent", "add", "a", "--name", "x", "--services", "kommunal,xyz")]
    [InlineData("agent", "add", "a")]
    [InlineData("agent")]
    [InlineData("no-such-command")]
    [InlineData("day", "close", "--day", "22.11.2026")]
    [InlineData("terminal", "rotate-key", "t", "--grace-minutes", "-1")]
    [InlineData("terminal", "add", "t", "--agent", "a", "--point", "p", "--name", "n", "--public-key", "no-such-file")]
    [InlineData("catalogue", "show", "--lang", "de")]
    [InlineData("simulate", "--lie", "no-such-lie=0.1")]
    [InlineData("simulate", "--port", "70000")]
    [InlineData("demo", "--payments", "0")]
    [InlineData("migrate", "--settings", "no-such-file.json")]
    [InlineData("serve", "--listen", "8080")]
    [InlineData("serve", "--listen", "http://localhost.example:1")]
    [InlineData("migrate", "--database", "Hosst=x")]
    public async Task A_wrong_command_line_is_exit_code_2_with_words_and_no_stack_trace(params string[] arguments)
    {
        var run = await RunAsync(arguments);
        run.ExitCode.Should().Be(2, run.Errors);
        run.Errors.Should().StartWith("egovpay: ").And.NotContain("   at ");
        run.Output.Should().BeEmpty();
    }

    [Fact]
    public async Task The_day_is_shown_closed_by_name_and_not_closed_twice()
    {
        await using var own = await TestDatabase.CreateAsync();
        Task<ProgramRun> Run(params string[] arguments) => RunOnAsync(own, arguments);
        var refused = await Run("day", "close");
        refused.ExitCode.Should().Be(1);
        refused.Errors.Should().Contain("is not over in Baku").And.Contain("--early");
        var first = await Run("day", "close", "--early", "--json");
        first.ExitCode.Should().Be(0, first.Errors);
        var closed = Json(first).GetProperty("closed").GetString()!;
        var again = await Run("day", "close", "--day", closed);
        again.ExitCode.Should().Be(1);
        again.Errors.Should().Contain($"{closed} is not open");
        var ahead = await Run("day", "close", "--early");
        ahead.ExitCode.Should().Be(1);
        ahead.Errors.Should().Contain("has not begun", "nobody runs ahead of the calendar");
        var status = Json(await Run("day", "status", "--json"));
        status.GetProperty("open").GetString().Should().Be(Json(first).GetProperty("opened").GetString());
        status.GetProperty("closed")[0].GetProperty("day").GetString().Should().Be(closed);
        status.GetProperty("windows").GetArrayLength().Should().Be(4);
    }

    [Fact]
    public async Task A_payment_that_is_not_there_is_said_so()
    {
        var run = await RunAsync("payment", "show", "731999999999");
        run.ExitCode.Should().Be(1);
        run.Errors.Should().Contain("There is no payment '731999999999'");
    }

    [Fact]
    public async Task A_schema_is_made_once_and_commands_before_it_say_what_to_run()
    {
        await using var empty = await TestDatabase.CreateEmptyAsync();
        var early = await RunByNobodyAsync(empty, "agent", "list");
        early.ExitCode.Should().Be(1);
        early.Errors.Should().Contain("egovpay migrate");
        var made = Json(await RunByNobodyAsync(empty, "migrate", "--json"));
        made.GetProperty("applied").GetArrayLength().Should().Be(made.GetProperty("schema").GetInt32());
        Json(await RunByNobodyAsync(empty, "migrate", "--json")).GetProperty("applied").GetArrayLength().Should().Be(0);
        (await RunByNobodyAsync(empty, "agent", "list")).ExitCode.Should().Be(0);
    }

    [Fact]
    public async Task A_newer_schema_is_refused_by_every_command()
    {
        await using var newer = await TestDatabase.CreateAsync();
        await newer.ExecuteAsync("insert into schema_migration (number, name, sha256) values (9999, 'later', repeat('0', 64))");
        (await RunByNobodyAsync(newer, "agent", "list")).Errors.Should().Contain("9999").And.Contain("newer program");
        (await RunByNobodyAsync(newer, "migrate")).ExitCode.Should().Be(1);
    }

    [Fact]
    public async Task A_database_that_does_not_answer_is_said_in_words()
    {
        var run = await RunningProgram.RunAsync(
            folder.Path, Database("Host=127.0.0.1;Port=1;Username=x;Password=secret-word"), "agent", "list");
        run.ExitCode.Should().Be(1);
        run.Errors.Should().Contain("EGOVPAY_DATABASE").And.NotContain("   at ").And.NotContain("secret-word");
    }

    [Fact]
    public async Task A_catalogue_is_checked_applied_once_and_shown()
    {
        await using var own = await TestDatabase.CreateAsync();
        var good = folder.File(
            "good.json", System.Text.Encoding.UTF8.GetString(Processing.Catalogue.EmbeddedCatalogue.Read()) + "\n");
        var bad = folder.File("bad.json", "{\n\"format\": 1,\n\"services\": 7}");
        (await RunOnAsync(own, "catalogue", "check", good)).Output.Should().Contain("is good");
        var faults = await RunOnAsync(own, "catalogue", "check", bad);
        faults.ExitCode.Should().Be(1);
        faults.Errors.Should().MatchRegex(@"bad\.json:\d+: ");
        (await RunOnAsync(own, "catalogue", "check", "no-such-file.json")).Errors.Should().Contain("cannot be read");
        (await RunOnAsync(own, "catalogue", "apply", bad)).ExitCode.Should().Be(1);
        var applied = Json(await RunOnAsync(own, "catalogue", "apply", good, "--json"));
        applied.GetProperty("changed").GetBoolean().Should().BeTrue();
        Json(await RunOnAsync(own, "catalogue", "apply", good, "--json"))
            .GetProperty("changed").GetBoolean().Should().BeFalse();
        var shown = await RunOnAsync(own, "catalogue", "show", "azerisiq", "--json");
        shown.Output.Should().Contain("\"10101\"").And.Contain("Azərişıq").And.NotContain("20101");
        (await RunOnAsync(own, "catalogue", "show", "no such service")).ExitCode.Should().Be(1);
    }

    private async Task<string> ProposeAsync(params string[] arguments)
    {
        var run = await RunAsync([.. arguments, "--json"]);
        run.ExitCode.Should().Be(0, run.Errors);
        return Json(run).GetProperty("proposal").GetInt64().ToString(System.Globalization.CultureInfo.InvariantCulture);
    }

    private async Task<ProgramRun> ApproveAsync(params string[] arguments)
    {
        var people = await TestPeople.OfAsync(database);
        return await RunningProgram.RunAsync(
            folder.Path, people.Environment(database.ConnectionString, people.ApproverKey), arguments);
    }

    private Task<ProgramRun> RunAsync(params string[] arguments) => RunOnAsync(database, arguments);

    private async Task<ProgramRun> RunWithAsync((string Name, string Value) setting, params string[] arguments)
    {
        var people = await TestPeople.OfAsync(database);
        return await RunningProgram.RunAsync(
            folder.Path,
            new Dictionary<string, string>(people.Environment(database.ConnectionString)) { [setting.Name] = setting.Value }, arguments);
    }

    private async Task<ProgramRun> RunOnAsync(TestDatabase on, params string[] arguments) =>
        await RunningProgram.RunAsync(
            folder.Path, (await TestPeople.OfAsync(on)).Environment(on.ConnectionString), arguments);

    private Task<ProgramRun> RunByNobodyAsync(TestDatabase on, params string[] arguments) =>
        RunningProgram.RunAsync(folder.Path, Database(on.ConnectionString), arguments);

    private static Dictionary<string, string> Database(string connectionString) =>
        new() { ["EGOVPAY_DATABASE"] = connectionString };

    private static string Name(string kind) => $"{kind}-{Interlocked.Increment(ref names)}";

    private async Task<string> AgentAsync()
    {
        var agent = Name("agent");
        (await RunAsync("agent", "add", agent, "--name", "Sınaq")).ExitCode.Should().Be(0);
        return agent;
    }

    private async Task<long> TerminalsAsync(string code)
    {
        await using var command = database.DataSource.CreateCommand("select count(*) from terminal where code = $1");
        command.Parameters.Add(new Npgsql.NpgsqlParameter<string> { TypedValue = code });
        return (long)(await command.ExecuteScalarAsync())!;
    }

    private async Task<bool> IsKeyOfAsync(string terminal, string key)
    {
        await using var command = database.DataSource.CreateCommand("select key_hash from terminal where code = $1");
        command.Parameters.Add(new Npgsql.NpgsqlParameter<string> { TypedValue = terminal });
        return ((byte[])(await command.ExecuteScalarAsync())!).SequenceEqual(Processing.Agents.AgentDirectory.HashOf(key));
    }

    private async Task<bool> IsSuspendedAsync(string terminal)
    {
        await using var command = database.DataSource.CreateCommand(
            "select suspended_at is not null from terminal where code = $1");
        command.Parameters.Add(new Npgsql.NpgsqlParameter<string> { TypedValue = terminal });
        return (bool)(await command.ExecuteScalarAsync())!;
    }

    private static JsonElement Json(ProgramRun run) => JsonDocument.Parse(run.LastLine).RootElement;
}
