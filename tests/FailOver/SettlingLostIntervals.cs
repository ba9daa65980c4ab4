using System.Globalization;
using System.Text.Json;
using EGovPay.Processing.Audit;
using EGovPay.Processing.Continuity;
using EGovPay.Processing.Observing;
using EGovPay.Processing.People;
using EGovPay.Tests.CommandLine;
using EGovPay.Tests.PostgreSql;
using FluentAssertions;
using NodaTime;
using Npgsql;
using Xunit;

namespace EGovPay.Tests.FailOver;

/// <summary>What a restore lost stands open until two people say that it was worked: seen by a list and a gauge, ended by nothing else.</summary>
public sealed class SettlingLostIntervals : IDisposable
{
    private readonly ScratchFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_lost_interval_is_listed_proposed_by_one_and_settled_by_another_and_both_stand_in_the_record()
    {
        await using var database = await TestDatabase.CreateAsync();
        var people = await TestPeople.InAsync(database.DataSource);
        var both = await people.AddAsync(new Person("leyla", "Leyla", [Role.Finance, Role.Approver]));
        Task<ProgramRun> As(string key, params string[] line) =>
            RunningProgram.RunAsync(folder.Path, people.Environment(database.ConnectionString, key), line);

        (await As(people.DoerKey, "lost", "list", "--json")).Output.Should().BeEmpty();
        var epoch = Epoch(await As(people.DoerKey, "restored", "--json"));
        await database.ExecuteAsync("update break_lost_interval set known = 'node-1 remembers: a lot'");
        await database.ExecuteAsync("update break_lost_interval set from_at = from_at - interval '26 hours', to_at = to_at - interval '25 hours'");
        var listed = JsonDocument.Parse((await As(people.DoerKey, "lost", "list", "--json")).LastLine).RootElement;
        listed.GetProperty("epoch").GetInt64().Should().Be(long.Parse(epoch, CultureInfo.InvariantCulture));
        listed.GetProperty("ageSeconds").GetInt64().Should().BeInRange(90_000, 90_600);
        listed.GetProperty("known").GetString().Should().Be("node-1 remembers: a lot");
        listed.GetProperty("fromNumber").GetInt64().Should().BeLessThan(listed.GetProperty("nextNumber").GetInt64());
        listed.GetProperty("open").GetBoolean().Should().BeTrue();
        (await As(people.DoerKey, "lost", "list")).Output.Should().Contain(epoch).And.Contain("25:0").And.Contain("open");
        (await As(people.DoerKey, "lost", "list", "--format", "csv")).Output.Should().Contain("node-1 remembers: a lot");

        (await As(people.ApproverKey, "lost", "propose", epoch, "--reason", "x")).ExitCode.Should().Be(1, "an approver does not propose");
        (await As(both, "lost", "propose", "12", "--reason", "x")).Errors.Should().Contain("no open lost interval").And.NotContain("   at ");
        (await As(both, "lost", "propose", epoch)).ExitCode.Should().Be(2, "it stays on the record why");
        var made = await As(both, "lost", "propose", epoch, "--reason", "compared with all registers, act 17", "--json");
        made.ExitCode.Should().Be(0, made.Errors);
        var id = JsonDocument.Parse(made.LastLine).RootElement.GetProperty("proposal").GetInt64().ToString(CultureInfo.InvariantCulture);
        (await As(people.DoerKey, "lost", "propose", epoch, "--reason", "again")).Errors.Should().Contain($"Proposal {id} is about this");
        (await As(people.DoerKey, "proposal", "list")).Output.Should().Contain($"lost interval {epoch}");
        (await As(people.DoerKey, "lost", "list")).Output.Should().Contain($"proposal {id}");

        var own = await As(both, "lost", "approve", id);
        own.ExitCode.Should().Be(1);
        own.Errors.Should().Contain("another person decides");
        (await OpenAsync(database)).Should().Be(1);
        var settled = await As(people.ApproverKey, "lost", "approve", id);
        settled.ExitCode.Should().Be(0, settled.Errors);
        (await As(people.ApproverKey, "proposal", "approve", id)).Output.Should().Contain("was before");

        (await OpenAsync(database)).Should().Be(0);
        (await As(people.DoerKey, "lost", "list", "--json")).Output.Should().BeEmpty("it is worked");
        (await As(people.DoerKey, "lost", "list", "--all")).Output.Should().Contain($"proposal {id}").And.Contain("resad");
        (await As(people.DoerKey, "lost", "propose", epoch, "--reason", "x")).ExitCode.Should().Be(1, "it is settled once");
        var record = (await As(people.DoerKey, "record", "list", "--about", $"proposal {id}", "--json")).Output;
        record.Should().Contain("\"who\":\"leyla\"").And.Contain("\"who\":\"resad\"").And.Contain("act 17").And.Contain(epoch)
            .And.Contain("proposal done");
        var report = await AuditBooks.RunAsync(database.DataSource);
        report.Invariants.SelectMany(i => i.Offenders.Select(o => $"{i.Name}: {o}")).Should().BeEmpty();

        await database.ExecuteAsync("update break_lost_interval set settled_by = 'leyla'");
        (await AuditBooks.RunAsync(database.DataSource)).Invariants.Where(i => i.Violations > 0).Select(i => i.Name)
            .Should().Equal("two-people");
    }

    [Fact]
    public async Task It_stays_open_when_the_proposal_is_rejected_and_can_be_proposed_again()
    {
        await using var database = await TestDatabase.CreateAsync();
        var people = await TestPeople.InAsync(database.DataSource);
        Task<ProgramRun> As(string key, params string[] line) =>
            RunningProgram.RunAsync(folder.Path, people.Environment(database.ConnectionString, key), line);
        var epoch = Epoch(await As(people.DoerKey, "restored", "--json"));
        async Task<string> ProposeAsync() => JsonDocument.Parse((await As(
                people.DoerKey, "lost", "propose", epoch, "--reason", "worked", "--json")).LastLine)
            .RootElement.GetProperty("proposal").GetInt64().ToString(CultureInfo.InvariantCulture);

        var first = await ProposeAsync();
        (await As(people.ApproverKey, "proposal", "reject", first, "--reason", "bank A is missing")).ExitCode.Should().Be(0);
        (await OpenAsync(database)).Should().Be(1);
        var taken = await ProposeAsync();
        (await As(people.DoerKey, "proposal", "withdraw", taken)).ExitCode.Should().Be(0);
        (await As(people.ApproverKey, "proposal", "approve", await ProposeAsync())).ExitCode.Should().Be(0);
        (await OpenAsync(database)).Should().Be(0);
    }

    [Fact]
    public async Task Nobody_settles_one_alone_by_hand_in_the_database()
    {
        await using var database = await TestDatabase.CreateAsync();
        await TestPeople.BeAsync(database.DataSource);
        (await new OwnUp(database.DataSource, SystemClock.Instance).RestoredAsync(TestPeople.Doer)).Lost.Should().NotBeNull();
        var alone = () => database.ExecuteAsync("update break_lost_interval set settled_at = now(), settled_by = 'aysel'");
        (await alone.Should().ThrowAsync<PostgresException>()).Which.ConstraintName.Should().Be("lost_interval_needs_two_people");
    }

    [Fact]
    public async Task The_gauge_shows_how_many_are_open_and_how_old_the_oldest_is()
    {
        await using var database = await TestDatabase.CreateAsync();
        await TestPeople.BeAsync(database.DataSource);
        var book = new ReadBook(database.DataSource, SystemClock.Instance);
        var none = await book.ReadAsync(CancellationToken.None);
        (none.LostOpen, none.LostOldestSeconds).Should().Be((0, 0));
        await new OwnUp(database.DataSource, SystemClock.Instance).RestoredAsync(TestPeople.Doer);
        await database.ExecuteAsync("update break_lost_interval set from_at = from_at - interval '3 hours', to_at = to_at - interval '2 hours'");
        var one = await book.ReadAsync(CancellationToken.None);
        one.LostOpen.Should().Be(1);
        one.LostOldestSeconds.Should().BeInRange(7_200, 7_800);
    }

    private static string Epoch(ProgramRun run)
    {
        run.ExitCode.Should().Be(0, run.Errors);
        return JsonDocument.Parse(run.LastLine).RootElement.GetProperty("epoch").GetInt64().ToString(CultureInfo.InvariantCulture);
    }

    private static async Task<long> OpenAsync(TestDatabase database) =>
        await database.AskAsync<long>("select count(*) from break_lost_interval where settled_at is null");
}
