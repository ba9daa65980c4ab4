using System.Net;
using System.Text;
using EGovPay.Terminals.Telling;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.Telling;

public sealed class SmallParts
{
    [Fact]
    public void A_signature_is_that_of_the_conventions_published_example()
    {
        var key = Convert.FromBase64String("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        SignWebhook.Sign([key], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, Encoding.UTF8.GetBytes("{\"test\": 2432232314}"))
            .Should().Be("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    [Theory]
    [InlineData("https://bank.example/hook", true)]
    [InlineData("https://bank.example:8443/hook?a=b", true)]
    [InlineData("http://127.0.0.1:9000/", true)]
    [InlineData("http://localhost/x", true)]
    [InlineData("http://[::1]:9000/", true)]
    [InlineData("http://bank.example/hook", false)]
    [InlineData("http://8.8.8.8/", false)]
    [InlineData("ftp://bank.example/", false)]
    [InlineData("file:///etc/passwd", false)]
    [InlineData("https://user:secret@bank.example/", false)]
    [InlineData("https://bank.example/#x", false)]
    [InlineData("https://10.1.2.3/", false)]
    [InlineData("https://192.168.1.1/", false)]
    [InlineData("https://169.254.169.254/latest/meta-data", false)]
    [InlineData("https://[fe80::1]/", false)]
    [InlineData("https://[::ffff:10.0.0.1]/", false)]
    [InlineData("https://0.0.0.0/", false)]
    [InlineData("https://[64:ff9b::a00:1]/", false)]
    [InlineData("https://[2002:a00:1::1]/", false)]
    [InlineData("https://93.184.216.34/", true)]
    [InlineData("https://[2606:2800:220:1::1]/", true)]
    public void An_address_is_allowed_or_not(string url, bool allowed) =>
        (new AllowedTargets().Fault(new Uri(url)) is null).Should().Be(allowed);

    [Fact]
    public void Private_networks_are_allowed_by_name_and_the_machines_metadata_never()
    {
        var targets = new AllowedTargets(plainHttp: true, [IPNetwork.Parse("10.20.0.0/16"), IPNetwork.Parse("169.254.0.0/16")]);
        targets.Allows(IPAddress.Parse("10.20.3.4")).Should().BeTrue();
        targets.Allows(IPAddress.Parse("10.21.0.1")).Should().BeFalse();
        targets.Allows(IPAddress.Parse("169.254.169.254")).Should().BeFalse("naming it does not help");
        targets.Allows(IPAddress.Parse("93.184.216.34")).Should().BeTrue();
        targets.Fault(new Uri("http://bank.example/")).Should().BeNull("plain http was allowed");
    }

    [Theory]
    [InlineData("a@b.az", true)]
    [InlineData("aysel.m+x@posta.example", true)]
    [InlineData("a@localhost", true)]
    [InlineData("", false)]
    [InlineData("@b.az", false)]
    [InlineData("a@", false)]
    [InlineData("a@b@c", false)]
    [InlineData("a b@c.az", false)]
    [InlineData("a@b.az\r\nBcc: x@y.az", false)]
    [InlineData("a@b.az>,<x@y.az", false)]
    [InlineData("\"a\"@b.az", false)]
    [InlineData("Ad <a@b.az>", false)]
    [InlineData("a..b@c.az", false)]
    [InlineData(".a@c.az", false)]
    [InlineData("a@.c", false)]
    [InlineData("a@c.", false)]
    [InlineData("ə@c.az", false)]
    public void Only_an_address_that_may_stand_in_a_header_gets_mail(string text, bool address) =>
        SendMail.IsAddress(text).Should().Be(address);

    [Theory]
    [InlineData("+994501234567", "+994501234567")]
    [InlineData("994501234567", "+994501234567")]
    [InlineData("050 123-45-67", "+994501234567")]
    [InlineData("(050) 1234567", "+994501234567")]
    [InlineData("501234567", "+994501234567")]
    [InlineData("+7 (912) 345-67-89", "+79123456789")]
    [InlineData("00994501234567", null)]
    [InlineData("+0501234567", null)]
    [InlineData("12345", null)]
    [InlineData("", null)]
    [InlineData("+", null)]
    [InlineData("050+1234567", null)]
    [InlineData("+994+501234567", null)]
    public void A_number_is_read_with_its_country(string typed, string? number) =>
        SendSms.International(typed).Should().Be(number);

    [Fact]
    public void A_receiver_that_keeps_failing_gets_one_attempt_and_then_a_pause()
    {
        var window = new Window(16, TimeSpan.FromMinutes(1));
        for (var i = 0; i < 5; i++)
        {
            window.Room.Should().Be(16);
            window.Begin();
            window.Room.Should().Be(15);
            window.End(false);
        }

        window.Room.Should().Be(0, "it is ill: a pause comes first");
        window.Begin();
        window.End(true);
        window.Room.Should().Be(16, "it took one");
    }
}
