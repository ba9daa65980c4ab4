using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EGovPay.Tests.CommandLine;
using EGovPay.Tests.PostgreSql;
using FluentAssertions;
using Xunit;

// The server here shows a certificate that nobody vouches for; its end is what the test looks at.
#pragma warning disable CA5359

namespace EGovPay.Tests.Observing;

/// <summary>`serve` as a process with TLS, scraped at its `/metrics`.</summary>
public sealed class WatchingTheServer(TestDatabase database) : IClassFixture<TestDatabase>, IDisposable
{
    private const int Day = 86_400;

    private readonly ScratchFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Metrics_show_when_the_servers_certificate_ends_also_of_one_put_in_its_place_and_who_is_locked_out()
    {
        var metrics = Free();
        var (certificate, key) = Write(days: 2);
        var variables = new Dictionary<string, string>
        {
            ["EGOVPAY_DATABASE"] = database.ConnectionString,
            ["EGOVPAY_TLS_CERTIFICATE"] = certificate,
            ["EGOVPAY_TLS_KEY"] = key,
            ["EGOVPAY_METRICS"] = metrics.GetLeftPart(UriPartial.Authority),
        };
        await using var server = RunningProgram.Start(folder.Path, variables, "serve", "--listen", "https://127.0.0.1:0");
        var line = await server.LineAsync("listens on");
        using var http = new HttpClient(new SocketsHttpHandler
        {
            SslOptions = { RemoteCertificateValidationCallback = (_, _, _, _) => true },
        })
        {
            BaseAddress = new Uri(line[(line.LastIndexOf(' ') + 1)..]),
        };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "no-such-key-0123456789");

        (await FigureAsync(metrics, "egovpay_certificate_remaining_seconds", "server")).Should().BeInRange(1.9 * Day, 2 * Day);
        (await FigureAsync(metrics, "egovpay_lockouts_active", "key")).Should().Be(0);
        (await FigureAsync(metrics, "egovpay_lockouts_total", "key")).Should().Be(0, "an alarm sees only what grows from there");

        var refused = 0;
        for (var attempt = 0; attempt < 40 && refused == 0; attempt++)
        {
            using var answer = await http.GetAsync(new Uri("/v1/account", UriKind.Relative));
            refused += answer.StatusCode == HttpStatusCode.TooManyRequests ? 1 : 0;
            if (refused == 0 && await FigureAsync(metrics, "egovpay_lockouts_total", "key") is var began and > 0)
            {
                // Looked at within the first second of the wait, or one of the longer ones after it.
                (await FigureAsync(metrics, "egovpay_lockouts_active", "key")).Should().BeInRange(0, 1);
                attempt.Should().BeGreaterThanOrEqualTo(10, "ten cost nothing, {0} were counted", began);
            }
        }

        refused.Should().Be(1);
        (await FigureAsync(metrics, "egovpay_lockouts_total", "key")).Should().BeGreaterThan(0);
        (await FigureAsync(metrics, "egovpay_lockouts_total", "signature")).Should().Be(0);

        Write(days: 20);
        var since = TimeProvider.System.GetTimestamp();
        while (await FigureAsync(metrics, "egovpay_certificate_remaining_seconds", "server") < 19 * Day)
        {
            TimeProvider.System.GetElapsedTime(since).TotalSeconds.Should().BeLessThan(20, "nobody need connect for the gauge to see the new one");
            await Task.Delay(200);
        }
    }

    private static async Task<double> FigureAsync(Uri metrics, string name, string tag)
    {
        using var http = new HttpClient { BaseAddress = metrics };
        var text = await http.GetStringAsync(new Uri("/metrics", UriKind.Relative));
        var shown = text.Split('\n').Where(line => line.StartsWith(name + "{", StringComparison.Ordinal)
            && line.Contains($"\"{tag}\"", StringComparison.Ordinal)).Should().ContainSingle($"{name} of {tag} is shown").Subject;
        return double.Parse(shown[(shown.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture);
    }

    private static Uri Free()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return new Uri($"http://127.0.0.1:{((IPEndPoint)probe.LocalEndpoint).Port}");
    }

    private (string Certificate, string Key) Write(int days)
    {
        using var pair = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var now = TimeProvider.System.GetUtcNow();
        using var made = new CertificateRequest("CN=localhost", pair, HashAlgorithmName.SHA256).CreateSelfSigned(now.AddDays(-1), now.AddDays(days));
        return (folder.File("server.crt", made.ExportCertificatePem()), folder.File("server.key", pair.ExportPkcs8PrivateKeyPem()));
    }
}
