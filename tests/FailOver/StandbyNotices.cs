using EGovPay.Processing.Journal;
using EGovPay.Processing.PostgreSql;
using EGovPay.Processing.Schema;
using EGovPay.Processing.StateMachine;
using EGovPay.Tests.Journal;
using EGovPay.Tests.PostgreSql;
using FluentAssertions;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Xunit;

namespace EGovPay.Tests.FailOver;

/// <summary>
/// A commit whose wait for the standby somebody cuts short looks like success but for a notice. Nobody may be told anything then,
/// neither yes nor no, until a later commit came back without it.
/// </summary>
public sealed class StandbyNotices : IAsyncLifetime
{
    private const string WaitsForStandby = "select count(*) > 0 from pg_stat_activity where wait_event = 'SyncRep' and usename = 'lane'";
    private ReplicatedCluster cluster = null!;
    private TestDatabase own = null!;
    private OpenBook book = null!;
    private NpgsqlDataSource lanes = null!;
    private Processing.Journal.Journal journal = null!;

    public async ValueTask InitializeAsync()
    {
        cluster = await ReplicatedCluster.StartAsync(standbys: 0);
        await Migrate.RunAsync(cluster.First.ConnectionString);
        own = TestDatabase.At(cluster.First.ConnectionString);
        book = await OpenBook.OnAsync(own);
        await book.AddAgentAsync(OpenBook.Agent, 10_000);
        await own.ExecuteAsync("create role lane login; grant all on all tables in schema public to lane; grant all on all sequences in schema public to lane");
        var lane = new NpgsqlConnectionStringBuilder(cluster.ConnectionString) { Username = "lane", Pooling = false };
        lanes = Database.Open(Processing.Journal.Journal.ConnectionString(lane.ConnectionString));
        journal = new Processing.Journal.Journal(
            lanes, new JournalSettings(), NullLogger<Processing.Journal.Journal>.Instance);
        // Connected before the standby goes, as a server that serves is.
        (await journal.AcceptAsync(await book.AcceptanceAsync("before"))).Verdict.Should().Be(AcceptVerdict.Entered);
        await cluster.First.SetSynchronousAsync("ghost");
        await cluster.First.UntilAsync("select setting = 'ghost' from pg_settings where name = 'synchronous_standby_names'");
    }

    public async ValueTask DisposeAsync()
    {
        await cluster.First.SetSynchronousAsync("");
        await journal.DisposeAsync();
        await lanes.DisposeAsync();
        await book.DisposeAsync();
        await own.DisposeAsync();
        await cluster.DisposeAsync();
    }

    [Fact]
    public async Task A_wait_that_is_cut_short_answers_nobody_and_is_done_once_when_a_standby_is_there()
    {
        var accepting = journal.AcceptAsync(await book.AcceptanceAsync("r1"));
        var before = (await own.AskAsync<long>("select count(*) from payment"));
        for (var cut = 0; cut < 3; cut++)
        {
            await CutShortAsync();
            (await Task.WhenAny(accepting, Task.Delay(300))).Should().NotBe(accepting, "no standby has it");
        }

        (await own.AskAsync<long>("select count(*) from payment where reference = 'r1'")).Should().Be(
            1, "the primary committed when its wait was cut short");
        before.Should().Be(1, "and a commit that waits is seen by nobody");
        await cluster.First.SetSynchronousAsync("");

        var accepted = await accepting;
        accepted.Verdict.Should().Be(AcceptVerdict.Known, "it was found, under the very number that it was given");
        accepted.Number.Should().Be(await own.AskAsync<long>("select number from payment where reference = 'r1'"));
        (await book.FundsAsync()).Pending.Should().Be(2_000, "it is held once");
    }

    [Fact]
    public async Task An_outcome_whose_wait_is_cut_short_is_posted_once_with_one_receipt()
    {
        var payment = (await book.Book.FindAsync(OpenBook.Agent, "before"))!;
        var recording = journal.RecordAsync(new Happening
        {
            AgentId = payment.AgentId,
            Number = payment.Number,
            SeenStep = payment.Step,
            SeenEdge = payment.Edge,
            Edge = Transitions.Find(payment.State, PaymentEvent.ProviderConfirmed)!,
            NodeId = book.Node.Id,
        });
        await CutShortAsync();
        await CutShortAsync();
        (await Task.WhenAny(recording, Task.Delay(300))).Should().NotBe(recording);
        await cluster.First.SetSynchronousAsync("");

        var recorded = await recording;
        recorded.Done.Should().BeTrue();
        recorded.Before.Should().BeTrue("its first execution was found");
        recorded.ReceiptCounter.Should().Be(1);
        (await own.AskAsync<int>("select last from receipt_series")).Should().Be(1);
        (await book.FundsAsync()).Should().Be((0, 1_000, 10_000));
    }

    [Fact]
    public async Task After_a_cut_wait_a_server_without_room_is_no_reason_to_refuse()
    {
        var accepting = journal.AcceptAsync(await book.AcceptanceAsync("r1"));
        await CutShortAsync();
        await own.ExecuteAsync("alter role lane connection limit 0");
        await own.ExecuteAsync("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'lane'");
        (await Task.WhenAny(accepting, Task.Delay(1_000))).Should().NotBe(
            accepting, "the primary has it; only a refusal that is true may be told");
        await own.ExecuteAsync("alter role lane connection limit -1");
        await cluster.First.SetSynchronousAsync("");
        (await accepting).Number.Should().Be(await own.AskAsync<long>("select number from payment where reference = 'r1'"));
    }

    [Fact]
    public async Task After_an_answer_that_could_not_be_read_a_server_without_room_is_no_reason_to_refuse()
    {
        await cluster.First.SetSynchronousAsync("");
        await cluster.First.UntilAsync("select setting = '' from pg_settings where name = 'synchronous_standby_names'");

        // Its lane is held, so that what follows queues behind it and meets in one batch.
        await using var holder = await own.DataSource.OpenConnectionAsync();
        await ExecuteAsync(holder, $"select pg_advisory_lock(7302, {Lanes.Of(OpenBook.Agent)})");
        var first = journal.AcceptAsync(await book.AcceptanceAsync("r0"));
        await cluster.First.UntilAsync("select count(*) > 0 from pg_stat_activity where usename = 'lane' and wait_event_type = 'Lock'");
        var accepting = journal.AcceptAsync(await book.AcceptanceAsync("r1"));
        var unreadable = new Unreadable(
            OpenBook.Agent, async () => await own.ExecuteAsync("alter role lane connection limit 0"));
        var failing = journal.ExecuteAsync(unreadable);
        await ExecuteAsync(holder, $"select pg_advisory_unlock(7302, {Lanes.Of(OpenBook.Agent)})");
        (await first).Verdict.Should().Be(AcceptVerdict.Entered);

        await unreadable.Met.Task;
        (await Task.WhenAny(accepting, Task.Delay(1_000))).Should().NotBe(accepting, "nobody read whether it was committed");
        await own.ExecuteAsync("alter role lane connection limit -1");
        (await accepting).Verdict.Should().BeOneOf(AcceptVerdict.Entered, AcceptVerdict.Known);
        await failing.Invoking(one => one).Should().ThrowAsync<InvalidCastException>();
        (await book.FundsAsync()).Pending.Should().Be(3_000);
    }

    [Fact]
    public async Task A_block_of_numbers_that_no_standby_confirmed_is_never_used()
    {
        var lane = new NpgsqlConnectionStringBuilder(cluster.ConnectionString) { Username = "lane", MaxPoolSize = 1 };
        await cluster.First.SetSynchronousAsync("");
        await using var pool = Database.Open(lane.ConnectionString);
        await using (await pool.OpenConnectionAsync())
        {
            // Greeted while there was a standby.
        }

        await cluster.First.SetSynchronousAsync("ghost");
        await cluster.First.UntilAsync("select setting = 'ghost' from pg_settings where name = 'synchronous_standby_names'");
        var taking = pool.WriteSurelyAsync("insert into number_block values (1, 1, now()) returning first", 30);
        await CutShortAsync();
        await taking.Invoking(one => one).Should().ThrowAsync<UnconfirmedException>();

        var impatient = pool.WriteSurelyAsync("insert into number_block values (2, 1, now()) returning first", 1);
        await impatient.Invoking(one => one).Should().ThrowAsync<UnconfirmedException>("its own time limit cuts it short too");
    }

    [Fact]
    public async Task A_new_connection_is_not_read_from_until_a_standby_has_confirmed_what_it_can_see()
    {
        var accepting = journal.AcceptAsync(await book.AcceptanceAsync("r1"));
        await cluster.First.UntilAsync(WaitsForStandby);
        await cluster.First.KillAsync();
        await cluster.First.StartAsync();
        (await cluster.First.AskAsync<long>("select count(*) from payment where reference = 'r1'")).Should().Be(
            1, "after a crash the primary shows what no standby has");

        await using var pool = Database.Open(cluster.ConnectionString + ";Pooling=false");
        await pool.Invoking(async one => await one.OpenConnectionAsync()).Should().ThrowAsync<NpgsqlException>();
        (await Task.WhenAny(accepting, Task.Delay(100))).Should().NotBe(accepting);
        await cluster.First.SetSynchronousAsync("");
        (await accepting).Number.Should().BePositive();
        await (await pool.OpenConnectionAsync()).DisposeAsync();
    }

    /// <summary>What an operator does who wonders why a statement hangs.</summary>
    private async Task CutShortAsync()
    {
        await cluster.First.UntilAsync(WaitsForStandby);
        await own.ExecuteAsync("select pg_cancel_backend(pid) from pg_stat_activity where wait_event = 'SyncRep' and usename = 'lane'");
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>A command whose answer its author cannot read: a defect, after everything was executed.</summary>
    private sealed class Unreadable(int agentId, Func<Task> thenHappens) : SingleCommand<int>(agentId)
    {
        private bool happened;

        public TaskCompletionSource Met { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override object OneInABatch => this;

        public override NpgsqlBatchCommand Build() => new("select 'no number'::text");

        protected override async ValueTask<int> ReadAsync(NpgsqlDataReader reader)
        {
            if (!happened)
            {
                happened = true;
                await thenHappens();
                Met.TrySetResult();
            }

            throw new InvalidCastException("It is no number.");
        }
    }
}
