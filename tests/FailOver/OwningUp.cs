using System.Globalization;
using EGovPay.Processing.Audit;
using EGovPay.Processing.Continuity;
using EGovPay.Processing.Receipts;
using EGovPay.Tests.CommandLine;
using EGovPay.Tests.Dispatch;
using EGovPay.Tests.PostgreSql;
using FluentAssertions;
using NodaTime;
using Npgsql;
using Xunit;

namespace EGovPay.Tests.FailOver;

/// <summary>`egovpay restored`, whatever the database has forgotten: also that it was said before.</summary>
public sealed class OwningUp
{
    private const string Forget = "delete from break_lost_interval; delete from receipt_run; delete from cluster_epoch; "
        + "select setval('payment_number', 731000000000, false)";

    [Fact]
    public async Task What_is_given_after_each_restore_was_given_after_none_before_though_the_database_knows_of_none()
    {
        await using var database = await TestDatabase.CreateAsync();
        await PersonsAndDayAsync(database);
        // The day after tomorrow: no business day is closed by the real time meanwhile.
        var midnight = Instant.FromUnixTimeSeconds(await database.AskAsync<long>(
            "select extract(epoch from ((now() at time zone 'Asia/Baku')::date + 2)::timestamp at time zone 'Asia/Baku')::bigint"));
        Duration[] steps =
        [
            Duration.Zero, Duration.FromSeconds(1), Duration.FromSeconds(2), Duration.FromMinutes(23), Duration.FromMinutes(25),
            Duration.FromHours(12), Duration.FromHours(23) + Duration.FromMinutes(40), Duration.FromHours(24) - Duration.FromSeconds(1),
        ];
        var given = new Dictionary<LocalDate, List<(Instant At, long Place)>>();
        var numbers = new List<long>();
        foreach (var at in new[] { midnight, midnight + Duration.FromDays(1) }.SelectMany(day => steps.Select(step => day + step)))
        {
            var lost = (await OwnUpAsync(database, at)).Lost!;
            numbers.Add(lost.NextNumber);
            foreach (var run in lost.Runs)
            {
                if (!given.TryGetValue(run.Day, out var places))
                {
                    given[run.Day] = places = [];
                }

                places.Add((at, ((run.Generation * (ReceiptNumber.MaxCounter + 1L)) + run.Start)));
                run.Generation.Should().BeInRange(1, ReceiptNumber.MaxGeneration);
                run.Start.Should().BeLessThan(5_000_000, "half of a series stays for the day");
            }

            await database.ExecuteAsync(Forget);
        }

        numbers.Should().BeInAscendingOrder().And.OnlyHaveUniqueItems();
        given.Should().HaveCount(3);
        foreach (var places in given.Values)
        {
            foreach (var (before, after) in places.Zip(places.Skip(1)))
            {
                (after.Place - before.Place).Should().BeGreaterThanOrEqualTo(
                    (long)(after.At - before.At).TotalSeconds * 500, "so many receipts of a lane were perhaps given each second");
            }
        }
    }

    [Fact]
    public async Task Where_nobody_ever_worked_there_is_nothing_to_fail_at()
    {
        await using var database = await TestDatabase.CreateAsync();
        using var folder = new ScratchFolder();
        var people = await TestPeople.OfAsync(database);
        var run = await RunningProgram.RunAsync(
            folder.Path, people.Environment(database.ConnectionString), "restored", "--json");
        run.ExitCode.Should().Be(0, run.Errors);
        (await database.AskAsync<bool>("select isfinite(from_at) and isfinite(to_at) from break_lost_interval")).Should().BeTrue();
    }

    [Fact]
    public async Task Clocks_that_differ_are_refused_and_nothing_is_moved()
    {
        await using var database = await TestDatabase.CreateAsync();
        await PersonsAndDayAsync(database);
        foreach (var wrong in new[] { Duration.FromMinutes(3), -Duration.FromMinutes(3) })
        {
            var owned = await new OwnUp(database.DataSource, new Clock(SystemClock.Instance.GetCurrentInstant() + wrong))
                .RestoredAsync(TestPeople.Doer);
            owned.Refused.Should().Be(OwnUpRefusal.ClocksDiffer);
        }

        (await database.AskAsync<long>("select count(*) from cluster_epoch")).Should().Be(0);
    }

    [Fact]
    public async Task A_business_day_far_ahead_is_refused()
    {
        await using var database = await TestDatabase.CreateAsync();
        await PersonsAndDayAsync(database);
        await database.ExecuteAsync("update business_day set day = day + 2");
        var owned = await new OwnUp(database.DataSource, SystemClock.Instance).RestoredAsync(TestPeople.Doer);
        owned.Refused.Should().Be(OwnUpRefusal.DayAhead);
    }

    [Fact]
    public async Task Receipts_before_between_and_after_restores_are_each_given_once_and_the_audit_knows_their_runs()
    {
        await using var stage = await Stage.SetAsync();
        await TestPeople.BeAsync(stage.Database.DataSource);
        var ownUp = new OwnUp(stage.Database.DataSource, SystemClock.Instance);
        for (var i = 0; i < 9; i++)
        {
            await stage.PayAsync(stage.A, $"p{i}");
            if (i is 2 or 5)
            {
                (await ownUp.RestoredAsync(TestPeople.Doer)).Lost.Should().NotBeNull();
            }
        }

        var counters = (await stage.Database.AskAsync<int[]>("select array_agg(receipt_counter order by number) from event where receipt_counter > 0"))!;
        counters.Should().HaveCount(9).And.OnlyHaveUniqueItems();
        (await AuditBooks.RunAsync(stage.Database.DataSource)).Violations.Should().Be(0);

        // What is missing in the middle of a run is still found.
        await stage.Database.ExecuteAsync($"update event set receipt_counter = {counters[3] + 5} where receipt_counter = {counters[3]}");
        (await AuditBooks.RunAsync(stage.Database.DataSource)).Invariants.Where(i => i.Violations > 0).Select(i => i.Name)
            .Should().Equal("receipts");
    }

    private static async Task PersonsAndDayAsync(TestDatabase database)
    {
        await TestPeople.BeAsync(database.DataSource);
        await database.ExecuteAsync("insert into business_day (day, opened_at) values ((now() at time zone 'Asia/Baku')::date, now())");
    }

    /// <summary>Owns up while the database's clock shows this.</summary>
    private static async Task<OwnedUp> OwnUpAsync(TestDatabase database, Instant at)
    {
        var shown = at.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        await database.ExecuteAsync(
            "create schema if not exists shown; "
            + $"create or replace function shown.clock_timestamp() returns timestamptz language sql as 'select to_timestamp({shown})'; "
            + $"create or replace function shown.now() returns timestamptz language sql as 'select to_timestamp({shown})'");
        await using var shifted = NpgsqlDataSource.Create(
            new NpgsqlConnectionStringBuilder(database.ConnectionString) { SearchPath = "shown,pg_catalog,public", Pooling = false });
        return await new OwnUp(shifted, new Clock(at)).RestoredAsync(TestPeople.Doer);
    }

    private sealed class Clock(Instant at) : IClock
    {
        public Instant GetCurrentInstant() => at;
    }
}
