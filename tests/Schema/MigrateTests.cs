using EGovPay.Processing.PostgreSql;
using EGovPay.Processing.Schema;
using EGovPay.Tests.PostgreSql;
using FluentAssertions;
using Npgsql;
using Xunit;

namespace EGovPay.Tests.Schema;

public sealed class MigrateTests : IAsyncLifetime
{
    private static readonly Migration First = new(1, "first", "create table a (n integer); insert into a values (1);");
    private static readonly Migration Second =
        new(2, "second", "alter table a add column m integer not null default 7");
    private TestDatabase database = null!;

    public async ValueTask InitializeAsync() => database = await TestDatabase.CreateEmptyAsync();

    public async ValueTask DisposeAsync() => await database.DisposeAsync();

    [Fact]
    public async Task No_migrations_leave_an_empty_schema_at_zero()
    {
        var run = await RunAsync();
        run.Should().BeEquivalentTo(new MigrationRun([], 0));
        (await database.AskAsync<long>("select count(*) from schema_migration")).Should().Be(0);
    }

    [Fact]
    public async Task Migrations_are_applied_by_number_and_recorded_with_their_hash()
    {
        var run = await RunAsync(Second, First);
        run.Should().BeEquivalentTo(new MigrationRun([1, 2], 2), options => options.WithStrictOrdering());
        (await database.AskAsync<int>("select m from a")).Should().Be(7);
        (await database.AskAsync<string>("select string_agg(sha256, ' ' order by number) from schema_migration"))
            .Should().Be(First.Sha256 + " " + Second.Sha256);
    }

    [Fact]
    public async Task A_second_run_applies_nothing_and_a_later_migration_is_applied_alone()
    {
        await RunAsync(First);
        (await RunAsync(First)).Applied.Should().BeEmpty();
        (await RunAsync(First, Second)).Applied.Should().Equal(2);
    }

    [Fact]
    public async Task A_failing_migration_leaves_nothing_of_itself_and_keeps_those_before()
    {
        var broken = new Migration(2, "broken", "create table b (n integer); insert into b values ('word')");
        var failed = await RefusedAsync(First, broken);
        failed.Fault.Should().Be(PostgreSqlFault.FailedMigration);
        failed.Message.Should().Contain("0002").And.Contain("broken").And.Contain("22P02");
        (await database.AskAsync<bool>("select to_regclass('b') is null")).Should().BeTrue();
        (await RunAsync(First, Second)).Applied.Should().Equal(2);
    }

    [Fact]
    public async Task An_applied_migration_that_was_changed_is_refused_by_name()
    {
        await RunAsync(First, Second);
        var refused = await RefusedAsync(First with { Sql = First.Sql + " " }, Second);
        refused.Fault.Should().Be(PostgreSqlFault.ChangedMigration);
        refused.Message.Should().Contain("0001").And.Contain("first").And.Contain("changed");
    }

    [Fact]
    public async Task An_applied_migration_that_is_gone_is_refused_by_name()
    {
        await RunAsync(First, Second, new Migration(3, "third", "select 1"));
        var refused = await RefusedAsync(First, new Migration(3, "third", "select 1"));
        refused.Fault.Should().Be(PostgreSqlFault.ChangedMigration);
        refused.Message.Should().Contain("0002").And.Contain("second");
    }

    [Fact]
    public async Task A_migration_slipped_in_before_an_applied_one_is_refused_by_name()
    {
        await RunAsync(Second with { Sql = "select 1" });
        var refused = await RefusedAsync(First, Second with { Sql = "select 1" });
        refused.Fault.Should().Be(PostgreSqlFault.ChangedMigration);
        refused.Message.Should().Contain("0001").And.Contain("first");
        (await database.AskAsync<bool>("select to_regclass('a') is null")).Should().BeTrue();
    }

    [Fact]
    public async Task A_newer_schema_than_the_program_is_refused_with_both_numbers()
    {
        await RunAsync(First, Second);
        var refused = await RefusedAsync(First);
        refused.Fault.Should().Be(PostgreSqlFault.NewerSchema);
        refused.Message.Should().Contain("2 (second)").And.Contain("knows only 1");
        (await RefusedAsync()).Fault.Should().Be(PostgreSqlFault.NewerSchema);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public async Task A_number_that_is_not_positive_is_a_programming_error(int number)
    {
        var run = () => RunAsync(First with { Number = number });
        await run.Should().ThrowAsync<ArgumentException>();
    }

    [Fact]
    public async Task A_number_that_is_there_twice_is_a_programming_error()
    {
        var run = () => RunAsync(First, Second with { Number = 1 });
        await run.Should().ThrowAsync<ArgumentException>();
    }

    [Fact]
    public async Task Line_ends_do_not_change_a_hash_and_everything_else_does()
    {
        (First with { Sql = "a\r\nb" }).Sha256.Should().Be((First with { Sql = "a\nb" }).Sha256);
        (First with { Sql = "a\n b" }).Sha256.Should().NotBe((First with { Sql = "a\nb" }).Sha256);
        await RunAsync(new Migration(1, "ends", "select 1;\r\nselect 2"));
        (await RunAsync(new Migration(1, "ends", "select 1;\nselect 2"))).Applied.Should().BeEmpty();
    }

    [Fact]
    public async Task Of_two_nodes_at_once_one_migrates_and_the_other_waits()
    {
        // The first node's migration cannot finish before the second node is seen to wait for the migration lock.
        await database.ExecuteAsync("create table gate ()");
        await using var holder = await database.DataSource.OpenConnectionAsync();
        await using var held = await holder.BeginTransactionAsync();
        await using (var close = new NpgsqlCommand("lock table gate in access exclusive mode", holder))
        {
            await close.ExecuteNonQueryAsync();
        }
        var slow = new Migration(1, "slow", "lock table gate; create table a (n integer)");
        var nodes = new[] { RunAsync(slow), RunAsync(slow) };
        await UntilAsync("select count(*) = 1 from pg_locks where locktype = 'advisory' and not granted "
            + "and database = (select oid from pg_database where datname = current_database())");
        nodes.Should().OnlyContain(node => !node.IsCompleted);
        await held.CommitAsync();
        var runs = await Task.WhenAll(nodes);
        runs.Select(run => run.Applied.Count).Should().BeEquivalentTo([0, 1]);
        runs.Should().OnlyContain(run => run.SchemaNumber == 1);
    }

    [Fact]
    public async Task Statements_with_dollar_quotes_and_semicolons_inside_run_whole()
    {
        var function = new Migration(1, "function",
            """
            -- a comment; with a semicolon
            create function twice(n integer) returns integer language plpgsql as $$
            begin
                return n * 2;
            end $$;
            create function thrice(n integer) returns integer language sql as 'select n * 3; select n * 3;';
            """);
        await RunAsync(function);
        (await database.AskAsync<int>("select twice(4) + thrice(5)")).Should().Be(23);
    }

    private Task<MigrationRun> RunAsync(params Migration[] migrations) =>
        Migrate.RunAsync(database.ConnectionString, migrations);

    private async Task<PostgreSqlException> RefusedAsync(params Migration[] migrations)
    {
        var run = () => RunAsync(migrations);
        return (await run.Should().ThrowAsync<PostgreSqlException>()).Which;
    }

    private async Task UntilAsync(string condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!await database.AskAsync<bool>(condition))
        {
            await Task.Delay(10, limit.Token);
        }
    }
}
