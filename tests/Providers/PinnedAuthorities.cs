using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Dispatch;
using EGovPay.Providers;
using EGovPay.Providers.Osmp;
using EGovPay.Providers.Register;
using EGovPay.Terminals.CommandLine;
using EGovPay.Tests.CommandLine;
using FluentAssertions;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;
using Xunit;

namespace EGovPay.Tests.Providers;

/// <summary>Providers over real TLS, by the authority that we trust for them and no other.</summary>
public sealed class PinnedAuthorities : IDisposable
{
    private readonly ScratchFolder folder = new();
    private readonly X509Certificate2 ours = Authority("CN=our authority");
    private readonly X509Certificate2 another = Authority("CN=another authority");

    public void Dispose()
    {
        ours.Dispose();
        another.Dispose();
        folder.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_certificate_of_the_authority_is_good_and_the_payment_is_delivered(bool byGet)
    {
        await using var provider = await TlsProvider.StartAsync(Issue(ours, "127.0.0.1"));
        using var connect = Connect(Pinned(ours, byGet));
        var adapter = connect.Connect([At(provider)])["tls"];

        (await adapter.PayAsync(SimulatedProviders.Delivery(1, "1"), CancellationToken.None)).Result.Should().Be(DeliveryResult.Confirmed);
        provider.Requests.Should().Be(1);
    }

    public static TheoryData<string, bool> Wrong()
    {
        var all = new TheoryData<string, bool>();
        foreach (var what in new[] { "another authority", "expired", "not yet", "wrong name", "self-made", "for clients only" })
        {
            all.Add(what, false);
            all.Add(what, true);
        }

        return all;
    }

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task Any_other_certificate_is_refused_before_anything_is_sent(string what, bool byGet)
    {
        var now = Now;
        using var shown = what switch
        {
            "another authority" => Issue(another, "127.0.0.1"),
            "expired" => Issue(ours, "127.0.0.1", now.AddDays(-30), now.AddMinutes(-5)),
            "not yet" => Issue(ours, "127.0.0.1", now.AddDays(1), now.AddDays(2)),
            "wrong name" => Issue(ours, "127.0.0.2"),
            "for clients only" => Issue(ours, "127.0.0.1", usage: "1.3.6.1.5.5.7.3.2"),
            _ => Issue(null, "127.0.0.1"),
        };
        await using var provider = await TlsProvider.StartAsync(shown);
        using var connect = Connect(Pinned(ours, byGet));
        var adapter = connect.Connect([At(provider)])["tls"];

        var paid = await adapter.PayAsync(SimulatedProviders.Delivery(1, "1"), CancellationToken.None);

        paid.Result.Should().Be(DeliveryResult.NotSent, "the handshake comes before the first byte");
        (await adapter.AskAsync(SimulatedProviders.Delivery(1, "1"), CancellationToken.None)).Result
            .Should().NotBe(DeliveryResult.Confirmed).And.NotBe(DeliveryResult.Declined);
        (await adapter.InquireAsync(SimulatedProviders.Question(2, "1"), CancellationToken.None)).Result.Should().Be(InquiryResult.Unavailable);
        provider.Requests.Should().Be(0);
    }

    [Fact]
    public async Task Without_authorities_of_its_own_a_provider_is_trusted_only_as_far_as_the_machine_does()
    {
        await using var provider = await TlsProvider.StartAsync(Issue(ours, "127.0.0.1"));
        using var connect = Connect(ProviderAccess.None);

        (await connect.Connect([At(provider)])["tls"].PayAsync(SimulatedProviders.Delivery(1, "1"), CancellationToken.None)).Result
            .Should().Be(DeliveryResult.NotSent);
        provider.Requests.Should().Be(0);
    }

    [Fact]
    public async Task A_provider_that_wants_to_know_us_gets_our_certificate_and_serves_nobody_without()
    {
        await using var provider = await TlsProvider.StartAsync(Issue(ours, "127.0.0.1"), wantsClient: ours);
        var file = Path.Combine(folder.Path, "we.p12");
        using var we = Issue(ours, "we", usage: "1.3.6.1.5.5.7.3.2");
        await File.WriteAllBytesAsync(file, we.Export(X509ContentType.Pkcs12, "p"));
        using var known = Connect(Pinned(ours, byGet: false) with { CertificateFile = file, CertificatePassword = "p" });
        (await known.Connect([At(provider)])["tls"].PayAsync(SimulatedProviders.Delivery(1, "1"), CancellationToken.None)).Result
            .Should().Be(DeliveryResult.Confirmed);

        using var unknown = Connect(Pinned(ours, byGet: false));
        (await unknown.Connect([At(provider)])["tls"].PayAsync(SimulatedProviders.Delivery(2, "1"), CancellationToken.None)).Result
            .Should().BeOneOf([DeliveryResult.Silent, DeliveryResult.NotSent], "it may refuse us when the handshake is over on our side");
        provider.Requests.Should().Be(1);
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("")]
    [InlineData(null)]
    public async Task A_provider_whose_authorities_cannot_be_read_is_not_reached_at_all(string? content)
    {
        await using var provider = await TlsProvider.StartAsync(Issue(ours, "127.0.0.1"));
        var file = Path.Combine(folder.Path, "ca.pem");
        if (content is not null)
        {
            await File.WriteAllTextAsync(file, content);
        }

        using var connect = Connect(new ProviderAccess { AuthorityFile = file });
        (await connect.Connect([At(provider)])["tls"].PayAsync(SimulatedProviders.Delivery(1, "1"), CancellationToken.None)).Result
            .Should().Be(DeliveryResult.NotSent);
        provider.Requests.Should().Be(0);
    }

    [Fact]
    public async Task With_authorities_set_nothing_goes_in_clear()
    {
        await using var simulated = await SimulatedProviders.StartAsync();
        using var connect = new ConnectProviders(
            simulated.Simulator.Address, _ => Pinned(ours, byGet: false), SystemClock.Instance, NullLoggerFactory.Instance);
        var adapter = connect.Connect([SimulatedProviders.Electricity])["azerishiq"];

        (await adapter.PayAsync(SimulatedProviders.Delivery(1, "1"), CancellationToken.None)).Result.Should().Be(DeliveryResult.NotSent);
        (await simulated.CreditedAsync(1)).Should().Be(0);
    }

    [Fact]
    public void One_file_of_authorities_is_for_all_providers_but_those_with_their_own()
    {
        var all = folder.File("all.pem", ours.ExportCertificatePem());
        var access = ReadAccess.From(folder.File("access.json", """{"azerishiq":{"authorityFile":"own.pem"}}"""), all);

        access(SimulatedProviders.Electricity).AuthorityFile.Should().Be(Path.Combine(folder.Path, "own.pem"));
        access(SimulatedProviders.Gas).AuthorityFile.Should().Be(all);
        ReadAccess.From(null, all)(SimulatedProviders.Migration).Key.Should().NotBeNull("the simulator's published one");
        FluentActions.Invoking(() => ReadAccess.From(null, all + ".missing")).Should().Throw<CommandException>();
    }

    [Fact]
    public async Task A_register_is_handed_over_only_to_a_receiver_of_the_authority()
    {
        await using var good = await TlsProvider.StartAsync(Issue(ours, "127.0.0.1"));
        await using var bad = await TlsProvider.StartAsync(Issue(another, "127.0.0.1"));
        var registers = new RegisterFolder(Path.Combine(folder.Path, "registers"));
        var receiver = SimulatedProviders.Provider(5, "istilik", "register", "/in", deduplicatesFirst: false);
        await WriteRegister.RunAsync(
            registers, new RegisterOf("istilik", "C4", new LocalDate(2026, 11, 23), "Asia/Baku", RegisterForm.Tab), NoLines(),
            CancellationToken.None);
        foreach (var (provider, times) in new[] { (bad, 0), (good, 1) })
        {
            using var handOver = new HandOverRegister(provider.Address, registers, NullLogger.Instance, _ => Pinned(ours, byGet: false));
            await handOver.RunAsync(receiver, CancellationToken.None);
            provider.Requests.Should().Be(times);
        }

        using var clear = new HandOverRegister(
            new Uri("http://127.0.0.1:9"), registers, NullLogger.Instance, _ => Pinned(ours, byGet: false));
        (await clear.RunAsync(receiver, CancellationToken.None)).Should().Be(0);
    }

    private static DateTimeOffset Now => SystemClock.Instance.GetCurrentInstant().ToDateTimeOffset();

    private static async IAsyncEnumerable<RegisterLine> NoLines()
    {
        await Task.CompletedTask;
        yield break;
    }

    private static ConnectProviders Connect(ProviderAccess access) =>
        new(null, _ => access, SystemClock.Instance, NullLoggerFactory.Instance);

    private static ProviderSettings At(TlsProvider provider) => SimulatedProviders.Provider(
        1, "tls", "osmp", provider.Address.AbsoluteUri + "osmp", deduplicatesFirst: true);

    private ProviderAccess Pinned(X509Certificate2 authority, bool byGet) => new()
    {
        AuthorityFile = folder.File("ca.pem", authority.ExportCertificatePem()),
        Osmp = new OsmpDialect { ByGet = byGet },
    };

    private static X509Certificate2 Authority(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request.CreateSelfSigned(Now.AddYears(-1), Now.AddYears(1));
    }

    /// <summary>A certificate for an address or a name; without an authority it signs itself.</summary>
    private static X509Certificate2 Issue(
        X509Certificate2? authority, string name, DateTimeOffset? from = null, DateTimeOffset? to = null,
        string usage = "1.3.6.1.5.5.7.3.1")
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=" + name, key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        if (IPAddress.TryParse(name, out var address))
        {
            names.AddIpAddress(address);
        }
        else
        {
            names.AddDnsName(name);
        }

        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], false));
        var (first, last) = (from ?? Now.AddHours(-1), to ?? Now.AddDays(1));
        if (authority is null)
        {
            return Whole(request.CreateSelfSigned(first, last));
        }

        using var issued = request.Create(authority, first, last, RandomNumberGenerator.GetBytes(8));
        return Whole(issued.CopyWithPrivateKey(key));
    }

    /// <summary>TLS wants a key that was loaded with its certificate.</summary>
    private static X509Certificate2 Whole(X509Certificate2 certificate)
    {
        using (certificate)
        {
            return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
        }
    }
}
