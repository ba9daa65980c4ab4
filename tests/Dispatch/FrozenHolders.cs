using EGovPay.Processing.Journal;
using EGovPay.Processing.People;
using EGovPay.Processing.StateMachine;
using EGovPay.Tests.CommandLine;
using FluentAssertions;
using Npgsql;
using Xunit;

namespace EGovPay.Tests.Dispatch;

/// <summary>
/// Real processes freeze at the moment in which they are given what payments wait for: the day, a lane, the record of acts. What
/// each would hold from then on must be gone within seconds.
/// </summary>
public sealed class FrozenHolders : IDisposable
{
    private const int RecordLock = 7310;
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(8);

    private readonly ScratchFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("the day", "day", "close", "--early")]
    [InlineData("the lane", "audit")]
    [InlineData("the record", "agent", "add", "other", "--name", "Other")]
    public async Task A_frozen_command_holds_up_no_payment(string what, params string[] command)
    {
        await using var stage = await Stage.SetAsync();
        await using var frozen = await FreezeAsync(stage, what, command);
        try
        {
            // With the record's lock a close takes the day's, and payments wait for that.
            var closed = what == "the record" ? stage.A.Engine.Days.CloseAsync() : Task.CompletedTask;
            var paid = await stage.PayAsync(stage.A, "meanwhile").WaitAsync(Bound);

            paid.Payment!.State.Should().Be(PaymentState.Confirmed);
            await closed.WaitAsync(Bound);
        }
        finally
        {
            frozen.Thaw();
        }
    }

    [Fact]
    public async Task A_close_whose_closer_froze_while_it_waited_is_done_all_the_same_and_once()
    {
        await using var stage = await Stage.SetAsync();
        await using var frozen = await FreezeAsync(stage, "the day", "day", "close", "--early");
        await RealNodes.UntilAsync(
            stage.Database, "select count(*) from business_day where closed_at is not null", 1, Bound);
        frozen.Thaw();
        var ended = await frozen.EndAsync();

        ended.ExitCode.Should().Be(0, ended.Errors);
        (await stage.Database.AskAsync<long>("select count(*) from business_day where closed_at is null")).Should().Be(1);
        (await stage.Database.AskAsync<string>("select details from act where what = 'day close'"))
            .Should().Be(await stage.Database.AskAsync<string>(
                "select '{\"opened\":\"' || to_char(day, 'YYYY-MM-DD') || '\"}' from business_day where closed_at is null"));
    }

    /// <summary>Runs a command until it waits for what is held, freezes it, and lets go.</summary>
    private async Task<RunningProgram> FreezeAsync(Stage stage, string what, params string[] command)
    {
        var key = await new TestPeople(stage.Database.DataSource).AddAsync(
            new Person("donan", "Donan", [Role.Administrator, Role.Operator, Role.Finance, Role.Supervisor]));
        await using var hold = new NpgsqlConnection(stage.Database.ConnectionString + ";Pooling=false");
        await hold.OpenAsync(TestContext.Current.CancellationToken);
        await using var take = new NpgsqlCommand(
            what switch
            {
                "the day" => $"select pg_advisory_lock_shared({Lanes.DayLock}, 0)",
                "the lane" => $"select pg_advisory_lock({Lanes.LaneLock}, {Lanes.Of(stage.Agent.AgentId)})",
                _ => $"select pg_advisory_lock({RecordLock}, 0)",
            },
            hold);
        await take.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        var program = RunningProgram.Start(
            folder.Path, new TestPeople(stage.Database.DataSource).Environment(stage.Database.ConnectionString, key), command);
        try
        {
            await RealNodes.UntilAsync(stage.Database, Stage.WaitingForLanes, 1, TimeSpan.FromSeconds(30));
            program.Freeze();
            return program;
        }
        catch
        {
            await program.DisposeAsync();
            throw;
        }
    }
}
