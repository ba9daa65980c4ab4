using System.Diagnostics;
using System.Text.Json;
using EGovPay.Tests.CommandLine;
using EGovPay.Tests.PostgreSql;
using FluentAssertions;

namespace EGovPay.Tests.Dispatch;

/// <summary>Servers in processes of their own on one database, to be killed and frozen.</summary>
internal sealed class RealNodes : IDisposable
{
    private readonly ScratchFolder folder = new();

    public void Dispose() => folder.Dispose();

    /// <summary>Starts a server that finds all providers at this address, and waits until it listens.</summary>
    /// <param name="metrics">Where it shows its measures; null: nowhere.</param>
    public async Task<RealNode> ServeAsync(TestDatabase database, string name, Uri providers, Uri? metrics = null)
    {
        var variables = new Dictionary<string, string>
        {
            ["EGOVPAY_DATABASE"] = database.ConnectionString,
            ["EGOVPAY_PROVIDERS"] = providers.GetLeftPart(UriPartial.Authority),
        };
        if (metrics is not null)
        {
            variables["EGOVPAY_METRICS"] = metrics.GetLeftPart(UriPartial.Authority);
        }

        var program = RunningProgram.Start(folder.Path, variables, "serve", "--listen", "http://127.0.0.1:0", "--node", name);
        var line = await program.LineAsync("listens on");
        return new RealNode(program, new Uri(line[(line.LastIndexOf(' ') + 1)..]));
    }

    /// <summary>An agent with money and a terminal; returns the terminal's key.</summary>
    public async Task<string> AddTerminalAsync(TestDatabase database)
    {
        var people = await TestPeople.OfAsync(database);
        var person = people.Environment(database.ConnectionString);
        string[][] commands =
        [
            ["agent", "add", "bank", "--name", "Bank"],
            ["point", "add", "p", "--agent", "bank", "--name", "Mərkəz"],
        ];
        foreach (var command in commands)
        {
            var run = await RunningProgram.RunAsync(folder.Path, person, command);
            run.ExitCode.Should().Be(0, run.Errors);
        }

        var proposed = await RunningProgram.RunAsync(
            folder.Path, person, "agent", "topup", "propose", "bank", "--amount", "10000.00", "--reference", "d-1", "--json");
        var approved = await RunningProgram.RunAsync(
            folder.Path, people.Environment(database.ConnectionString, people.ApproverKey), "agent", "topup", "approve",
            JsonDocument.Parse(proposed.LastLine).RootElement.GetProperty("proposal").GetRawText());
        approved.ExitCode.Should().Be(0, approved.Errors);
        var made = await RunningProgram.RunAsync(
            folder.Path, person, "terminal", "add", "t1", "--agent", "bank", "--point", "p", "--name", "Kassa", "--json");
        return JsonDocument.Parse(made.LastLine).RootElement.GetProperty("key").GetString()!;
    }

    /// <summary>How long it took until a statement gave what is wanted.</summary>
    public static Task<TimeSpan> UntilAsync(
        TestDatabase database, string sql, long wanted, TimeSpan limit, bool orMore = false) =>
        UntilAsync(() => database.AskAsync<long>(sql), wanted, limit, orMore, sql);

    /// <summary>How long it took until an answer was what is wanted.</summary>
    public static async Task<TimeSpan> UntilAsync(
        Func<Task<long>> ask, long wanted, TimeSpan limit, bool orMore = false, string? what = null)
    {
        var began = Stopwatch.GetTimestamp();
        while (true)
        {
            var now = await ask();
            if (now == wanted || (orMore && now > wanted))
            {
                return Stopwatch.GetElapsedTime(began);
            }

            Stopwatch.GetElapsedTime(began).Should().BeLessThan(limit, "{0} gives {1} and not {2}", what, now, wanted);
            await Task.Delay(100);
        }
    }
}

/// <summary>One server.</summary>
internal sealed class RealNode(RunningProgram program, Uri address) : IAsyncDisposable
{
    public RunningProgram Program => program;

    public HttpClient Client(string key)
    {
        var http = new HttpClient { BaseAddress = address };
        http.DefaultRequestHeaders.Authorization = new("Bearer", key);
        return http;
    }

    public ValueTask DisposeAsync() => program.DisposeAsync();
}
