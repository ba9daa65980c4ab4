using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Text;
using System.Text.RegularExpressions;
using EGovPay.Processing.Payments;
using EGovPay.Processing.StateMachine;
using EGovPay.Terminals.Receipts;
using FluentAssertions;
using NodaTime;
using Xunit;

namespace EGovPay.Tests.Receipts;

public sealed class PdfReceipts
{
    private static readonly Instant Now = Instant.FromUtc(2026, 11, 22, 10, 20);
    private static readonly IClock Clock = new Examples.StandingClock(Now);

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    // One key for all: to make one takes a second, and the tests only ever sign with it.
    private static readonly OperatorSignature Signature =
        new(SelfMadeCertificate.Make("Məlumat Hesablama Mərkəzi", "1400057421", Clock), Clock);

    private readonly ReceiptFonts? _fonts = ReceiptFonts.Find();

    [Fact]
    public void A_receipt_has_the_operatorsSignature_over_every_byte_but_itself()
    {
        var file = Render(Examples.Facts(Examples.Confirmed()));
        var (from, to) = ContentsOf(file);
        file[from].Should().Be((byte)'<');
        file[to - 1].Should().Be((byte)'>');
        var cms = SignatureOf(file);
        cms.CheckSignature(verifySignatureOnly: true);
        var signer = cms.SignerInfos[0];
        signer.DigestAlgorithm.Value.Should().Be("2.16.840.1.101.3.4.2.1", "SHA-256");
        signer.Certificate!.Subject.Should().Contain("1400057421");
        signer.SignedAttributes.OfType<CryptographicAttributeObject>().Select(one => one.Oid.Value)
            .Should().Contain("1.2.840.113549.1.9.16.2.47", "the signing certificate is itself signed");
        cms.Certificates.Should().ContainSingle();
    }

    [Fact]
    public void One_flipped_bit_anywhere_breaks_theSignature()
    {
        var file = Render(Examples.Facts(Examples.Confirmed()));
        var (from, to) = ContentsOf(file);
        var outside = Enumerable.Range(0, file.Length).Where(at => at < from || at >= to).ToArray();
        foreach (var at in outside.Where((_, i) => i % 797 == 0).Append(outside[^1]))
        {
            var changed = (byte[])file.Clone();
            changed[at] ^= 1;
            var check = () => Detached(changed, from, to).CheckSignature(verifySignatureOnly: true);
            check.Should().Throw<CryptographicException>("byte {0} was changed", at);
        }
    }

    [Fact]
    public void The_same_facts_give_the_same_bytes_outside_theSignature()
    {
        var one = Render(Examples.TaxFacts(), "ru");
        var other = Render(Examples.TaxFacts(), "ru");
        var (from, to) = ContentsOf(one);
        other.Length.Should().Be(one.Length);
        other.AsSpan(0, from).SequenceEqual(one.AsSpan(0, from)).Should().BeTrue();
        other.AsSpan(to).SequenceEqual(one.AsSpan(to)).Should().BeTrue();
    }

    [Theory]
    [InlineData("az", "Çıxarış", "Min səkkiz yüz yetmiş doqquz manat on bir qəpik")]
    [InlineData("en", "Receipt", "One thousand eight hundred seventy-nine manat eleven qəpik")]
    [InlineData("ru", "Выписка", "Одна тысяча восемьсот семьдесят девять манатов одиннадцать гяпиков")]
    public void What_is_printed_can_be_read_and_searched_in_each_language(string language, string title, string words)
    {
        var file = Render(Examples.TaxFacts() with { Reprint = 2 }, language);
        var text = Read(file);
        text.Should().Contain(title).And.Contain(words);
        text.Should().Contain("Min səkkiz yüz yetmiş doqquz manat on bir qəpik", "Azerbaijani words are always there");
        text.Should().Contain("Məlumat Hesablama Mərkəzi").And.Contain("1400057421");
        text.Should().Contain("№ 2632600900000422").And.Contain("22.11.2026 14:15:30");
        text.Should().Contain("1 876.30 AZN").And.Contain("2.81 AZN").And.Contain("1 879.11 AZN");
        text.Should().Contain("411111******1111").And.Contain("632610154211").And.Contain("111100");
        text.Should().Contain("Şəbəkə xidmət mərkəzi").And.Contain("T7");
        text.Should().Contain(Texts.Reprint.In(language).Replace("{0}", "2", StringComparison.Ordinal));
        text.Should().Contain("https://odenis.example/verify/" + Examples.TaxFacts().Code);
        Pages(file).Should().Be(1, "an ordinary receipt is one page");
        Encoding.Latin1.GetString(file).Should().Contain($"/Lang <FEFF00{(int)language[0]:X}00{(int)language[1]:X}>");
    }

    [Theory]
    [InlineData(PaymentState.Declined)]
    [InlineData(PaymentState.Cancelled)]
    [InlineData(PaymentState.Reversed)]
    public void A_slip_says_in_large_that_it_is_no_receipt(PaymentState state)
    {
        var file = Render(Examples.Facts(Examples.In(state)));
        Read(file).Should().Contain("BU SƏNƏD ÇIXARIŞ DEYİL").And.NotContain("Çıxarış №");
        Pages(file).Should().Be(1);
    }

    [Fact]
    public void Before_the_outcome_it_is_an_acceptance_slip_without_a_number()
    {
        var text = Read(Render(Examples.Facts(Examples.In(PaymentState.Unknown))));
        text.Should().Contain("Qəbul qəbzi").And.Contain("DƏQİQLƏŞDİRİLİR").And.NotContain("Çıxarış №");
        text.Should().Contain("https://odenis.example/verify/");
    }

    [Fact]
    public void A_bill_of_many_lines_goes_on_over_pages_and_loses_none()
    {
        var lines = Enumerable.Range(1, 120).Select(n => new PaidLine($"line-{n:000}", 100 + n)).ToArray();
        var file = Render(Examples.Facts(Examples.Confirmed() with { Lines = lines }));
        var text = Read(file);
        Pages(file).Should().BeGreaterThan(1);
        lines.Should().OnlyContain(line => text.Contains(line.Id, StringComparison.Ordinal));
        text.Should().Contain($"Səhifə 1/{Pages(file)}");
    }

    [Fact]
    public void A_receipt_is_at_most_60_KiB() =>
        Render(Examples.TaxFacts(), "ru").Length.Should().BeLessThan(60 * 1024);

    [Fact]
    public async Task Many_receipts_can_be_printed_at_once()
    {
        var pdf = new PdfReceipt(Fonts(), Signature);
        var files = await Task.WhenAll(Enumerable.Range(1, 32).Select(n => Task.Run(() =>
            pdf.Render(Examples.TaxFacts() with { Reprint = n }, n % 2 == 0 ? "az" : "ru"))));
        for (var n = 1; n <= files.Length; n++)
        {
            SignatureOf(files[n - 1]).CheckSignature(verifySignatureOnly: true);
            Read(files[n - 1]).Should().Contain($"№ {n}");
        }
    }

    [Fact]
    public async Task Openssl_verifies_theSignature()
    {
        var file = Render(Examples.Facts(Examples.Confirmed()));
        var (from, to) = ContentsOf(file);
        var folder = Directory.CreateTempSubdirectory("receipt-");
        try
        {
            var signed = Path.Combine(folder.FullName, "signed");
            var cms = Path.Combine(folder.FullName, "cms");
            await File.WriteAllBytesAsync(signed, [.. file[..from], .. file[to..]]);
            await File.WriteAllBytesAsync(cms, SignatureOf(file).Encode());
            string[] verify =
            [
                "cms", "-verify", "-binary", "-inform", "DER", "-in", cms, "-content", signed, "-noverify",
                "-out", "/dev/null",
            ];
            (await Run("openssl", verify)).Code.Should().Be(0);
            await File.AppendAllTextAsync(signed, "x");
            (await Run("openssl", verify)).Code.Should().NotBe(0);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task A_PDF_readers_own_check_finds_theSignature_valid_and_total()
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllBytesAsync(file, Render(Examples.Facts(Examples.Confirmed())));
            var (_, output) = await Run("pdfsig", [file]);
            output.Should().Contain("Signature is Valid").And.Contain("Total document signed");
        }
        finally
        {
            File.Delete(file);
        }
    }

    private byte[] Render(ReceiptFacts facts, string? language = null) =>
        new PdfReceipt(Fonts(), Signature).Render(facts, language);

    private ReceiptFonts Fonts()
    {
        Assert.SkipWhen(_fonts is null, ReceiptFonts.NoFont);
        return _fonts!;
    }

    private static (int From, int To) ContentsOf(byte[] file)
    {
        var match = Regex.Match(
            Encoding.Latin1.GetString(file), @"/ByteRange \[0 (\d+) (\d+) (\d+)\]", RegexOptions.None, Limit);
        int[] numbers =
            [.. match.Groups.Values.Skip(1).Select(one => int.Parse(one.Value, CultureInfo.InvariantCulture))];
        (numbers[1] + numbers[2]).Should().Be(file.Length, "the signature covers the file to its end");
        return (numbers[0], numbers[1]);
    }

    private static SignedCms SignatureOf(byte[] file)
    {
        var (from, to) = ContentsOf(file);
        return Detached(file, from, to);
    }

    private static SignedCms Detached(byte[] file, int from, int to)
    {
        var cms = new SignedCms(new ContentInfo([.. file[..from], .. file[to..]]), detached: true);
        cms.Decode(Convert.FromHexString(Encoding.ASCII.GetString(file[(from + 1)..(to - 1)])));
        return cms;
    }

    private static int Pages(byte[] file) =>
        Regex.Count(Encoding.Latin1.GetString(file), "/Type /Page ", RegexOptions.None, Limit);

    /// <summary>The text of all pages, a line for each piece, read by the file's own maps as a reader would.</summary>
    private static string Read(byte[] file)
    {
        var streams = Regex.Matches(
            Encoding.Latin1.GetString(file), @"/Length (\d+) /Filter /FlateDecode[^>]*>>\nstream\n", RegexOptions.None,
            Limit).Select(match => Inflate(file, match)).ToList();
        var maps = streams.Where(one => one.Contains("begincmap", StringComparison.Ordinal)).Select(one =>
            Regex.Matches(one, "^<([0-9A-F]{4})> <([0-9A-F]{4})>", RegexOptions.Multiline, Limit)
                .ToDictionary(
                    pair => pair.Groups[1].Value,
                    pair => (char)Convert.ToInt32(pair.Groups[2].Value, 16),
                    StringComparer.Ordinal)).ToList();
        var text = new StringBuilder();
        foreach (var page in streams.Where(one => one.Contains(" Tj ET", StringComparison.Ordinal)))
        {
            foreach (Match piece in Regex.Matches(
                page, "/F([12]) .* <([0-9A-F]*)> Tj", RegexOptions.None, Limit))
            {
                var map = maps[piece.Groups[1].Value[0] - '1'];
                text.AppendJoin("", piece.Groups[2].Value.Chunk(4).Select(code => map[new string(code)])).Append('\n');
            }
        }

        return text.ToString();
    }

    private static string Inflate(byte[] file, Match stream)
    {
        var length = int.Parse(stream.Groups[1].Value, CultureInfo.InvariantCulture);
        using var inflate = new ZLibStream(
            new MemoryStream(file, stream.Index + stream.Length, length), CompressionMode.Decompress);
        using var reader = new StreamReader(inflate, Encoding.Latin1);
        return reader.ReadToEnd();
    }

    private static async Task<(int Code, string Output)> Run(string program, string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments)
            {
                UseShellExecute = false,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
            var errors = process.StandardError.ReadToEndAsync();
            var output = await process.StandardOutput.ReadToEndAsync();
            await process.WaitForExitAsync();
            return (process.ExitCode, output + await errors);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip($"{program} is not installed");
            throw;
        }
    }
}
