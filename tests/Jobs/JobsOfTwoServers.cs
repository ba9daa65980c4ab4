using System.Text.Json;
using EGovPay.Processing.Journal;
using EGovPay.Tests.CommandLine;
using EGovPay.Tests.Dispatch;
using EGovPay.Tests.PostgreSql;
using FluentAssertions;
using Npgsql;
using Xunit;

namespace EGovPay.Tests.Jobs;

/// <summary>Two real servers, a job in the middle, kill -9.</summary>
public sealed class JobsOfTwoServers : IDisposable
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(90);

    private readonly ScratchFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_run_that_dies_with_its_server_is_seen_and_run_again_by_the_other()
    {
        await using var database = await TestDatabase.CreateAsync();
        using var nodes = new RealNodes();
        await nodes.AddTerminalAsync(database);
        var people = await TestPeople.OfAsync(database);
        var nobody = new Uri("http://127.0.0.1:9");
        await using var a = await nodes.ServeAsync(database, "a", nobody);
        await using var b = await nodes.ServeAsync(database, "b", nobody);

        // The audit waits for a lane that somebody holds: so the job is in its middle.
        await using var hold = new NpgsqlConnection(database.ConnectionString + ";Pooling=false");
        await hold.OpenAsync(TestContext.Current.CancellationToken);
        await ExecuteAsync(hold, $"select pg_advisory_lock({Lanes.LaneLock}, lane) from agent");
        var asked = await Run(people, database, "jobs", "run", "audit", "--wait", "0", "--json");
        asked.ExitCode.Should().Be(0, asked.Errors);
        await RealNodes.UntilAsync(
            database, "select count(*) from job_run where job = 'audit' and asked_by is not null and ended_at is null", 1, Bound);
        var first = await database.AskAsync<string>("select node from job_run where job = 'audit' and ended_at is null");
        var (dies, lives) = first == "a" ? (a, "b") : (b, "a");
        dies.Program.KillHard();
        await ExecuteAsync(hold, "select pg_advisory_unlock_all()");

        await RealNodes.UntilAsync(database, "select count(*) from job_run where job = 'audit' and result = 'done'", 1, Bound);
        (await database.AskAsync<string>("select string_agg(node || ' ' || result, ', ' order by run_id) from job_run where job = 'audit'"))
            .Should().Be($"{first} lost, {lives} done");

        var history = await Run(people, database, "jobs", "history", "audit", "--json");
        history.ExitCode.Should().Be(0, history.Errors);
        history.Output.Should().Contain("lost").And.Contain("no violation");
        var again = await Run(people, database, "jobs", "run", "close-days", "--json");
        again.ExitCode.Should().Be(0, again.Errors);
        JsonDocument.Parse(again.LastLine).RootElement.GetProperty("outcome").GetString().Should().Contain(" is open");
        var list = await Run(people, database, "jobs", "list");
        list.Output.Should().Contain("close-days").And.Contain("audit");
        (await Run(people, database, "jobs", "run", "no-such")).ExitCode.Should().Be(1);
    }

    [Fact]
    public async Task A_day_that_is_over_is_closed_once_by_two_servers_and_the_job_that_is_asked_for_meanwhile()
    {
        await using var database = await TestDatabase.CreateAsync();
        using var nodes = new RealNodes();
        await nodes.AddTerminalAsync(database);
        var people = await TestPeople.OfAsync(database);
        var nobody = new Uri("http://127.0.0.1:9");
        await using var a = await nodes.ServeAsync(database, "a", nobody);
        await using var b = await nodes.ServeAsync(database, "b", nobody);
        await RealNodes.UntilAsync(database, "select count(*) from business_day where closed_at is null", 1, Bound);

        // Both servers and the job stand before the day's lock together.
        await using (var hold = new NpgsqlConnection(database.ConnectionString + ";Pooling=false"))
        {
            await hold.OpenAsync(TestContext.Current.CancellationToken);
            await ExecuteAsync(hold, $"select pg_advisory_lock({Lanes.DayLock}, 0)");
            await ExecuteAsync(hold, "update business_day set day = day - 2, opened_at = opened_at - interval '2 days'");
            var asked = await Run(people, database, "jobs", "run", "close-days", "--wait", "0");
            asked.ExitCode.Should().Be(0, asked.Errors);
            await RealNodes.UntilAsync(
                database,
                $"select count(*) from pg_locks where locktype = 'advisory' and classid = {Lanes.DayLock} and mode = 'ExclusiveLock' and not granted "
                + "and database = (select oid from pg_database where datname = current_database())",
                3, Bound);
        }

        await RealNodes.UntilAsync(database, "select count(*) from job_run where job = 'close-days' and result = 'done'", 1, Bound);
        (await database.AskAsync<long>("select count(*) from act where what = 'day close'")).Should().Be(1);
        (await database.AskAsync<long>("select count(*) from act where what = 'day sealed'")).Should().Be(1);
        (await database.AskAsync<long>("select count(*) from business_day where closed_at is not null")).Should().Be(1);
        (await database.AskAsync<string>("select outcome from job_run where job = 'close-days'")).Should().Contain(" is open");
    }

    private Task<ProgramRun> Run(TestPeople people, TestDatabase database, params string[] arguments) =>
        RunningProgram.RunAsync(folder.Path, people.Environment(database.ConnectionString), arguments);

    private static async Task ExecuteAsync(NpgsqlConnection connection, string statement)
    {
        await using var command = new NpgsqlCommand(statement, connection);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }
}
