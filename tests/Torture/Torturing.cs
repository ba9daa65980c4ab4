using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using EGovPay.Tests.House;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.Torture;

/// <summary>The torture, built once with the defects that the engine never has.</summary>
public sealed class PlantedBuild : IAsyncLifetime
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    public string Program { get; } =
        Path.Combine(Tree.Root, "benchmarks", "bin", "planted", "Release", "net10.0", "EGovPay.Benchmarks.dll");

    public async ValueTask InitializeAsync()
    {
        var (exitCode, output, _) = await RunAsync(
            "build", Path.Combine(Tree.Root, "benchmarks"), "-c", "Release", "-p:PlantedDefects=true", "-p:RunAnalyzers=false",
            "-m:1", "-v", "q", "--nologo");
        exitCode.Should().Be(0, output);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>Runs dotnet to its end.</summary>
    public static async Task<(int ExitCode, string Output, string Errors)> RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var name in start.Environment.Keys.Where(IsOfTheRunner).ToList())
        {
            start.Environment.Remove(name);
        }

        start.Environment["DOTNET_CLI_USE_MSBUILD_SERVER"] = "0";
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        using var process = Process.Start(start)!;
        using var limit = new CancellationTokenSource(Longest);
        try
        {
            var errors = process.StandardError.ReadToEndAsync(limit.Token);
            var output = await process.StandardOutput.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            return (process.ExitCode, output, await errors);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }

    /// <summary>What dotnet test told itself is not for another build.</summary>
    private static bool IsOfTheRunner(string name) =>
        name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase) || name.StartsWith("EGOVPAY_", StringComparison.Ordinal)
        || name.StartsWith("VSTEST", StringComparison.Ordinal);
}

/// <summary>Both processors for minutes: it runs when all else has ended, and nothing beside it.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;

/// <summary>
/// The torture finds nothing in the engine, and each planted defect; everything is real. A run ends with the first round that finds
/// something, so a defect has as many rounds as it may need, and is mostly found in the first.
/// </summary>
[Collection(nameof(Alone))]
public sealed class Torturing(PlantedBuild build) : IClassFixture<PlantedBuild>
{
    private const string Repeating = """{"deduplicates":false,"magicAccounts":false}""";

    /// <summary>The answer is lost after the money is credited: whoever then asks under another number has it credited again.</summary>
    private const string Dropping = """{"magicAccounts":false,"rates":{"drop-after-credit":0.1}}""";

    [Fact]
    public async Task A_round_of_everything_leaves_three_books_that_agree()
    {
        var run = await RunAsync(
            "--program", Path.Combine(AppContext.BaseDirectory, "egovpay.dll"), "--rounds", "1", "--seed", "7",
            "--payments", "400", "--seconds", "10");

        run.Line.Should().MatchRegex(
            "^{\"rounds\":1,\"kills\":[0-9]+,\"killsInFlight\":[0-9]+,\"payments\":[0-9]+,"
            + "\"lost\":0,\"doubled\":0,\"untold\":0,\"unbalanced\":0,\"unfinished\":0}$", run.Errors);
        run.Figure("kills").Should().BeGreaterThanOrEqualTo(2);
        run.Figure("payments").Should().BeGreaterThan(350);
        run.ExitCode.Should().Be(0, run.Errors);
    }

    [Fact]
    public async Task The_scenario_of_the_late_sender_is_clean_without_the_defect()
    {
        var run = await RunAsync(Frozen("none", rounds: 2));
        run.ExitCode.Should().Be(0, run.Errors);
    }

    [Fact]
    public async Task A_question_under_a_new_number_is_doubled()
    {
        var run = await RunAsync([.. Lying("new-number"), "--lies", Dropping]);
        run.Figure("doubled").Should().BePositive(run.Errors);
        run.ExitCode.Should().Be(1);
    }

    [Fact]
    public async Task A_node_that_wakes_and_sends_late_is_doubled()
    {
        var run = await RunAsync(Frozen("late-send", rounds: 6));
        run.Figure("doubled").Should().BePositive(run.Errors);
        run.ExitCode.Should().Be(1);
    }

    [Fact]
    public async Task A_lost_hold_is_unbalanced()
    {
        var run = await RunAsync(Lying("lost-hold"));
        run.Figure("unbalanced").Should().BePositive(run.Errors);
        run.ExitCode.Should().Be(1);
    }

    [Fact]
    public async Task A_hold_that_is_released_on_silence_is_lost()
    {
        var run = await RunAsync(Lying("silence-declines"));
        run.Figure("lost").Should().BePositive(run.Errors);
        run.ExitCode.Should().Be(1);
    }

    private static string[] Lying(string defect) =>
        ["--rounds", "3", "--seed", "1", "--payments", "300", "--seconds", "4", "--faults", "lies", "--defect", defect];

    /// <summary>
    /// Providers that are asked before they are sent anything again, and credit whatever comes twice: there, only a late sender
    /// delivers twice. Answers of the database are slow, so that a frozen node stands between its commit and its sending.
    /// </summary>
    private static string[] Frozen(string defect, int rounds) =>
    [
        "--rounds", rounds.ToString(CultureInfo.InvariantCulture), "--seed", "1", "--payments", "500", "--seconds", "6", "--faults", "freeze", "--freeze", "16",
        "--protocol", "json", "--lies", Repeating, "--postgres-delay", "150", "--defect", defect,
    ];

    private async Task<Run> RunAsync(params string[] arguments)
    {
        var (exitCode, output, errors) = await PlantedBuild.RunAsync([build.Program, "torture", .. arguments]);
        return new Run(exitCode, output.TrimEnd('\n').Split('\n')[^1], errors);
    }

    private sealed record Run(int ExitCode, string Line, string Errors)
    {
        public long Figure(string name)
        {
            Line.Should().StartWith("{", Errors);
            using var json = JsonDocument.Parse(Line);
            return json.RootElement.GetProperty(name).GetInt64();
        }
    }
}
