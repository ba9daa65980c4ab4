using System.Text.RegularExpressions;

namespace EGovPay.Providers.Register;

/// <summary>
/// Where registers lie: <c>registers/&lt;provider&gt;/out</c> holds what goes to the receiver, <c>ack</c> what came
/// back, under the same file name. A file is there whole or not at all: it is written under another name, flushed to
/// the disk, and renamed.
/// </summary>
public sealed partial class RegisterFolder(string root)
{
    /// <summary>The folder itself.</summary>
    public string Root => root;

    /// <summary>The path of a register to send.</summary>
    /// <exception cref="ArgumentException">The provider's code or the name is no plain name.</exception>
    public string OutPath(string provider, string fileName) => PathOf(provider, "out", fileName);

    /// <summary>The path of an acknowledgement.</summary>
    /// <exception cref="ArgumentException">The provider's code or the name is no plain name.</exception>
    public string AckPath(string provider, string fileName) => PathOf(provider, "ack", fileName);

    /// <summary>The names of registers of a provider that are not acknowledged yet, oldest day first.</summary>
    public IReadOnlyList<string> NotAcknowledged(string provider)
    {
        var sent = Path.GetDirectoryName(OutPath(provider, "x"))!;
        return !Directory.Exists(sent) ? [] : Directory.EnumerateFiles(sent)
            .Select(path => Path.GetFileName(path)!)
            .Where(name => PlainName().IsMatch(name) && !name.EndsWith(".part", StringComparison.Ordinal)
                && !File.Exists(AckPath(provider, name)))
            .Order(StringComparer.Ordinal).ToArray();
    }

    private string PathOf(string provider, string side, string fileName)
    {
        if (!PlainName().IsMatch(provider) || !PlainName().IsMatch(fileName))
        {
            throw new ArgumentException(
                $"'{provider}/{fileName}' is not a provider's code and a file's name.", nameof(fileName));
        }

        return Path.Combine(root, provider, side, fileName);
    }

    [GeneratedRegex(@"^[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}\z", RegexOptions.CultureInvariant)]
    private static partial Regex PlainName();
}
