using System.Collections.Concurrent;
using System.Text;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Telling;
using EGovPay.Providers.Simulator;
using EGovPay.Tests.CommandLine;
using EGovPay.Tests.PostgreSql;
using FluentAssertions;
using NodaTime;
using Xunit;

namespace EGovPay.Tests.Telling;

/// <summary>The real server as a process, killed while it takes payments and tells.</summary>
public sealed class AKilledServer(TestDatabase database) : IClassFixture<TestDatabase>, IDisposable
{
    private const int Payments = 150;

    private readonly ScratchFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Every_event_is_told_at_least_once_though_the_server_is_killed_in_the_middle()
    {
        await using var simulator = await ProviderSimulator.StartAsync(
            new SimulatorSettings
            {
                RecordFile = Path.Combine(folder.Path, "sim.record"), Providers = EmbeddedCatalogue.Load().Providers,
            },
            SystemClock.Instance, CancellationToken.None);
        await using var receiver = await Receiver.StartAsync();
        var taken = new ConcurrentDictionary<string, bool>();
        receiver.Answer = async (context, heard) =>
        {
            await Task.Delay(30, context.RequestAborted);
            taken[heard.Id!] = true;
        };
        var key = await SetUpAsync(receiver.Address);
        var first = Serve(simulator.Address, 0);
        var address = AddressIn(await first.LineAsync("listens on"));
        using var stop = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        var paying = Parallel.ForAsync(
            0, Payments, new ParallelOptions { MaxDegreeOfParallelism = 12, CancellationToken = stop.Token },
            async (n, cancel) => await PayAsync(address, key, n, cancel));
        await receiver.UntilAsync(heard => heard.Count >= 40, 120);
        first.KillHard();
        await first.DisposeAsync();

        await using var second = Serve(simulator.Address, address.Port);
        await second.LineAsync("listens on");
        await paying;
        await UntilToldAsync();
        var subscribed = new List<string>();
        await using var command = database.DataSource.CreateCommand(
            "select 'evt_' || e.number || '_' || e.step from event e join payment p using (agent_id, number) "
            + "where p.notify and e.edge = any ($1)");
        command.Parameters.Add(new Npgsql.NpgsqlParameter<short[]> { TypedValue = [.. Announcement.All.Select(one => one.EdgeId)] });
        await using var row = await command.ExecuteReaderAsync();
        while (await row.ReadAsync())
        {
            subscribed.Add(row.GetString(0));
        }

        subscribed.Should().HaveCountGreaterThanOrEqualTo(Payments);
        taken.Keys.Should().BeEquivalentTo(subscribed, "each was taken, and nothing else was said");
    }

    private async Task UntilToldAsync()
    {
        var since = TimeProvider.System.GetTimestamp();
        while (await database.AskAsync<long>(
            "select (select count(*) from outbox) + (select count(*) from delivery) + (select count(*) from unknown_payment)") > 0)
        {
            TimeProvider.System.GetElapsedTime(since).TotalSeconds.Should().BeLessThan(120);
            await Task.Delay(50);
        }
    }

    private static async Task PayAsync(Uri address, string key, int n, CancellationToken cancel)
    {
        using var http = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromSeconds(30) };
        http.DefaultRequestHeaders.Authorization = new("Bearer", key);
        while (true)
        {
            using var body = new StringContent(
                """{"service":"10101","account":"012345678901234","amountQepik":2350,"totalQepik":2350,"tender":"cash"}""",
                Encoding.UTF8, "application/json");
            try
            {
                var answer = await http.PutAsync(new Uri($"/v1/payments/K-{n}", UriKind.Relative), body, cancel);
                if ((int)answer.StatusCode is 200 or 201 or 202)
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // The server is dead at the moment: the same request again.
                cancel.ThrowIfCancellationRequested();
            }

            await Task.Delay(100, cancel);
        }
    }

    private async Task<string> SetUpAsync(Uri receiver)
    {
        await TestPeople.BeAsync(database.DataSource);
        await using var engine = await EGovPay.Terminals.CommandLine.Books.StartEngineAsync(
            database.ConnectionString, "test", CancellationToken.None);
        var agentId = (await engine.Administer.AddAgentAsync("killed", "Bank"))!.Value;
        var pointId = (await engine.Administer.AddPointAsync(agentId, "p", "Mərkəz"))!.Value;
        var key = (await engine.Administer.AddTerminalAsync(agentId, pointId, new Processing.Agents.NewTerminal("killed-1", "Kassa")))!;
        await database.ExecuteAsync($"update funds set credit_limit = 100000000 where agent_id = {agentId}");
        await new Endpoints(database.DataSource, TestPeople.Doer).AddAsync(agentId, null, receiver, null);
        return key;
    }

    private RunningProgram Serve(Uri simulator, int port) => RunningProgram.Start(
        folder.Path,
        new Dictionary<string, string>
        {
            ["EGOVPAY_DATABASE"] = database.ConnectionString,
            ["EGOVPAY_PROVIDERS"] = simulator.GetLeftPart(UriPartial.Authority),
            ["EGOVPAY_LOG"] = "warning",
        },
        "serve", "--listen", $"http://127.0.0.1:{port}");

    private static Uri AddressIn(string line) => new(line[(line.LastIndexOf(' ') + 1)..]);
}
