using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using EGovPay.Processing.Payments;
using EGovPay.Processing.Telling;
using EGovPay.Terminals.Telling;
using FluentAssertions;
using Microsoft.Extensions.Logging;
using Xunit;

namespace EGovPay.Tests.Telling;

/// <summary>E-mail over STARTTLS with a password, to a relay that does it really, and to relays that cheat.</summary>
public sealed class EncryptedMail : IAsyncLifetime
{
    private const string User = "odenis";
    private const string Password = "Gizli-söz 42, not for logs";

    private readonly MailServer relay = new() { Auth = "PLAIN LOGIN", Account = (User, Password) };
    private readonly KeptLines lines = new();
    private readonly X509Certificate2 authority = Authority();
    private TellingCentre centre = null!;

    private static DateTimeOffset Now => NodaTime.SystemClock.Instance.GetCurrentInstant().ToDateTimeOffset();

    public async ValueTask InitializeAsync() => centre = await TellingCentre.StartAsync(new PayerChannels(Email: true, Sms: false));

    public async ValueTask DisposeAsync()
    {
        await centre.DisposeAsync();
        await relay.DisposeAsync();
        relay.Certificate?.Dispose();
        authority.Dispose();
    }

    [Theory]
    [InlineData("PLAIN")]
    [InlineData("LOGIN")]
    [InlineData("CRAM-MD5 LOGIN PLAIN")]
    public async Task The_right_password_delivers_by_whatever_way_the_relay_offers_and_all_of_it_is_encrypted(string ways)
    {
        relay.Certificate = Certificate("localhost", authority);
        relay.Auth = ways;
        Tell(Relay());
        await PayAsync();
        var letter = await relay.NextAsync();
        letter.Subject.Should().StartWith("Ödənişiniz çatdı");
        letter.Header("Date").Should().EndWith("+0000");
        DateTimeOffset.Parse(letter.Header("Date")!, System.Globalization.CultureInfo.InvariantCulture)
            .Should().BeCloseTo(Now, TimeSpan.FromMinutes(5));
        relay.Said.Where(one => !one.Encrypted).Select(one => one.Line.Split(' ')[0]).Should().Equal("EHLO", "STARTTLS");
        await centre.UntilAsync("select count(*) from told where receiver = -1", 1);
    }

    [Fact]
    public async Task A_wrong_password_is_tried_again_for_a_day_then_a_dead_letter_that_says_why_and_the_right_one_mends_it()
    {
        relay.Certificate = Certificate("localhost", authority);
        relay.Account = (User, "changed meanwhile");
        Tell(Relay());
        await PayAsync();
        const string why = "the relay does not take our user and password: SMTP 535";
        for (var attempt = 1; attempt <= RetrySchedule.Attempts; attempt++)
        {
            await centre.UntilAsync($"select count(*) from delivery where attempts = {attempt} and note = '{why}'", 1, 60);
            var last = attempt == RetrySchedule.Attempts;
            (await centre.Database.AskAsync<long>($"select count(*) from delivery where dead_at is {(last ? "not " : "")}null")).Should().Be(1);
            if (!last)
            {
                await centre.Database.ExecuteAsync("update delivery set next_at = now(), note = null");
            }
        }

        (await centre.Engine.Deliveries.DeadAsync(10)).Should().ContainSingle().Which.Note.Should().Be(why);
        relay.Letters.Should().BeEmpty();
        relay.Said.Should().NotContain(one => one.Line.StartsWith("MAIL"), "who is not let in says nothing more");
        NothingOfThePasswordIsIn(lines.All);
        lines.All.Should().Contain(line => line.Contains(why), "the dead letter is logged with its reason");

        relay.Account = (User, Password);
        (await centre.Engine.Deliveries.ResendAllAsync(TestPeople.Doer, null, 10)).Should().Be(1);
        (await relay.NextAsync()).Subject.Should().StartWith("Ödənişiniz çatdı");
    }

    [Fact]
    public async Task A_relay_that_offers_no_STARTTLS_gets_nothing_in_clear()
    {
        Tell(Relay());
        await PayAsync();
        await RefusedAsync("the relay offers no STARTTLS, and nothing goes in clear", "EHLO");
    }

    [Fact]
    public async Task A_relay_that_offers_STARTTLS_and_then_refuses_it_gets_nothing_in_clear()
    {
        relay.Certificate = Certificate("localhost", authority);
        relay.Answer = line => line == "STARTTLS" ? "454 not now" : null;
        Tell(Relay());
        await PayAsync();
        await RefusedAsync("the relay does not begin TLS: SMTP 454", "EHLO", "STARTTLS");
    }

    [Fact]
    public async Task What_somebody_put_into_the_line_before_TLS_is_not_taken_for_the_relays_word()
    {
        relay.Certificate = Certificate("localhost", authority);
        relay.PutIn = "250-relay\r\n250 AUTH PLAIN";
        Tell(Relay());
        await PayAsync();
        await RefusedAsync("the relay spoke in clear after STARTTLS", "EHLO", "STARTTLS");
    }

    [Fact]
    public async Task A_certificate_that_nobody_vouches_for_is_refused_before_a_word_is_said()
    {
        using var stranger = Authority();
        relay.Certificate = Certificate("localhost", stranger);
        Tell(Relay());
        await PayAsync();
        await RefusedAsync("the relay''s certificate is not trusted", "EHLO", "STARTTLS");
    }

    [Fact]
    public async Task Without_authorities_of_its_own_the_machines_are_asked_and_do_not_know_it()
    {
        relay.Certificate = Certificate("localhost", authority);
        Tell(Relay() with { Authorities = null });
        await PayAsync();
        await RefusedAsync("the relay''s certificate is not trusted", "EHLO", "STARTTLS");
    }

    [Fact]
    public async Task A_certificate_for_another_name_and_one_that_has_ended_are_refused()
    {
        relay.Certificate = Certificate("mail.example", authority);
        Tell(Relay());
        await PayAsync();
        await RefusedAsync("the relay''s certificate is for another name", "EHLO", "STARTTLS");
        relay.Certificate = Certificate("localhost", authority, ended: true);
        await centre.Database.ExecuteAsync("update delivery set next_at = now()");
        await centre.UntilAsync("select count(*) from delivery where attempts = 2 and note = 'the relay''s certificate is not trusted'", 1);
        relay.Letters.Should().BeEmpty();
    }

    [Fact]
    public async Task A_relay_that_offers_no_way_we_know_gets_neither_password_nor_letter()
    {
        relay.Certificate = Certificate("localhost", authority);
        relay.Auth = "CRAM-MD5 XOAUTH2";
        Tell(Relay());
        await PayAsync();
        await RefusedAsync("the relay offers neither AUTH PLAIN nor LOGIN", "EHLO", "STARTTLS");
        relay.Said.Count(one => one.Encrypted).Should().Be(1, "it said who it is, and no more");
    }

    [Fact]
    public async Task A_password_is_never_sent_where_nothing_is_encrypted()
    {
        Tell(Relay() with { StartTls = false });
        await PayAsync();
        await RefusedAsync("a password is not sent in clear", "EHLO");
    }

    [Theory]
    [InlineData("HTTP/1.1 400 Bad Request")]
    [InlineData("250")]
    [InlineData("999 what")]
    [InlineData("+++ what")]
    public async Task What_is_no_SMTP_or_not_what_was_asked_is_an_ill_relay(string answer)
    {
        relay.Certificate = Certificate("localhost", authority);
        relay.Answer = line => line == "DATA" ? answer : null;
        Tell(Relay());
        await PayAsync();
        var note = answer == "250" ? "SMTP 250" : "the relay broke off";
        await centre.UntilAsync($"select count(*) from delivery where attempts = 1 and note = '{note}'", 1);
        relay.Letters.Should().BeEmpty();
    }

    [Fact]
    public void A_relay_does_not_print_its_password() => $"{Relay()}".Should().NotContain(Password).And.NotContain(User);

    private async Task RefusedAsync(string why, params string[] inClear)
    {
        await centre.UntilAsync($"select count(*) from delivery where attempts = 1 and dead_at is null and note = '{why}'", 1);
        relay.Said.Where(one => !one.Encrypted).Select(one => one.Line.Split(' ')[0]).Should().Equal(inClear);
        relay.Letters.Should().BeEmpty();
        NothingOfThePasswordIsIn(relay.Said.Select(one => one.Line));
        NothingOfThePasswordIsIn(lines.All);
    }

    private static void NothingOfThePasswordIsIn(IEnumerable<string> text)
    {
        var coded = Convert.ToBase64String(Encoding.UTF8.GetBytes(Password));
        var plain = Convert.ToBase64String(Encoding.UTF8.GetBytes($"\0{User}\0{Password}"));
        text.Should().NotContain(line => line.Contains(Password) || line.Contains(coded) || line.Contains(plain));
    }

    private MailRelay Relay() => new(
        "localhost", relay.Port, StartTls: true, User, Password, "odenis@egovpay.example",
        new X509Certificate2Collection(X509CertificateLoader.LoadCertificate(authority.Export(X509ContentType.Cert))));

    private void Tell(MailRelay to) => centre.Tell(
        new TellingSettings { Mail = to, AttemptTimeout = TimeSpan.FromSeconds(5), LongestPause = TimeSpan.FromMilliseconds(200) }, lines);

    private Task<Payment> PayAsync() => centre.PayAsync("P-1", contact: new Contact("aysel@posta.example", null, "az"));

    private static X509Certificate2 Authority()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN=Authority {Guid.NewGuid():N}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request.CreateSelfSigned(Now.AddDays(-20), Now.AddDays(20));
    }

    private static X509Certificate2 Certificate(string name, X509Certificate2 by, bool ended = false)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        using var signed = request.Create(
            by, Now.AddDays(-10), Now.AddDays(ended ? -1 : 10), RandomNumberGenerator.GetBytes(8));
        using var whole = signed.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(whole.Export(X509ContentType.Pkcs12), null);
    }
}

/// <summary>Every line of a log, of every level, with its exceptions.</summary>
internal sealed class KeptLines : ILogger<TellEveryone>
{
    private readonly ConcurrentQueue<string> lines = new();

    public IReadOnlyList<string> All => [.. lines];

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        lines.Enqueue($"{logLevel} {eventId.Id} {formatter(state, exception)} {exception}");
}
