using System.Globalization;
using System.Diagnostics;
using System.Text;
using EGovPay.Processing.Dispatch;
using EGovPay.Providers;
using EGovPay.Providers.Osmp;
using EGovPay.Tests.CommandLine;
using FluentAssertions;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;
using Xunit;
using static EGovPay.Tests.Providers.SimulatedProviders;

namespace EGovPay.Tests.Providers.Osmp;

/// <summary>
/// What an attacker who answers in a provider's place may put into XML: nothing outside the body is read, nothing is made larger than
/// it came, and what cannot be read in one way is silence, not a confirmation.
/// </summary>
public sealed class XmlAttacks : IDisposable
{
    private const string Head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>";
    private const string Told = "<osmp_txn_id>1</osmp_txn_id><prv_txn>7</prv_txn><sum>10.45</sum>";
    private const long MostBytes = 24_000_000;

    private readonly ScratchFolder folder = new();

    public void Dispose() => folder.Dispose();

    /// <summary>Bodies in which {0} is an address that nobody may ask and {1} a file that nobody may read.</summary>
    internal static readonly Dictionary<string, string> Refused = new(StringComparer.Ordinal)
    {
        ["a document type"] = $"{Head}<!DOCTYPE response><response>{Told}<result>0</result></response>",
        ["an internal entity"] = $"{Head}<!DOCTYPE response [<!ENTITY ok \"0\">]><response>{Told}<result>&ok;</result></response>",
        ["an external entity of a file"] =
            $"{Head}<!DOCTYPE response [<!ENTITY ok SYSTEM \"file://{{1}}\">]><response>{Told}<result>0</result><comment>&ok;</comment></response>",
        ["an external entity of an address"] =
            $"{Head}<!DOCTYPE response [<!ENTITY ok SYSTEM \"{{0}}\">]><response>{Told}<result>&ok;</result></response>",
        ["an external subset"] = $"{Head}<!DOCTYPE response SYSTEM \"{{0}}\"><response>{Told}<result>0</result></response>",
        ["a parameter entity"] =
            $"{Head}<!DOCTYPE response [<!ENTITY % all SYSTEM \"{{0}}\"> %all;]><response>{Told}<result>0</result></response>",
        ["a billion laughs"] = Laughs(),
        ["one long entity again and again"] =
            $"{Head}<!DOCTYPE response [<!ENTITY a \"{new string('a', 20_000)}\">]><response>{Told}<result>0</result><comment>"
            + string.Concat(Enumerable.Repeat("&a;", 10_000)) + "</comment></response>",
        ["an inclusion for a result"] = $"{Head}<response xmlns:xi=\"http://www.w3.org/2001/XInclude\">{Told}"
            + "<result><xi:include href=\"{0}\" parse=\"text\"/></result></response>",
        ["elements in each other without an end"] = $"{Head}<response>{Told}" + string.Concat(Enumerable.Repeat("<a>", 20_000)),
        ["a NUL in the result"] = $"{Head}<response>{Told}<result>0\0</result></response>",
        ["a NUL as a reference"] = $"{Head}<response>{Told}<result>0&#0;</result></response>",
        ["a NUL in the comment"] = $"{Head}<response>{Told}<result>0</result><comment>a\0b</comment></response>",
        ["a NUL in a name"] = $"{Head}<response>{Told}<res\0ult>0</res\0ult></response>",
        ["two results"] = $"{Head}<response>{Told}<result>0</result><result>5</result></response>",
        ["two results, one of another namespace"] =
            $"{Head}<response xmlns:x=\"x\">{Told}<x:result>0</x:result><result>5</result></response>",
        ["two documents"] = $"{Head}<response>{Told}<result>0</result></response><response>{Told}<result>5</result></response>",
        ["an attribute without an end"] = $"{Head}<response a=\"{new string('a', 60_000)}",
    };

    public static TheoryData<string> RefusedNames() => new(Refused.Keys);

    [Theory]
    [MemberData(nameof(RefusedNames))]
    public async Task An_attack_is_silence_and_nothing_is_fetched_for_it(string name)
    {
        await using var bait = RawServer.AnsweringXml("0");
        await PaysNothingAsync(Encoding.UTF8.GetBytes(Body(name, bait)), "text/xml; charset=utf-8");
        bait.Connections.Should().Be(0);
    }

    public static TheoryData<string> Encodings() =>
        new("UTF-16LE said to be UTF-8", "UTF-16BE said to be UTF-8", "UTF-16LE with its mark", "UTF-32 said to be UTF-8", "UTF-7", "UTF-7 by the header");

    [Theory]
    [MemberData(nameof(Encodings))]
    public async Task A_body_that_lies_about_its_encoding_is_silence(string name)
    {
        var good = $"{Head}<response>{Told}<result>0</result></response>";
#pragma warning disable SYSLIB0001 // An attacker's encoding.
        var seven = Encoding.UTF7.GetBytes(good.Replace("UTF-8", "UTF-7", StringComparison.Ordinal));
#pragma warning restore SYSLIB0001
        var body = name switch
        {
            "UTF-16LE said to be UTF-8" => Encoding.Unicode.GetBytes(good),
            "UTF-16BE said to be UTF-8" => Encoding.BigEndianUnicode.GetBytes(good),
            "UTF-16LE with its mark" => [.. Encoding.Unicode.Preamble, .. Encoding.Unicode.GetBytes(good)],
            "UTF-32 said to be UTF-8" => Encoding.UTF32.GetBytes(good),
            _ => [.. "+ADw"u8, .. seven],
        };
        await PaysNothingAsync(body, name == "UTF-7 by the header" ? "text/xml; charset=utf-7" : "text/xml; charset=utf-8");
    }

    /// <summary>Odd, and read in one way only: what is not the answer's own is stepped over, and leads nowhere.</summary>
    private static readonly Dictionary<string, string> Harmless = new(StringComparer.Ordinal)
    {
        ["a byte order mark"] = $"\uFEFF{Head}<response>{Told}<result>0</result></response>",
        ["a processing instruction"] = $"{Head}<?xml-stylesheet type=\"text/xsl\" href=\"{{0}}\"?><response>{Told}<?php system('id') ?><result>0</result></response>",
        ["an inclusion beside the result"] = $"{Head}<response xmlns:xi=\"http://www.w3.org/2001/XInclude\">{Told}<result>0</result>"
            + "<xi:include href=\"{0}\"/><xi:include href=\"file://{1}\" parse=\"text\"/></response>",
        ["a schema's place"] = $"{Head}<response xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
            + $"xsi:noNamespaceSchemaLocation=\"{{0}}\" xml:base=\"{{0}}\">{Told}<result>0</result></response>",
        ["elements in each other"] = $"{Head}<response>{Told}<result>0</result>" + string.Concat(Enumerable.Repeat("<a>", 8_000))
            + string.Concat(Enumerable.Repeat("</a>", 8_000)) + "</response>",
        ["a huge attribute"] = $"{Head}<response a=\"{new string('a', 60_000)}\">{Told}<result>0</result></response>",
        ["many attributes"] = $"{Head}<response {string.Join(' ', Enumerable.Range(0, 5_000).Select(i => $"a{i}=''"))}>{Told}<result>0</result></response>",
        ["many namespaces"] = $"{Head}<response {string.Join(' ', Enumerable.Range(0, 3_000).Select(i => $"xmlns:n{i}='x'"))}>{Told}<result>0</result></response>",
        ["the name of an entity that nobody made"] = $"{Head}<response>{Told}<result>0</result><comment>&secret;</comment></response>",
    };

    public static TheoryData<string> HarmlessNames() => new(Harmless.Keys);

    [Theory]
    [MemberData(nameof(HarmlessNames))]
    public async Task What_is_odd_but_plain_is_read_without_a_look_elsewhere(string name)
    {
        await using var bait = RawServer.AnsweringXml("0");
        var secret = folder.File("secret", "TOP-SECRET");
        var body = Fill(Harmless[name], bait, secret);
        var (read, bytes, time) = Measure(Encoding.UTF8.GetBytes(body));

        read!.Result.Should().Be(0);
        (read.Comment ?? "").Should().NotContain("TOP-SECRET").And.NotContain("\0");
        bytes.Should().BeLessThan(MostBytes);
        time.Should().BeLessThan(TimeSpan.FromSeconds(5));
        await Task.Yield();
        bait.Connections.Should().Be(0);
    }

    private string Body(string name, RawServer bait) => Fill(Refused[name], bait, folder.File("secret", "TOP-SECRET"));

    private static string Fill(string body, RawServer bait, string file) =>
        body.Replace("{0}", bait.Address.AbsoluteUri, StringComparison.Ordinal).Replace("{1}", file, StringComparison.Ordinal);

    private static async Task PaysNothingAsync(byte[] body, string type)
    {
        var (read, bytes, time) = Measure(body);
        read.Should().BeNull();
        bytes.Should().BeLessThan(MostBytes, "a body of 64 KiB is no reason for more");
        time.Should().BeLessThan(TimeSpan.FromSeconds(5));

        await using var server = RawServer.Answering(RawServer.Http(200, body, type));
        using var connect = new ConnectProviders(
            server.Address, _ => ProviderAccess.None, SystemClock.Instance, NullLoggerFactory.Instance);
        var adapter = connect.Connect([Electricity])["azerishiq"];
        var answer = await adapter.PayAsync(Delivery(1, "1"), CancellationToken.None);
        answer.Result.Should().Be(DeliveryResult.Silent);
        $"{answer.Note} {answer.ProviderTransaction} {answer.Exchange?.Answer}".Should().NotContain("TOP-SECRET");
        (await adapter.InquireAsync(Question(2, "1"), CancellationToken.None)).Result.Should().Be(InquiryResult.Unavailable);
    }

    /// <summary>Reads on this thread, and says how much memory that took.</summary>
    private static (OsmpAnswer? Answer, long Bytes, TimeSpan Time) Measure(byte[] body)
    {
        var (before, began) = (GC.GetAllocatedBytesForCurrentThread(), Stopwatch.GetTimestamp());
        var answer = OsmpAnswer.Read(body, null, out _);
        return (answer, GC.GetAllocatedBytesForCurrentThread() - before, Stopwatch.GetElapsedTime(began));
    }

    private static string Laughs()
    {
        var text = new StringBuilder($"{Head}<!DOCTYPE response [<!ENTITY l0 \"lol\">");
        for (var i = 1; i < 10; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $"<!ENTITY l{i} \"{string.Concat(Enumerable.Repeat($"&l{i - 1};", 10))}\">");
        }

        return text.Append(CultureInfo.InvariantCulture, $"]><response>{Told}<result>0</result><comment>&l9;</comment></response>").ToString();
    }
}
