using EGovPay.Processing.PostgreSql;
using FluentAssertions;
using Npgsql;
using Xunit;

namespace EGovPay.Tests.PostgreSql;

public sealed class DatabaseTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    [Fact]
    public void One_host_gets_our_defaults()
    {
        var settings = Database.WithDefaults("Host=a;Username=u", 12);
        settings.MaxPoolSize.Should().Be(12);
        settings.ApplicationName.Should().Be("egovpay");
        settings.TcpKeepAlive.Should().BeTrue();
        settings.Timeout.Should().Be(15);
    }

    [Fact]
    public void Several_hosts_are_given_up_quickly_and_asked_again_soon()
    {
        var settings = Database.WithDefaults("Host=a,b:5433,c", 12);
        settings.Timeout.Should().Be(2);
        settings.HostRecheckSeconds.Should().Be(1);
    }

    [Theory]
    [InlineData("Maximum Pool Size=3;Application Name=x;Timeout=9;Host Recheck Seconds=4;Tcp Keepalive=false")]
    [InlineData("MaxPoolSize=3;ApplicationName=x;TIMEOUT=9;HostRecheckSeconds=4;TcpKeepAlive=false")]
    public void What_the_string_says_itself_wins(string said)
    {
        var settings = Database.WithDefaults("Host=a,b;" + said, 12);
        settings.MaxPoolSize.Should().Be(3);
        settings.ApplicationName.Should().Be("x");
        settings.Timeout.Should().Be(9);
        settings.HostRecheckSeconds.Should().Be(4);
        settings.TcpKeepAlive.Should().BeFalse();
    }

    [Theory]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData("Username=u")]
    [InlineData("Host=")]
    [InlineData("Host=a;No Such Key=1")]
    [InlineData("Host=a;Port=many")]
    [InlineData("postgres://user@host/name")]
    public void A_string_that_is_none_is_refused(string said)
    {
        var open = () => Database.Open(said);
        open.Should().Throw<ArgumentException>();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public void A_pool_without_connections_is_refused(int size)
    {
        var open = () => Database.Open(database.ConnectionString, size);
        open.Should().Throw<ArgumentOutOfRangeException>();
    }

    [Fact]
    public async Task Of_several_hosts_the_primary_is_found_though_the_first_is_dead()
    {
        var alive = new NpgsqlConnectionStringBuilder(database.ConnectionString);
        alive.Host = "/tmp/egovpay-no-such-folder," + alive.Host;
        await using var source = Database.Open(alive.ConnectionString);
        await using var ask = source.CreateCommand("select pg_is_in_recovery()");
        (await ask.ExecuteScalarAsync()).Should().Be(false);
    }

    [Fact]
    public async Task A_pool_over_several_hosts_closes_its_connections_when_it_is_disposed()
    {
        var several = new NpgsqlConnectionStringBuilder(database.ConnectionString) { ApplicationName = "several" };
        several.Host = "/tmp/egovpay-no-such-folder," + several.Host;
        const string count = "select count(*) from pg_stat_activity where application_name = 'several'";
        await using (var source = Database.Open(several.ConnectionString))
        {
            await (await source.OpenConnectionAsync()).DisposeAsync();
            (await database.AskAsync<long>(count)).Should().Be(1);
        }
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        while (await database.AskAsync<long>(count) > 0)
        {
            await Task.Delay(20, limit.Token);
        }
    }

    [Fact]
    public async Task Each_test_database_is_its_own_and_has_the_migrated_schema()
    {
        await using var other = await TestDatabase.CreateAsync();
        await other.ExecuteAsync("create table only_here ()");
        (await database.AskAsync<bool>("select to_regclass('only_here') is null")).Should().BeTrue();
        (await other.AskAsync<bool>("select to_regclass('schema_migration') is not null")).Should().BeTrue();
        await using var empty = await TestDatabase.CreateEmptyAsync();
        (await empty.AskAsync<bool>("select to_regclass('schema_migration') is null")).Should().BeTrue();
    }

    [Fact]
    public async Task A_dropped_test_database_is_gone_though_a_connection_was_open()
    {
        var other = await TestDatabase.CreateAsync();
        await using var open = new NpgsqlConnection(other.ConnectionString + ";Pooling=false");
        await open.OpenAsync();
        var name = open.Database;
        await other.DisposeAsync();
        (await database.AskAsync<long>($"select count(*) from pg_database where datname = '{name}'")).Should().Be(0);
    }

    [Fact]
    public async Task Nobody_can_connect_to_the_template()
    {
        var template = new NpgsqlConnectionStringBuilder(database.ConnectionString) { Database = "egovpay_template" };
        await using var connection = new NpgsqlConnection(template.ConnectionString);
        await connection.Invoking(it => it.OpenAsync()).Should().ThrowAsync<PostgresException>()
            .WithMessage("*not currently accepting connections*");
    }
}
