using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace EGovPay.Terminals.CommandLine;

/// <summary>The server's secret: given, or kept in a file that only its owner reads, made at the first start.</summary>
internal static class ServerSecret
{
    private const int LeastBytes = 32;

    /// <summary>The secret's bytes.</summary>
    /// <param name="home">Where the file lies when no setting names another.</param>
    /// <param name="make">False: a command that must have the server's own secret, and may not invent one.</param>
    /// <exception cref="CommandException">It is too short, or the file cannot be read or made.</exception>
    public static byte[] Take(Settings settings, string home, bool make = true)
    {
        if (settings.Secret is { } given)
        {
            return LongEnough(given, "EGOVPAY_SECRET");
        }

        var path = settings.SecretFile ?? Path.Combine(home, "secret");
        try
        {
            if (settings.SecretFile is null && !File.Exists(path))
            {
                if (!make)
                {
                    throw new CommandException(
                        "The server's secret is not here, and what is derived from another is worth nothing. Run this with the server's "
                        + "settings, after its first start, or set EGOVPAY_SECRET or EGOVPAY_SECRET_FILE.");
                }

                Make(path);
            }

            return LongEnough(File.ReadAllText(path).Trim(), path);
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(
                $"The server's secret cannot be read: {failed.Message} Set EGOVPAY_SECRET or EGOVPAY_SECRET_FILE.",
                inner: failed);
        }
    }

    /// <summary>Further secrets whose keys are good: each as long as the first must be.</summary>
    /// <exception cref="CommandException">One is too short, or the file cannot be read.</exception>
    public static IReadOnlyList<ReadOnlyMemory<byte>> Others(Settings settings)
    {
        try
        {
            var (text, source) = settings.PreviousSecrets is { } given
                ? (given, "EGOVPAY_SECRET_PREVIOUS")
                : settings.PreviousSecretsFile is { } file ? (File.ReadAllText(file), file) : ("", "");
            return [.. text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
                .Select(one => (ReadOnlyMemory<byte>)LongEnough(one, source))];
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"The previous secrets cannot be read: {failed.Message}", inner: failed);
        }
    }

    private static byte[] LongEnough(string text, string source)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        return bytes.Length >= LeastBytes ? bytes : throw CommandException.Usage(
            $"{source} has {bytes.Length} bytes, and the server's secret has at least {LeastBytes}. "
            + "Make one with: openssl rand -base64 32");
    }

    private static void Make(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var part = $"{path}.{Environment.ProcessId}";
        using (var file = new FileStream(part, new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        }))
        {
            file.Write(
                Encoding.ASCII.GetBytes(Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(LeastBytes)) + "\n"));
            file.Flush(flushToDisk: true);
        }

        try
        {
            File.Move(part, path, overwrite: false);
        }
        catch (IOException) when (File.Exists(path))
        {
            // Another process was first; its secret is the one.
            File.Delete(part);
        }
    }
}
