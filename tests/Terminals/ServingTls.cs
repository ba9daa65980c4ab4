using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EGovPay.Terminals;
using EGovPay.Tests.CommandLine;
using FluentAssertions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

// The servers here show certificates that nobody vouches for; which one is shown is what the tests look at.
#pragma warning disable CA5359

namespace EGovPay.Tests.Terminals;

/// <summary>HTTPS by the server itself.</summary>
public sealed class ServingTls(HttpCentre centre) : IClassFixture<HttpCentre>, IDisposable
{
    private readonly ScratchFolder folder = new();
    private readonly ManualTime time = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_certificate_is_replaced_while_it_serves_and_a_broken_one_leaves_the_one_before(bool pkcs12)
    {
        var (certificate, key) = Write("first", pkcs12);
        var served = ServerCertificate.Open(certificate, key, pkcs12 ? "p" : null, time, NullLogger.Instance);
        await using var node = await AnotherNode.StartAsync(centre, settings: new ServerSettings { Certificate = served });
        node.Address.Scheme.Should().Be("https");
        (await SubjectAsync(node.Address)).Should().Be("CN=first");

        using var open = Client(node.Address);
        (await open.LookAsync("/health/live")).Response.Headers.GetValues("Strict-Transport-Security").Single()
            .Should().StartWith("max-age=");
        Write("second", pkcs12);
        time.Move(TimeSpan.FromSeconds(2));
        (await SubjectAsync(node.Address)).Should().Be("CN=second");
        (await open.LookAsync("/health/live")).Status.Should().Be(HttpStatusCode.OK, "a connection that is open goes on");

        File.WriteAllText(certificate, "-----BEGIN nonsense");
        time.Move(TimeSpan.FromSeconds(2));
        (await SubjectAsync(node.Address)).Should().Be("CN=second");
        Write("third", pkcs12);
        time.Move(TimeSpan.FromSeconds(2));
        (await SubjectAsync(node.Address)).Should().Be("CN=third");
        using var paying = Client(node.Address);
        paying.DefaultRequestHeaders.Authorization = new("Bearer", centre.Key);
        (await paying.PayAsync(HttpCentre.Reference("tls"), HttpCentre.Payment())).Status.Should().Be(HttpStatusCode.Created);
    }

    [Fact]
    public void A_certificate_behind_a_link_that_is_swapped_whole_is_read_again()
    {
        // As Kubernetes mounts a secret: server.crt → ..data/server.crt, and ..data → a folder of the moment.
        foreach (var name in new[] { "first", "second" })
        {
            var (certificate, key) = Write(name, pkcs12: false);
            var moment = Directory.CreateDirectory(Path.Combine(folder.Path, name)).FullName;
            File.Move(certificate, Path.Combine(moment, "server.crt"));
            File.Move(key!, Path.Combine(moment, "server.key"));
        }

        var data = Path.Combine(folder.Path, "..data");
        Directory.CreateSymbolicLink(data, "first");
        var mounted = Path.Combine(folder.Path, "server.crt");
        File.CreateSymbolicLink(mounted, "..data/server.crt");
        File.CreateSymbolicLink(Path.Combine(folder.Path, "server.key"), "..data/server.key");
        var served = Open(mounted, Path.Combine(folder.Path, "server.key"));
        served.Current.TargetCertificate.Subject.Should().Be("CN=first");

        Directory.CreateSymbolicLink(Path.Combine(folder.Path, "..next"), "second");
        File.Delete(data);
        Directory.Move(Path.Combine(folder.Path, "..next"), data);
        time.Move(TimeSpan.FromSeconds(2));
        served.Current.TargetCertificate.Subject.Should().Be("CN=second");
    }

    [Fact]
    public void A_certificate_that_is_gone_is_said_once_and_a_new_one_is_read()
    {
        var (certificate, key) = Write("first", pkcs12: false);
        var heard = new CountedErrors();
        var served = ServerCertificate.Open(certificate, key, null, time, heard);
        File.Delete(certificate);
        for (var look = 0; look < 5; look++)
        {
            time.Move(TimeSpan.FromSeconds(2));
            served.Current.TargetCertificate.Subject.Should().Be("CN=first");
        }

        heard.Errors.Should().Be(1);
        Write("second", pkcs12: false);
        time.Move(TimeSpan.FromSeconds(2));
        served.Current.TargetCertificate.Subject.Should().Be("CN=second");
        heard.Errors.Should().Be(1);
    }

    [Fact]
    public async Task Nothing_older_than_TLS_1_2_and_nothing_in_clear_is_spoken()
    {
        var (certificate, key) = Write("modern", pkcs12: false);
        var served = ServerCertificate.Open(certificate, key, null, time, NullLogger.Instance);
        await using var node = await AnotherNode.StartAsync(centre, settings: new ServerSettings { Certificate = served });
#pragma warning disable CA5397, CA5398, SYSLIB0039 // What must not work is named.
        (await ProtocolAsync(node.Address, SslProtocols.Tls12)).Should().Be(SslProtocols.Tls12);
        (await ProtocolAsync(node.Address, SslProtocols.Tls13)).Should().Be(SslProtocols.Tls13);
        await FluentActions.Invoking(() => ProtocolAsync(node.Address, SslProtocols.Tls11)).Should().ThrowAsync<Exception>();
#pragma warning restore CA5397, CA5398, SYSLIB0039
        using var clear = new HttpClient { BaseAddress = new UriBuilder(node.Address) { Scheme = "http" }.Uri };
        await FluentActions.Invoking(() => clear.GetAsync(new Uri("/health/live", UriKind.Relative)))
            .Should().ThrowAsync<HttpRequestException>();
        (await centre.Client.LookAsync("/health/live")).Response.Headers.Contains("Strict-Transport-Security")
            .Should().BeFalse("it was asked in clear");
    }

    [Fact]
    public void What_is_no_certificate_with_its_key_is_refused_at_the_start()
    {
        var (certificate, key) = Write("good", pkcs12: false);
        var nonsense = folder.File("nonsense.pem", "nonsense");
        FluentActions.Invoking(() => Open(nonsense, null)).Should().Throw<CryptographicException>();
        FluentActions.Invoking(() => Open(certificate, null)).Should().Throw<CryptographicException>("there is no key in it");
        FluentActions.Invoking(() => Open(certificate, Path.Combine(folder.Path, "none"))).Should().Throw<IOException>();
        Open(certificate, key).Current.TargetCertificate.Subject.Should().Be("CN=good");
    }

    private ServerCertificate Open(string certificate, string? key) =>
        ServerCertificate.Open(certificate, key, null, time, NullLogger.Instance);

    private (string Certificate, string? Key) Write(string name, bool pkcs12)
    {
        using var pair = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var asked = new CertificateRequest("CN=" + name, pair, HashAlgorithmName.SHA256);
        using var made = asked.CreateSelfSigned(TimeProvider.System.GetUtcNow().AddDays(-1), TimeProvider.System.GetUtcNow().AddDays(1));
        var path = Path.Combine(folder.Path, "server.crt");
        if (pkcs12)
        {
            File.WriteAllBytes(path, made.Export(X509ContentType.Pkcs12, "p"));
            return (path, null);
        }

        File.WriteAllText(path, made.ExportCertificatePem());
        return (path, folder.File("server.key", pair.ExportPkcs8PrivateKeyPem()));
    }

    private static HttpClient Client(Uri address) => new(new SocketsHttpHandler
    {
        SslOptions = { RemoteCertificateValidationCallback = (_, _, _, _) => true },
    })
    {
        BaseAddress = address,
    };

    private static async Task<string> SubjectAsync(Uri address)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(address.Host, address.Port);
        await using var tls = new SslStream(socket.GetStream(), false, (_, _, _, _) => true);
        await tls.AuthenticateAsClientAsync("localhost");
        return tls.RemoteCertificate!.Subject;
    }

    private static async Task<SslProtocols> ProtocolAsync(Uri address, SslProtocols only)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(address.Host, address.Port);
        await using var tls = new SslStream(socket.GetStream(), false, (_, _, _, _) => true);
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "localhost", EnabledSslProtocols = only,
            CertificateChainPolicy = null, RemoteCertificateValidationCallback = null,
        });
        return tls.SslProtocol;
    }

    private sealed class CountedErrors : ILogger
    {
        public int Errors { get; private set; }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Errors += logLevel >= LogLevel.Error ? 1 : 0;
    }
}
