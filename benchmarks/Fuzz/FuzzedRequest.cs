using System.Globalization;
using System.Text;

namespace EGovPay.Benchmarks.Fuzz;

/// <summary>A request as text, before it becomes bytes; mutations change it in place.</summary>
internal sealed class FuzzedRequest
{
    public required string Method { get; set; }

    /// <summary>Path and query as they stand in the request line.</summary>
    public required string Target { get; set; }

    /// <summary>In order, duplicates allowed; without the body's length.</summary>
    public List<(string Name, string Value)> Headers { get; } = [];

    public byte[]? Body { get; set; }

    /// <summary>Sent as chunks.</summary>
    public bool Chunked { get; set; }

    /// <summary>The request exactly as it goes over the wire; Latin-1, so that every byte can be said.</summary>
    public byte[] ToBytes()
    {
        var head = new StringBuilder(256);
        head.Append(Method).Append(' ').Append(Target).Append(" HTTP/1.1\r\n");
        foreach (var (name, value) in Headers)
        {
            head.Append(name).Append(": ").Append(value).Append("\r\n");
        }

        if (Chunked && Body is not null)
        {
            head.Append("Transfer-Encoding: chunked\r\n\r\n");
            return [.. Encoding.Latin1.GetBytes(head.ToString()), .. InChunks(Body)];
        }

        if (Body is not null)
        {
            head.Append("Content-Length: ").Append(Body.Length.ToString(CultureInfo.InvariantCulture)).Append("\r\n");
        }

        head.Append("\r\n");
        return [.. Encoding.Latin1.GetBytes(head.ToString()), .. Body ?? []];
    }

    private static byte[] InChunks(byte[] body)
    {
        var text = new List<byte>(body.Length + 64);
        for (var at = 0; at < body.Length;)
        {
            var size = Math.Min(body.Length - at, 1 + (body.Length * 7 + at) % 61);
            text.AddRange(Encoding.ASCII.GetBytes(size.ToString("x", CultureInfo.InvariantCulture) + "\r\n"));
            text.AddRange(body.AsSpan(at, size));
            text.AddRange("\r\n"u8);
            at += size;
        }

        text.AddRange("0\r\n\r\n"u8);
        return [.. text];
    }
}

/// <summary>How a stream of bytes is sent and its answers are read.</summary>
internal enum Sending
{
    /// <summary>One well-framed request: one answer is read, the connection goes on.</summary>
    Framed,

    /// <summary>Anything: a good request that closes is sent after it, and everything is read until the server closes.</summary>
    Raw,

    /// <summary>Cut off: the client's side is closed after it.</summary>
    Cut,
}

/// <summary>What goes over a connection at once.</summary>
/// <param name="Kind">Which template or trick it came from.</param>
/// <param name="Writes">Which promise an accepted answer to it makes.</param>
internal sealed record FuzzedInput(string Kind, byte[] Bytes, Sending Sending, Promise Writes, bool NoBody = false);

/// <summary>What a good answer to a request means for the database.</summary>
internal enum Promise
{
    Nothing,
    Payment,
    ShiftOpened,
    ShiftClosed,
    Status,
    Collection,
    Print,
    CardWritten,
    CashReturned,
}
