using System.Globalization;
using EGovPay.Benchmarks.Overload;
using EGovPay.Benchmarks.Torture;

namespace EGovPay.Benchmarks.WholeWay;

/// <summary>
/// The whole way in other shapes than the day's: two servers on one database beside one, all agents beside ten and one, and inquiries beside
/// payments. Every shape is measured in turn with the plain one, three times; the medians of the ratios count, and the books are audited.
/// <code>dotnet run -c Release --project benchmarks -- shapes [--seconds 15]</code>
/// </summary>
internal static class RunShapes
{
    public const string Usage = "shapes [--seconds 15], seconds from 3 to 120";

    private const int Clients = 256;
    private const int Rounds = 3;
    private const int WarmSeconds = 20;
    private static readonly CentreSize Size = new(Agents: 1_000, TerminalsEach: 1, Divided: 0, SharedBuffersMebibytes: null);

    public static async Task<int> RunAsync(string[] arguments)
    {
        var seconds = 15;
        if (arguments is not [_] && !(arguments is [_, "--seconds", var value]
            && int.TryParse(value, CultureInfo.InvariantCulture, out seconds) && seconds is >= 3 and <= 120))
        {
            await Console.Error.WriteLineAsync(Usage);
            return 2;
        }

        var folder = Directory.CreateTempSubdirectory("egovpay-shapes-").FullName;
        File.SetUnixFileMode(folder, (UnixFileMode)0b111_101_101);
        try
        {
            await using var centre = await Centre.StartAsync(folder, CancellationToken.None, Size);
            await using var day = await MeasuredDay.StartAsync(folder, centre, nodes: 2);
            return await MeasureAsync(centre, day, seconds);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<int> MeasureAsync(Centre centre, MeasuredDay day, int seconds)
    {
        var plain = day.CrowdOf(centre.Desks);
        var second = day.CrowdOf(centre.Desks, node: 1);
        (string Name, Crowd[] Crowds)[] shapes =
        [
            ("two nodes", [plain, second]),
            ("ten agents", [day.CrowdOf(centre.Desks.Take(10))]),
            ("one agent", [day.CrowdOf(centre.Desks.Take(1))]),
            ("inquiries", [day.CrowdOf(centre.Desks, asks: CrowdAsks.Inquiries)]),
        ];
        await day.PayAsync(Clients, WarmSeconds, plain, second);
        await day.PayAsync(Clients, WarmSeconds, shapes[^1].Crowds);
        var ratios = new Dictionary<string, double>(StringComparer.Ordinal);
        var rates = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var (name, crowds) in shapes)
        {
            var pairs = new List<(double Plain, double Shape)>();
            for (var round = 1; round <= Rounds; round++)
            {
                var (beside, shape) = (await day.PayAsync(Clients, seconds, plain), await day.PayAsync(Clients, seconds, crowds));
                pairs.Add((beside.PerSecond, shape.PerSecond));
                RunDay.Say($"round {round}: plain: {beside}");
                RunDay.Say($"round {round}: {name}: {shape}");
            }

            ratios[name] = pairs.Select(pair => pair.Shape / pair.Plain).Order().ElementAt(Rounds / 2);
            rates[name] = pairs.Select(pair => pair.Shape).Order().ElementAt(Rounds / 2);
        }

        var (_, violations) = await day.EndAsync();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $$"""{"twoNodesPerSecond":{{rates["two nodes"]:F0}},"twoNodesRatio":{{ratios["two nodes"]:F2}},"tenAgentsRatio":{{ratios["ten agents"]:F2}}"""
            + $$""","oneAgentPerSecond":{{rates["one agent"]:F0}},"oneAgentRatio":{{ratios["one agent"]:F2}}"""
            + $$""","inquiriesPerSecond":{{rates["inquiries"]:F0}},"inquiriesRatio":{{ratios["inquiries"]:F2}},"auditViolations":{{violations}}}"""));
        return violations == 0 ? 0 : 1;
    }
}
