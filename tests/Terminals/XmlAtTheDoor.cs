using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Xml.Linq;
using EGovPay.Tests.CommandLine;
using EGovPay.Tests.Providers;
using EGovPay.Tests.Providers.Osmp;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.Terminals;

/// <summary>`/osmp` takes parameters and no XML: an attack in XML is a malformed request, whatever it is called, and leads nowhere.</summary>
public sealed class XmlAtTheDoor(HttpCentre centre) : IClassFixture<HttpCentre>, IDisposable
{
    private readonly ScratchFolder folder = new();

    public void Dispose() => folder.Dispose();

    public static TheoryData<string, string> Attacks()
    {
        var all = new TheoryData<string, string>();
        foreach (var name in XmlAttacks.Refused.Keys)
        {
            all.Add(name, "text/xml; charset=utf-8");
            all.Add(name, "application/x-www-form-urlencoded");
        }

        return all;
    }

    [Theory]
    [MemberData(nameof(Attacks))]
    public async Task An_attack_as_a_body_is_malformed_and_nothing_is_read_or_asked_for_it(string name, string type)
    {
        await using var bait = RawServer.AnsweringXml("0");
        var body = XmlAttacks.Refused[name].Replace("{0}", bait.Address.AbsoluteUri, StringComparison.Ordinal)
            .Replace("{1}", folder.File("secret", "TOP-SECRET"), StringComparison.Ordinal);
        await RefusedAsync(Encoding.UTF8.GetBytes(body), type);
        bait.Connections.Should().Be(0);
    }

    [Theory]
    [InlineData("<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/hostname\">]>&x;")]
    [InlineData("]]><result>0</result>")]
    [InlineData("\"/><result>0</result><!--")]
    [InlineData("&#0;&lt;")]
    public async Task A_parameter_stays_text_in_the_answer(string value)
    {
        foreach (var name in new[] { "account", "txn_id", "prv_id", "command", "sum" })
        {
            var parameters = new Dictionary<string, string>
            {
                ["command"] = "check", ["txn_id"] = "1", ["account"] = "012345678901234", ["sum"] = "1.00", ["prv_id"] = "10101",
            };
            parameters[name] = value;
            using var client = Client();
            using var form = new FormUrlEncodedContent(parameters);
            var answer = await client.PostAsync(new Uri("/osmp", UriKind.Relative), form);
            answer.StatusCode.Should().Be(HttpStatusCode.OK);
            var xml = XDocument.Parse(await answer.Content.ReadAsStringAsync());
            ((string)xml.Root!.Element("result")!).Should().NotBe("0", name);
            xml.Root.Elements("result").Should().ContainSingle();
            xml.DocumentType.Should().BeNull();
        }
    }

    private async Task RefusedAsync(byte[] body, string type)
    {
        var payments = await centre.Database.AskAsync<long>("select count(*) from payment");
        using var client = Client();
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        var began = Stopwatch.GetTimestamp();
        var answer = await client.PostAsync(new Uri("/osmp", UriKind.Relative), content);
        Stopwatch.GetElapsedTime(began).Should().BeLessThan(TimeSpan.FromSeconds(5));
        var text = await answer.Content.ReadAsStringAsync();
        text.Should().NotContain("TOP-SECRET").And.NotContain("lollol").And.NotContain("DOCTYPE");
        text.Length.Should().BeLessThan(1_000);
        ((string)XDocument.Parse(text).Root!.Element("result")!).Should().Be("300");
        (await centre.Database.AskAsync<long>("select count(*) from payment")).Should().Be(payments);
    }

    /// <summary>Basic, as terminal software shows its key.</summary>
    private HttpClient Client()
    {
        var client = centre.ClientOf(null);
        client.Timeout = TimeSpan.FromSeconds(20);
        var terminal = centre.Engine.Directory.FindKnown(centre.Key, centre.Engine.Clock.GetCurrentInstant())!;
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
            "Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{terminal.TerminalCode}:{centre.Key}")));
        return client;
    }
}
