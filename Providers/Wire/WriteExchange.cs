using System.Text;
using EGovPay.Processing.Dispatch;

namespace EGovPay.Providers.Wire;

/// <summary>
/// Writes a request and its answer for the payment's file: headers and body, each ≤ 16 KiB, secrets masked. Accounts
/// stay in it (the file is the payment's own); nothing of it is ever logged.
/// </summary>
internal static class WriteExchange
{
    private const int LongestBytes = 16 * 1024;
    private const string Masked = "***";

    /// <summary>Headers whose values are secrets or stand for one.</summary>
    private static readonly string[] SecretHeaders =
        ["Authorization", "Proxy-Authorization", "Cookie", "Set-Cookie", "X-Api-Key", "WWW-Authenticate", "Signature"];

    public static RawExchange Of(WireAnswer answer) =>
        new(Request(answer.Request), Answer(answer), answer.ElapsedMilliseconds);

    private static string Request(WireRequest request)
    {
        var text = new StringBuilder(512);
        text.Append(request.Method.Method).Append(' ').Append(WithoutUserInfo(request.Target)).Append('\n');
        foreach (var (name, value) in request.Headers)
        {
            text.Append(name).Append(": ").Append(IsSecret(name) ? Masked : value).Append('\n');
        }

        if (request.Body is { } body)
        {
            text.Append("Content-Type: ").Append(request.MediaType).Append("\n\n")
                .Append(Encoding.UTF8.GetString(body.Span));
        }

        return Cut(text.ToString());
    }

    private static string? Answer(WireAnswer answer)
    {
        if (answer.Status == 0)
        {
            return answer.Trouble is null ? null : $"({answer.Trouble})";
        }

        var text = new StringBuilder(512).Append("HTTP ").Append(answer.Status).Append('\n');
        foreach (var line in answer.Headers.AsSpan().EnumerateLines())
        {
            var colon = line.IndexOf(':');
            if (colon < 0)
            {
                continue;
            }

            var name = line[..colon];
            text.Append(name).Append(':').Append(IsSecret(name) ? $" {Masked}" : line[(colon + 1)..]).Append('\n');
        }

        text.Append('\n').Append(BodyText.Decode(answer.Body.Span, answer.Charset));
        if (answer.Trouble is not null)
        {
            text.Append('(').Append(answer.Trouble).Append(')');
        }

        return Cut(text.ToString());
    }

    private static bool IsSecret(ReadOnlySpan<char> name)
    {
        foreach (var secret in SecretHeaders)
        {
            if (name.Trim().Equals(secret, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }

    private static string WithoutUserInfo(Uri target) =>
        target.GetComponents(UriComponents.HttpRequestUrl, UriFormat.UriEscaped);

    /// <summary>
    /// At most 16 KiB of UTF-8, never half a letter. PostgreSQL takes no NUL in a text, so none is kept.
    /// </summary>
    private static string Cut(string text)
    {
        text = text.Replace('\0', '\uFFFD');
        if (Encoding.UTF8.GetByteCount(text) <= LongestBytes)
        {
            return text;
        }

        var cut = text.AsSpan(0, Math.Min(text.Length, LongestBytes));
        while (Encoding.UTF8.GetByteCount(cut) > LongestBytes - 4)
        {
            cut = cut[..^Math.Max(1, (Encoding.UTF8.GetByteCount(cut) - LongestBytes) / 4)];
        }

        return $"{(char.IsHighSurrogate(cut[^1]) ? cut[..^1] : cut)}…";
    }
}
