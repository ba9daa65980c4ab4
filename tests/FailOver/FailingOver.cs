using System.Diagnostics;
using System.Globalization;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Schema;
using EGovPay.Providers.Simulator;
using EGovPay.Tests.CommandLine;
using FluentAssertions;
using NodaTime;
using Xunit;

namespace EGovPay.Tests.FailOver;

/// <summary>The primary dies under load, and what anybody was told stays true.</summary>
public sealed class FailingOver(ITestOutputHelper output) : IDisposable
{
    private readonly ScratchFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task The_primary_is_killed_under_load_and_nothing_that_was_acknowledged_is_lost()
    {
        await using var cluster = await ReplicatedCluster.StartAsync(standbys: 2);
        await Migrate.RunAsync(cluster.ConnectionString);
        var keys = await LoggingTerminals.AddAsync(cluster.ConnectionString, 16);
        await using var simulator = await ProviderSimulator.StartAsync(
            new SimulatorSettings
            {
                RecordFile = Path.Combine(folder.Path, "simulator.record"),
                Providers = EmbeddedCatalogue.Load().Providers,
            },
            SystemClock.Instance, CancellationToken.None);
        await using var a = Serve(cluster, simulator, "a");
        await using var b = Serve(cluster, simulator, "b");
        var nodes = new[] { AddressIn(await a.LineAsync("listens on")), AddressIn(await b.LineAsync("listens on")) };
        var terminals = new LoggingTerminals(nodes, keys);
        terminals.Start();
        await terminals.UntilToldAsync(300);

        var promoted = await FailOverAsync(cluster);
        await terminals.UntilToldAsync(400);
        await terminals.FinishAsync();

        var firstNew = terminals.Told.Where(one => one.SentTicks > promoted).Min(one => one.ToldTicks);
        var seconds = Stopwatch.GetElapsedTime(promoted, firstNew).TotalSeconds;
        var lost = await LostAsync(cluster, terminals);
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $$"""{"told":{{terminals.Told.Count}},"repeated":{{terminals.Told.Count(one => one.Attempts > 1)}},"acknowledgedAndLost":{{lost.Count}},"firstNewPaymentSeconds":{{seconds:F2}}}"""));
        terminals.Surprises.Should().BeEmpty();
        lost.Should().BeEmpty();
        seconds.Should().BeLessThan(10);
        await CreditedOnceAsync(simulator, terminals);
    }

    /// <summary>Kills the primary, promotes whoever has received more, points the other one to it. Gives the moment of promotion.</summary>
    internal static async Task<long> FailOverAsync(ReplicatedCluster cluster)
    {
        await cluster.First.KillAsync();
        var standbys = cluster.Servers.Skip(1).ToList();
        var received = new Dictionary<ReplicatedServer, string>();
        foreach (var standby in standbys)
        {
            received[standby] = (await standby.AskAsync<string>("select pg_last_wal_receive_lsn()::text"))!;
        }

        var ahead = await standbys[0].AskAsync<bool>(
            $"select '{received[standbys[0]]}'::pg_lsn >= '{received[standbys[1]]}'::pg_lsn") ? 0 : 1;
        await standbys[ahead].PromoteAsync();
        var promoted = Stopwatch.GetTimestamp();
        await standbys[1 - ahead].FollowNowAsync(standbys[ahead]);
        return promoted;
    }

    /// <summary>What a terminal was told and the book, read by another hand, does not say.</summary>
    private static async Task<List<string>> LostAsync(ReplicatedCluster cluster, LoggingTerminals terminals)
    {
        await using var pool = Processing.PostgreSql.Database.Open(cluster.ConnectionString);
        await using var command = pool.CreateCommand(
            "select n.reference, t.to_state, n.number from payment_now n join transition t on t.edge_id = n.edge");
        var book = new Dictionary<string, (string State, string Number)>();
        await using (var reader = await command.ExecuteReaderAsync())
        {
            while (await reader.ReadAsync())
            {
                book[reader.GetString(0)] = (
                    reader.GetString(1), reader.GetInt64(2).ToString(CultureInfo.InvariantCulture));
            }
        }

        return [.. terminals.Told
            .Where(one => !book.TryGetValue(one.Reference, out var is_) || is_ != (one.State, one.Number))
            .Select(one => $"{one} is {book.GetValueOrDefault(one.Reference)} in the book")];
    }

    private static async Task CreditedOnceAsync(ProviderSimulator simulator, LoggingTerminals terminals)
    {
        using var http = new HttpClient { BaseAddress = simulator.Address };
        var ledger = await http.GetStringAsync(new Uri("/_sim/ledger", UriKind.Relative));
        var credited = ledger.Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(line => line.Split('\t'))
            .Where(cells => cells[3] != "0").ToDictionary(cells => cells[1], cells => cells[3]);
        credited.Values.Should().OnlyContain(times => times == "1");
        terminals.Told.Where(one => one.State == "Confirmed").Select(one => one.Number).Except(credited.Keys).Should().BeEmpty();
        credited.Keys.Except(terminals.Told.Where(one => one.State == "Confirmed").Select(one => one.Number)).Should().BeEmpty(
            "every payment was pursued to its end");
        terminals.Told.Select(one => one.Receipt).Where(one => one is not null).Should().OnlyHaveUniqueItems();
    }

    private RunningProgram Serve(ReplicatedCluster cluster, ProviderSimulator simulator, string name) => RunningProgram.Start(
        folder.Path,
        new Dictionary<string, string>
        {
            ["EGOVPAY_DATABASE"] = cluster.ConnectionString,
            ["EGOVPAY_SECRET"] = new string('s', 32),
            ["EGOVPAY_PROVIDERS"] = simulator.Address.GetLeftPart(UriPartial.Authority),
            ["EGOVPAY_DATA"] = Path.Combine(folder.Path, "data-" + name),
            ["EGOVPAY_LOG"] = "warning",
        },
        "serve", "--listen", "http://127.0.0.1:0", "--node", name);

    private static Uri AddressIn(string line) => new(line[(line.LastIndexOf(' ') + 1)..]);
}
