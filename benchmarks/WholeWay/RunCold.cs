using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using EGovPay.Benchmarks.Overload;
using EGovPay.Benchmarks.Torture;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.PostgreSql;
using EGovPay.Processing.Schema;
using Microsoft.Extensions.Logging.Abstractions;

namespace EGovPay.Benchmarks.WholeWay;

/// <summary>
/// <c>egovpay serve</c> on a private PostgreSQL that is there and not running: how long from the start of the process to the answer to the first
/// payment, five times, and what the process holds of memory when nobody has asked for half a minute.
/// <code>dotnet run -c Release --project benchmarks -- cold</code>
/// </summary>
internal static class RunCold
{
    private const int Starts = 5;
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(30);
    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "egovpay.dll");

    public static async Task<int> RunAsync(string[] arguments)
    {
        if (arguments is not [_])
        {
            await Console.Error.WriteLineAsync("cold, without arguments");
            return 2;
        }

        var folder = Directory.CreateTempSubdirectory("egovpay-cold-").FullName;
        var settings = new PrivateClusterSettings { Folder = Path.Combine(folder, "server") };
        try
        {
            var (key, body) = await FillAsync(settings);
            await using var simulator = await Child.StartedAsync(
                Program, Path.Combine(folder, "simulator.log"), [], "simulate", "--port", "0", "--record", Path.Combine(folder, "record"));
            var firsts = new List<double>();
            var idle = 0L;
            for (var start = 1; start <= Starts; start++)
            {
                var began = Stopwatch.GetTimestamp();
                await using var server = await Child.StartedAsync(
                    Program, Path.Combine(folder, "server.log"),
                    new(StringComparer.Ordinal)
                    {
                        ["EGOVPAY_DATA"] = settings.Folder,
                        ["EGOVPAY_PROVIDERS"] = simulator.Address.GetLeftPart(UriPartial.Authority),
                    },
                    "serve", "--listen", "http://127.0.0.1:0");
                var listening = Stopwatch.GetElapsedTime(began).TotalSeconds;
                await PayAsync(server.Address, key, body, FormattableString.Invariant($"cold-{start}"));
                firsts.Add(Stopwatch.GetElapsedTime(began).TotalSeconds);
                RunDay.Say(FormattableString.Invariant($"start {start}: listens after {listening:F2} s, first payment answered after {firsts[^1]:F2} s"));
                if (start == Starts)
                {
                    await Task.Delay(Idle);
                    idle = RunOverload.Mebibytes(server.Id, "VmRSS:");
                }
            }

            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $$"""{"firstPaymentSeconds":{{firsts.Order().ElementAt(Starts / 2):F2}},"slowestSeconds":{{firsts.Max():F2}},"idleMiB":{{idle}}}"""));
            return 0;
        }
        finally
        {
            await using (var cluster = await PrivateCluster.StartAsync(settings, NullLogger.Instance))
            {
                await cluster.StopAndDeleteAsync();
            }

            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<(string Key, string Body)> FillAsync(PrivateClusterSettings settings)
    {
        Directory.CreateDirectory(settings.Folder);
        await using var cluster = await PrivateCluster.StartAsync(settings, NullLogger.Instance);
        await Migrate.RunAsync(cluster.ConnectionString);
        var desks = await Centre.OpenDesksAsync(
            cluster.ConnectionString, new CentreSize(Agents: 1, TerminalsEach: 1, Divided: 0, SharedBuffersMebibytes: null), CancellationToken.None);
        await using var database = Database.Open(cluster.ConnectionString);
        return (desks[0].Key, new DayBills(await CatalogueStore.LatestOrEmbeddedAsync(database)).Next().Body());
    }

    private static async Task PayAsync(Uri server, string key, string body, string reference)
    {
        using var http = new HttpClient { BaseAddress = server };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await http.PutAsync(new Uri("/v1/payments/" + reference, UriKind.Relative), content);
        if (answer.StatusCode != HttpStatusCode.Created)
        {
            throw new InvalidOperationException(await answer.Content.ReadAsStringAsync());
        }
    }
}
