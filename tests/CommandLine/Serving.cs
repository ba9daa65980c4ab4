using System.Net;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using EGovPay.Tests.PostgreSql;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.CommandLine;

/// <summary>`serve` and `simulate` as processes, as an operator runs them.</summary>
public sealed class Serving(TestDatabase database) : IClassFixture<TestDatabase>, IDisposable
{
    private readonly ScratchFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_payment_goes_its_way_through_the_processes_and_is_shown_and_the_server_ends_in_order()
    {
        await using var simulator = RunningProgram.Start(folder.Path, null, "simulate", "--port", "0", "--seed", "7");
        var providers = AddressIn(await simulator.LineAsync("listens on"));
        var key = await AddTerminalAsync("serving-1");
        var variables = Database();
        variables["EGOVPAY_PROVIDERS"] = providers.GetLeftPart(UriPartial.Authority);
        await using var server = RunningProgram.Start(
            folder.Path, variables, "serve", "--listen", "http://127.0.0.1:0", "--node", "n1");
        var address = AddressIn(await server.LineAsync("listens on"));

        using var http = new HttpClient { BaseAddress = address };
        http.DefaultRequestHeaders.Authorization = new("Bearer", key);
        using var body = new StringContent(
            """{"service":"10101","account":"012345678901234","amountQepik":2350,"totalQepik":2350,"tender":"cash"}""",
            Encoding.UTF8, "application/json");
        var answer = await http.PutAsync(new Uri("/v1/payments/S-1", UriKind.Relative), body);
        var said = await answer.Content.ReadAsStringAsync();
        answer.StatusCode.Should().Be(HttpStatusCode.Created, said);
        var number = JsonDocument.Parse(said).RootElement.GetProperty("number").GetString()!;

        var shown = await RunningProgram.RunAsync(folder.Path, Database(), "payment", "show", number, "--json");
        var payment = JsonDocument.Parse(shown.LastLine).RootElement;
        payment.GetProperty("state").GetString().Should().Be("Confirmed");
        payment.GetProperty("account").GetString().Should().NotBe("012345678901234", "accounts are masked");
        payment.GetProperty("events").GetArrayLength().Should().Be(2);
        var byReference = await RunningProgram.RunAsync(folder.Path, Database(), "payment", "show", "S-1", "--full");
        byReference.Output.Should().Contain(number).And.Contain("012345678901234").And.Contain("payable:");

        var nobody = await RunningProgram.RunAsync(folder.Path, Database(), "payment", "reverse", number, "--reason", "səhv hesab");
        nobody.ExitCode.Should().Be(1, "it is somebody's act");
        var reversed = await RunningProgram.RunAsync(
            folder.Path, await PersonAsync(), "payment", "reverse", number, "--reason", "səhv hesab", "--json");
        reversed.ExitCode.Should().Be(0, reversed.Errors);
        JsonDocument.Parse(reversed.LastLine).RootElement.GetProperty("state").GetString()
            .Should().Be("Reversed", "the node that serves asks at once");
        (await database.AskAsync<long>($"select count(*) from act where what = 'payment reverse' and subject = 'payment {number}'"))
            .Should().Be(1);
        var again = await RunningProgram.RunAsync(folder.Path, await PersonAsync(), "payment", "reverse", "731999999999", "--reason", "x");
        again.Errors.Should().Contain("There is no payment").And.NotContain("   at ");

        // Twice, as a process manager that ends the whole group does.
        server.Signal(PosixSignal.SIGTERM);
        server.Signal(PosixSignal.SIGTERM);
        var ended = await server.EndAsync();
        ended.ExitCode.Should().Be(0, ended.Errors);
        foreach (var line in ended.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            JsonDocument.Parse(line).RootElement.GetProperty("EventId").GetInt32().Should().BePositive(line);
        }

        ended.Errors.Should().NotContain("012345678901234").And.NotContain(key);
        // Not SIGINT: a process that was started in the background may have inherited that it is ignored.
        simulator.Signal(PosixSignal.SIGTERM);
        (await simulator.EndAsync()).ExitCode.Should().Be(0);
    }

    [Fact]
    public async Task A_memory_that_cannot_be_read_and_a_metrics_port_that_is_taken_are_told_in_a_sentence()
    {
        var variables = Database();
        variables["EGOVPAY_LOG"] = "none";
        variables["EGOVPAY_DATA"] = Path.Combine(folder.Path, "damaged");
        Directory.CreateDirectory(variables["EGOVPAY_DATA"]);
        await File.WriteAllTextAsync(Path.Combine(variables["EGOVPAY_DATA"], "remembered"), "");
        var damaged = await RunningProgram.RunAsync(folder.Path, variables, "serve", "--listen", "http://127.0.0.1:0");
        damaged.ExitCode.Should().Be(1);
        damaged.Errors.Should().Contain("egovpay restored").And.Contain("remove the file").And.NotContain("   at ");

        using var listener = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        variables = Database();
        variables["EGOVPAY_LOG"] = "none";
        var taken = await RunningProgram.RunAsync(
            folder.Path, variables, "serve", "--listen", "http://127.0.0.1:0",
            "--metrics", FormattableString.Invariant($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}"));
        taken.ExitCode.Should().Be(1);
        taken.Errors.Should().Contain("Metrics cannot be shown on").And.NotContain("   at ");
    }

    [Fact]
    public async Task A_taken_port_is_said_in_words()
    {
        using var listener = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var variables = Database();
        variables["EGOVPAY_PROVIDERS"] = "http://127.0.0.1:1";
        variables["EGOVPAY_LOG"] = "none";
        var run = await RunningProgram.RunAsync(folder.Path, variables, "serve", "--listen", $"http://127.0.0.1:{port}");
        run.ExitCode.Should().Be(1);
        run.Errors.Should().Contain($"127.0.0.1:{port}").And.Contain("--listen").And.NotContain("   at ");
        var simulate = await RunningProgram.RunAsync(folder.Path, null, "simulate", "--port", $"{port}");
        simulate.ExitCode.Should().Be(1);
        simulate.Errors.Should().Contain("--port").And.NotContain("   at ");
    }

    private static Uri AddressIn(string line) => new(line[(line.LastIndexOf(' ') + 1)..]);

    private async Task<string> AddTerminalAsync(string name)
    {
        string[][] commands =
        [
            ["agent", "add", name, "--name", "Bank"],
            ["agent", "topup", "propose", name, "--amount", "1000.00", "--reference", "d-1"],
            ["point", "add", "p", "--agent", name, "--name", "Mərkəz"],
        ];
        foreach (var command in commands)
        {
            var run = await RunningProgram.RunAsync(folder.Path, await PersonAsync(), command);
            run.ExitCode.Should().Be(0, run.Errors);
        }

        var people = await TestPeople.OfAsync(database);
        var approved = await RunningProgram.RunAsync(
            folder.Path, people.Environment(database.ConnectionString, people.ApproverKey), "agent", "topup", "approve", "1");
        approved.ExitCode.Should().Be(0, approved.Errors);
        var made = await RunningProgram.RunAsync(
            folder.Path, await PersonAsync(), "terminal", "add", name, "--agent", name, "--point", "p", "--name", "Kassa", "--json");
        return JsonDocument.Parse(made.LastLine).RootElement.GetProperty("key").GetString()!;
    }

    private async Task<Dictionary<string, string>> PersonAsync() =>
        (await TestPeople.OfAsync(database)).Environment(database.ConnectionString);

    private Dictionary<string, string> Database() => new() { ["EGOVPAY_DATABASE"] = database.ConnectionString };
}
