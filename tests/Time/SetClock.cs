using System.Diagnostics;
using System.Globalization;
using EGovPay.Processing;
using EGovPay.Tests.PostgreSql;
using NodaTime;
using Npgsql;

namespace EGovPay.Tests.Time;

/// <summary>
/// The clock of one test's database, set as an administrator sets a server's. Functions of the same names stand before
/// PostgreSQL's own on the search path, so every statement of the product that asks for the time gets this one.
/// </summary>
internal static class SetClock
{
    /// <summary>Before anybody has connected to it.</summary>
    public static async Task PutInAsync(TestDatabase database, Instant at)
    {
        await database.ExecuteAsync(
            """
            create schema hands;
            create table hands.clock (seconds double precision not null);
            insert into hands.clock values (0);
            create function hands.clock_timestamp() returns timestamptz language plpgsql volatile as $$
                begin return pg_catalog.clock_timestamp() + make_interval(secs => (select c.seconds from hands.clock c)); end $$;
            create function hands.now() returns timestamptz language plpgsql stable as $$
                begin return pg_catalog.now() + make_interval(secs => (select c.seconds from hands.clock c)); end $$;
            """);
        await SetAsync(database, at);
        var name = new NpgsqlConnectionStringBuilder(database.ConnectionString).Database;
        await database.ExecuteAsync($"alter database {name} set search_path = hands, pg_catalog, public");
        database.DataSource.Clear();
    }

    /// <summary>The clock jumps to an instant and goes on from there.</summary>
    public static Task SetAsync(TestDatabase database, Instant at) => database.ExecuteAsync(string.Create(
        CultureInfo.InvariantCulture,
        $"update hands.clock set seconds = extract(epoch from '{at}'::timestamptz - pg_catalog.clock_timestamp())"));

    /// <summary>The same, and the node has heard of it as it does with its next heartbeat.</summary>
    public static async Task SetAsync(TestDatabase database, Instant at, Engine engine)
    {
        await SetAsync(database, at);
        var asked = Stopwatch.GetTimestamp();
        var says = Instant.FromDateTimeUtc(await database.AskAsync<DateTime>("select hands.clock_timestamp()"));
        ((DatabaseClock)engine.Clock).Told(says, asked);
    }
}
