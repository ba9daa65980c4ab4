using System.Text;
using System.Text.RegularExpressions;

namespace EGovPay.Providers.Wire;

/// <summary>
/// Turns an answer's bytes into text: UTF-8, or windows-1251 where the XML declaration or the header says so. A byte
/// that does not fit becomes U+FFFD: digits and names are ASCII in both, so only a comment can suffer.
/// </summary>
internal static partial class BodyText
{
    private static readonly Encoding Windows1251 = CodePagesEncodingProvider.Instance.GetEncoding(1251)!;

    /// <param name="charset">The header's charset, or null. The document's own declaration goes before it.</param>
    public static string Decode(ReadOnlySpan<byte> body, string? charset)
    {
        if (body.StartsWith("\uFEFF"u8))
        {
            return Encoding.UTF8.GetString(body[3..]);
        }

        var start = Encoding.Latin1.GetString(body[..Math.Min(body.Length, 200)]);
        var declared = DeclaredEncoding().Match(start);
        var name = declared.Success ? declared.Groups[1].Value : charset?.Trim('"', ' ');
        return IsWindows1251(name) ? Windows1251.GetString(body) : Encoding.UTF8.GetString(body);
    }

    private static bool IsWindows1251(string? name) =>
        name is not null && (name.Equals("windows-1251", StringComparison.OrdinalIgnoreCase)
            || name.Equals("cp1251", StringComparison.OrdinalIgnoreCase)
            || name.Equals("cp-1251", StringComparison.OrdinalIgnoreCase));

    [GeneratedRegex(
        """^\s*<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""", RegexOptions.CultureInvariant)]
    private static partial Regex DeclaredEncoding();
}
