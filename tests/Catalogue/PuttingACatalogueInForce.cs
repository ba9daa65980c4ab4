using System.Text;
using EGovPay.Processing.Catalogue;
using EGovPay.Tests.PostgreSql;
using FluentAssertions;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Xunit;

namespace EGovPay.Tests.Catalogue;

public sealed class PuttingACatalogueInForce
{
    private static readonly byte[] Embedded = EmbeddedCatalogue.Read();
    private static readonly byte[] Changed = Change("\"maxAzn\": 10000.00", "\"maxAzn\": 9000.00");
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_new_database_gets_the_embedded_catalogue_as_version_1_whoever_starts_first()
    {
        await using var database = await TestDatabase.CreateAsync();
        (await CatalogueStore.LatestAsync(database.DataSource)).Should().BeNull();
        var nodes = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => OpenAsync(database)));
        nodes.Should().OnlyContain(node => node.Current.Version == 1 && node.Current.Services.Count == 68);
        (await VersionsAsync(database)).Should().Be(1);
    }

    [Fact]
    public async Task The_same_file_twice_is_one_version_and_going_back_is_a_new_one()
    {
        await using var database = await TestDatabase.CreateAsync();
        (await ApplyAsync(database, Embedded)).Should().Be((CatalogueApplied.NewVersion, 1));
        (await ApplyAsync(database, Embedded)).Should().Be((CatalogueApplied.Unchanged, 1));
        (await ApplyAsync(database, [.. Encoding.UTF8.Preamble, .. Embedded]))
            .Should().Be((CatalogueApplied.Unchanged, 1));
        (await ApplyAsync(database, Changed)).Should().Be((CatalogueApplied.NewVersion, 2));
        (await ApplyAsync(database, Embedded)).Should().Be((CatalogueApplied.NewVersion, 3));
        (await ApplyAsync(database, Changed)).Should().Be((CatalogueApplied.NewVersion, 4));
        (await VersionsAsync(database)).Should().Be(4);
    }

    [Fact]
    public async Task A_broken_file_is_refused_whole_and_the_one_in_force_stays()
    {
        await using var database = await TestDatabase.CreateAsync();
        await ApplyAsync(database, Embedded);
        var refused = await CatalogueStore.ApplyAsync(
            database.DataSource, Change("\"cutOff\": \"C2\"", "\"cutOff\": \"C7\""), TestPeople.Doer);
        refused.Result.Should().Be(CatalogueApplied.Refused);
        refused.Version.Should().Be(1);
        refused.Faults.Should().HaveCount(13)
            .And.OnlyContain(fault => fault.Message.Contains("C7", StringComparison.Ordinal));
        (await VersionsAsync(database)).Should().Be(1);
        (await CatalogueStore.LatestAsync(database.DataSource))!.Version.Should().Be(1);
    }

    [Fact]
    public async Task A_file_that_renumbers_a_provider_is_refused()
    {
        await using var database = await TestDatabase.CreateAsync();
        await ApplyAsync(database, Embedded);
        var refused = await CatalogueStore.ApplyAsync(database.DataSource, Change("\"id\": 38,", "\"id\": 39,"), TestPeople.Doer);
        refused.Faults.Should().ContainSingle().Which.Message.Should().Contain("has the id 38");
    }

    [Fact]
    public async Task Files_applied_at_once_become_one_version_after_another()
    {
        await using var database = await TestDatabase.CreateAsync();
        var files = Enumerable.Range(1, 8).Select(i => Change("\"maxAzn\": 10000.00", $"\"maxAzn\": {i}000.00"));
        var applied = await Task.WhenAll(files.Select(file => ApplyAsync(database, file)));
        applied.Select(one => one.Version).Should().BeEquivalentTo(Enumerable.Range(1, 8));
        (await VersionsAsync(database)).Should().Be(8);
    }

    [Fact]
    public async Task A_running_node_takes_up_an_applied_version()
    {
        await using var database = await TestDatabase.CreateAsync();
        var node = await OpenAsync(database);
        await FollowingAsync(node, async swapped =>
        {
            var before = node.Current;
            await ApplyAsync(database, Changed);
            (await swapped(2)).Find(10101)!.Rules[0].Max.Qepik.Should().Be(900_000);
            node.Current.Version.Should().Be(2);
            before.Find(10101)!.Rules[0].Max.Qepik
                .Should().Be(1_000_000, "a request keeps the catalogue that it began with");
        });
    }

    [Fact]
    public async Task A_node_whose_connection_is_cut_follows_on_another()
    {
        await using var database = await TestDatabase.CreateAsync();
        var node = await OpenAsync(database);
        await FollowingAsync(node, async swapped =>
        {
            await ApplyAsync(database, Changed);
            await swapped(2);
            await using var other = NpgsqlDataSource.Create(database.ConnectionString + ";Pooling=false");
            await using (var cut = other.CreateCommand(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and "
                    + "pid <> pg_backend_pid()"))
            {
                await cut.ExecuteNonQueryAsync();
            }

            (await CatalogueStore.ApplyAsync(other, Embedded, TestPeople.Doer)).Version.Should().Be(3);
            await swapped(3);
        });
    }

    [Fact]
    public async Task A_version_that_told_nobody_is_found_by_looking()
    {
        await using var database = await TestDatabase.CreateAsync();
        var node = await OpenAsync(database);
        await FollowingAsync(node, async swapped =>
        {
            await InsertAsync(database, 2, Changed);
            await swapped(2);
        });
    }

    [Fact]
    public async Task A_version_that_cannot_be_read_is_passed_over()
    {
        await using var database = await TestDatabase.CreateAsync();
        var node = await OpenAsync(database);
        await FollowingAsync(node, async swapped =>
        {
            await InsertAsync(database, 2, Encoding.UTF8.GetBytes("{\"format\": 2}"));
            await InsertAsync(database, 3, Changed);
            await swapped(3);
        });
        await InsertAsync(database, 4, Encoding.UTF8.GetBytes("{\"format\": 2}"));
        await FluentActions.Awaiting(() => OpenAsync(database)).Should().ThrowAsync<FormatException>();
    }

    [Fact]
    public async Task The_summary_names_every_service_and_its_fee_on_a_day()
    {
        await using var database = await TestDatabase.CreateAsync();
        var node = await OpenAsync(database);
        var lines = CatalogueSummary.Lines(node.Current, new NodaTime.LocalDate(2025, 11, 1), "en").ToList();
        lines[0].Should().StartWith("Catalogue version 1, 68 services, 38 providers, on 2025-11-01");
        lines.Should().ContainSingle(line => line.Contains("40101", StringComparison.Ordinal))
            .Which.Should().Contain("0.40 by payer").And.Contain("Traffic fine").And.Contain("C3").And.Contain("bdypi");
        node.Current.Services.Should().OnlyContain(service => lines.Any(line => line.Contains(service.CodeText)));
        CatalogueSummary.Lines(node.Current, new NodaTime.LocalDate(2014, 1, 1)).Should().Contain(
            line => line.Contains("opens on 2015-01-01", StringComparison.Ordinal));
    }

    /// <summary>Runs the following loop beside a test, which awaits swaps by their version.</summary>
    private static async Task FollowingAsync(CatalogueInForce node, Func<Func<int, Task<CatalogueSnapshot>>, Task> test)
    {
        using var stopping = new CancellationTokenSource();
        var arrived = System.Threading.Channels.Channel.CreateUnbounded<CatalogueSnapshot>();
        node.Swapped += catalogue => arrived.Writer.TryWrite(catalogue);
        var following = node.FollowAsync(stopping.Token);
        try
        {
            await test(async version =>
            {
                while (true)
                {
                    var catalogue = await arrived.Reader.ReadAsync().AsTask().WaitAsync(Patience);
                    if (catalogue.Version >= version)
                    {
                        return catalogue;
                    }
                }
            });
        }
        finally
        {
            await stopping.CancelAsync();
            await following;
        }
    }

    private static Task<CatalogueInForce> OpenAsync(TestDatabase database) =>
        CatalogueInForce.OpenAsync(database.DataSource, NullLogger.Instance);

    private static async Task<(CatalogueApplied Result, int Version)> ApplyAsync(TestDatabase database, byte[] file)
    {
        var applied = await CatalogueStore.ApplyAsync(database.DataSource, file, TestPeople.Doer);
        applied.Faults.Should().BeEmpty();
        return (applied.Result, applied.Version);
    }

    private static async Task InsertAsync(TestDatabase database, int version, byte[] file)
    {
        await using var insert = database.DataSource.CreateCommand(
            "insert into catalogue_version (version, sha256, body) values ($1, ''::bytea, $2)");
        insert.Parameters.Add(new NpgsqlParameter<int> { TypedValue = version });
        insert.Parameters.Add(new NpgsqlParameter<string> { TypedValue = Encoding.UTF8.GetString(file) });
        await insert.ExecuteNonQueryAsync();
    }

    private static Task<long> VersionsAsync(TestDatabase database) =>
        database.AskAsync<long>("select count(*) from catalogue_version");

    private static byte[] Change(string right, string wrong) =>
        Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(Embedded).Replace(right, wrong, StringComparison.Ordinal));
}
