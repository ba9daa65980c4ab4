using EGovPay.Processing.Journal;
using EGovPay.Tests.PostgreSql;
using FluentAssertions;
using Npgsql;
using Xunit;

namespace EGovPay.Tests.Journal;

/// <summary>A lane's session that broke for its writer, while the server still holds what it was sent.</summary>
public sealed class SessionsBefore
{
    [Fact]
    public async Task What_a_broken_session_was_sent_is_never_carried_out_once_the_next_one_is_open()
    {
        await using var own = await TestDatabase.CreateAsync();
        await using var book = await OpenBook.OnAsync(own);
        await book.AddAgentAsync(OpenBook.Agent, 10_000);
        await using var pool = Processing.PostgreSql.Database.Open(Processing.Journal.Journal.ConnectionString(own.ConnectionString));
        var database = new LaneDatabase(pool);
        await using var before = await database.OpenAsync(null, CancellationToken.None);

        // It waits in the server for its lane, as one does that the server has read and its sender has given up.
        await using var holder = await own.DataSource.OpenConnectionAsync();
        await using var held = await holder.BeginTransactionAsync();
        await using (var hold = new NpgsqlCommand($"select pg_advisory_xact_lock(7302, {Lanes.Of(OpenBook.Agent)})", holder, held))
        {
            await hold.ExecuteNonQueryAsync();
        }

        var batch = new LaneBatch();
        batch.TryAdd(new AcceptCommand(await book.AcceptanceAsync("late")));
        var sent = before.ExecuteAsync(batch, mustWrite: false);
        while (await own.AskAsync<long>("select count(*) from pg_locks where locktype = 'advisory' and classid = 7302 and not granted") == 0)
        {
            await Task.Delay(20);
        }

        await using var next = await database.OpenAsync(before, CancellationToken.None);
        await held.CommitAsync();
        await FluentActions.Awaiting(() => sent).Should().ThrowAsync<PostgresException>().Where(ended => ended.SqlState == "57P01");
        (await own.AskAsync<long>("select count(*) from payment")).Should().Be(0);

        // The new one works, and is not its own predecessor.
        await next.ExecuteAsync(batch, mustWrite: false);
        (await own.AskAsync<long>("select count(*) from payment")).Should().Be(1);
    }
}
