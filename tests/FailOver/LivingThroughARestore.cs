using EGovPay.Processing.Continuity;
using EGovPay.Processing.PostgreSql;
using EGovPay.Tests.PostgreSql;
using EGovPay.Tests.Simulation;
using FluentAssertions;
using NodaTime;
using Npgsql;
using Xunit;

namespace EGovPay.Tests.FailOver;

/// <summary>
/// A process that lives through a restore knows its last count and its last event again, and holds payment numbers that were taken after
/// both: nobody would look for its payments under them, and before somebody owned up others would be given them.
/// </summary>
public sealed class LivingThroughARestore
{
    private const string CountedTwice = "select count(*) > 0 from witness where mark > 1";

    [Theory]
    [InlineData(true, Verdict.Cut)]
    [InlineData(false, Verdict.Lost)]
    public async Task Whose_numbers_were_lost_works_on_no_more(bool ownedUp, Verdict judged)
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var centre = new SimulatedCentre(database, new ProvidersRecord(1));
        var engine = (await centre.AddNodeAsync()).Engine;
        await UntilCountedAsync(database);
        engine.Node.Done(await engine.Node.NextNumberAsync());
        (await MeetAsync(database, engine.Continuity)).Should().Be(Verdict.Continues);

        await database.ExecuteAsync("delete from number_block");
        if (ownedUp)
        {
            await OwnUpAsync(database);
        }

        var meet = () => MeetAsync(database, engine.Continuity);
        await meet.Should().ThrowAsync<NpgsqlException>("it is to start again");
        engine.Continuity.Verdict.Should().Be(judged);
        engine.Continuity.Broken.IsCancellationRequested.Should().BeTrue();
        engine.Continuity.CutOff.IsCompleted.Should().Be(ownedUp);
    }

    [Fact]
    public async Task Whose_numbers_are_known_goes_on_when_somebody_owned_up_without_need()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var centre = new SimulatedCentre(database, new ProvidersRecord(1));
        var engine = (await centre.AddNodeAsync()).Engine;
        await UntilCountedAsync(database);
        engine.Node.Done(await engine.Node.NextNumberAsync());
        await OwnUpAsync(database);
        (await MeetAsync(database, engine.Continuity)).Should().Be(Verdict.Continues);
        engine.Continuity.Sure.Should().BeTrue();
    }

    private static async Task OwnUpAsync(TestDatabase database)
    {
        await TestPeople.BeAsync(database.DataSource);
        (await new OwnUp(database.DataSource, SystemClock.Instance).RestoredAsync(TestPeople.Doer)).Lost.Should().NotBeNull();
    }

    /// <summary>As a connection that the node opens anew.</summary>
    private static async Task<Verdict> MeetAsync(TestDatabase database, WatchContinuity continuity)
    {
        await using var connection = new NpgsqlConnection(database.ConnectionString + ";Pooling=false");
        await connection.OpenAsync();
        PrimaryMet met;
        await using (var ask = new NpgsqlCommand(Database.Greet, connection))
        await using (var row = await ask.ExecuteReaderAsync())
        {
            await row.ReadAsync();
            met = new PrimaryMet(row.GetInt64(0), row.GetInt32(1));
        }

        await continuity.MeetAsync(connection, met);
        return continuity.Verdict;
    }

    private static async Task UntilCountedAsync(TestDatabase database)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!await database.AskAsync<bool>(CountedTwice))
        {
            await Task.Delay(50, limit.Token);
        }
    }
}
