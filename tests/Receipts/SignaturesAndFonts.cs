using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.X509Certificates;
using EGovPay.Terminals.Receipts;
using FluentAssertions;
using NodaTime;
using Xunit;

namespace EGovPay.Tests.Receipts;

public sealed class SignaturesAndFonts : IDisposable
{
    private static readonly Instant Now = Instant.FromUtc(2026, 11, 22, 10, 20);
    private static readonly IClock Clock = new Examples.StandingClock(Now);

    // One key for all who only sign with it: to make one takes a second.
    private static readonly X509Certificate2 Shared = SelfMadeCertificate.Make("Mərkəz", "1400057421", Clock);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("receipt-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void A_self_made_certificate_is_kept_for_the_next_start_and_only_the_owner_can_read_it()
    {
        var file = Path.Combine(_folder.FullName, "operator.pfx");
        using var made = SelfMadeCertificate.OpenOrMake(file, "secret", "Mərkəz", "1400057421", Clock);
        using var again = SelfMadeCertificate.OpenOrMake(file, "secret", "Mərkəz", "1400057421", Clock);
        again.Thumbprint.Should().Be(made.Thumbprint);
        again.GetRSAPrivateKey()!.KeySize.Should().Be(3072);
        if (!OperatingSystem.IsWindows())
        {
            File.GetUnixFileMode(file).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        _folder.GetFiles().Should().ContainSingle("no draft is left behind");
    }

    [Fact]
    public void A_self_made_certificate_makes_the_folder_that_it_is_kept_in()
    {
        var file = Path.Combine(_folder.FullName, "data", "operator.pfx");
        using var made = SelfMadeCertificate.OpenOrMake(file, null, "Mərkəz", "1400057421", Clock);
        File.Exists(file).Should().BeTrue();
    }

    [Fact]
    public void A_certificate_that_has_expired_is_replaced()
    {
        var file = Path.Combine(_folder.FullName, "operator.pfx");
        using var made = SelfMadeCertificate.OpenOrMake(file, null, "Mərkəz", "1400057421", Clock);
        var later = new Examples.StandingClock(Now + SelfMadeCertificate.Lifetime + Duration.FromDays(1));
        using var next = SelfMadeCertificate.OpenOrMake(file, null, "Mərkəz", "1400057421", later);
        next.Thumbprint.Should().NotBe(made.Thumbprint);
    }

    [Fact]
    public void A_certificate_from_a_file_signs_and_a_wrong_password_is_told()
    {
        var file = Path.Combine(_folder.FullName, "operator.pfx");
        File.WriteAllBytes(file, Shared.Export(X509ContentType.Pkcs12, "secret"));
        using var signature = OperatorSignature.Open(file, "secret", Clock);
        var cms = new SignedCms(new ContentInfo("content"u8.ToArray()), detached: true);
        cms.Decode(signature.Sign("content"u8.ToArray()));
        cms.CheckSignature(verifySignatureOnly: true);
        var wrong = () => OperatorSignature.Open(file, "wrong", Clock);
        wrong.Should().Throw<CryptographicException>();
    }

    [Fact]
    public void The_signatures_time_is_the_clocks()
    {
        using var signature = new OperatorSignature(new X509Certificate2(Shared), Clock);
        var cms = new SignedCms();
        cms.Decode(signature.Sign("content"u8.ToArray()));
        cms.SignerInfos[0].SignedAttributes.OfType<CryptographicAttributeObject>()
            .SelectMany(one => one.Values.OfType<Pkcs9SigningTime>())
            .Single().SigningTime.ToUniversalTime().Should().Be(Now.ToDateTimeUtc());
    }

    [Fact]
    public void A_certificate_without_an_RSA_key_is_refused()
    {
        using var curve = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var start = Now.ToDateTimeOffset();
        using var elliptic = new CertificateRequest("CN=x", curve, HashAlgorithmName.SHA256)
            .CreateSelfSigned(start, start.AddDays(1));
        using var publicOnly = X509CertificateLoader.LoadCertificate(Shared.RawData);
        FluentActions.Invoking(() => new OperatorSignature(elliptic, Clock)).Should().Throw<ArgumentException>();
        FluentActions.Invoking(() => new OperatorSignature(publicOnly, Clock)).Should().Throw<ArgumentException>();
    }

    [Fact]
    public void Where_there_is_no_font_there_is_none_and_the_message_says_what_to_install()
    {
        ReceiptFonts.FindAmong([("/nowhere/a.ttf", "/nowhere/b.ttf")]).Should().BeNull();
        ReceiptFonts.NoFont.Should().Contain("fonts-dejavu-core");
    }

    [Fact]
    public void A_configured_font_that_is_not_there_is_an_error_and_not_replaced() =>
        FluentActions.Invoking(() => ReceiptFonts.Find("/nowhere/a.ttf"))
            .Should().Throw<InvalidDataException>().WithMessage("*/nowhere/a.ttf*");

    [Fact]
    public void A_file_that_is_no_font_is_an_error_that_names_it()
    {
        var file = Path.Combine(_folder.FullName, "font.ttf");
        foreach (var content in new byte[][] { [], [0, 1, 0, 0], [.. "OTTO"u8, .. new byte[100]], new byte[4096] })
        {
            File.WriteAllBytes(file, content);
            FluentActions.Invoking(() => ReceiptFonts.Find(file))
                .Should().Throw<InvalidDataException>().WithMessage("*font.ttf*");
        }
    }

    [Fact]
    public void A_font_cut_short_or_damaged_never_fails_otherwise_than_as_invalid_data()
    {
        var whole = WholeFont();
        var file = Path.Combine(_folder.FullName, "font.ttf");
        var random = new Random(20_261_122);
        for (var round = 0; round < 60; round++)
        {
            var bytes = (byte[])whole.Clone();
            for (var flips = 0; flips < 8; flips++)
            {
                bytes[random.Next(round % 2 == 0 ? 400 : bytes.Length)] = (byte)random.Next(256);
            }

            File.WriteAllBytes(file, round % 3 == 0 ? bytes[..random.Next(bytes.Length)] : bytes);
            try
            {
                ReceiptFonts.Find(file).Should().NotBeNull();
            }
            catch (InvalidDataException refused)
            {
                refused.Message.Should().Contain("font.ttf");
            }
        }
    }

    [Fact]
    public void A_subset_is_a_font_of_its_own_with_the_parts_of_composed_letters()
    {
        var font = new TrueTypeFont(WholeFont());
        var glyphs = "Şəbəkə İş Ğö".Distinct().Select(font.GlyphOf).Prepend(0).ToList();
        glyphs.Skip(1).Should().NotContain(0);
        var subset = font.Subset(glyphs);
        subset.Length.Should().BeLessThan(20_000);
        // A reader finds as many glyphs as were asked for, and at least one part (the base or the mark of Ş, İ, Ğ, ö).
        var count = (subset[MaxpAt(subset) + 4] << 8) | subset[MaxpAt(subset) + 5];
        count.Should().BeGreaterThan(glyphs.Count);
    }

    private static int MaxpAt(byte[] font)
    {
        var entry = font.AsSpan().IndexOf("maxp"u8);
        return System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(font.AsSpan(entry + 8));
    }

    private static byte[] WholeFont()
    {
        const string dejaVu = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf";
        Assert.SkipUnless(File.Exists(dejaVu), ReceiptFonts.NoFont);
        return File.ReadAllBytes(dejaVu);
    }
}
