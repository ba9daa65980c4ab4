using System.Globalization;
using System.Text;

namespace EGovPay.Benchmarks.Fuzz;

/// <summary>
/// What only a raw socket can say: wrong lengths, two framings at once, broken chunks, pipelines with garbage, bare line
/// feeds, bodies that end in the middle.
/// </summary>
internal sealed class Smuggling(Random random, Mutations mutate)
{
    /// <summary>A stream made of good requests (payments, cancels, questions) and something wrong in or between them.</summary>
    public (byte[] Bytes, Sending Sending, string Kind) Draw(Func<FuzzedRequest> good)
    {
        var request = good();
        var whole = request.ToBytes();
        switch (random.Next(10))
        {
            case 0:
                return (whole[..random.Next(1, whole.Length)], Sending.Cut, "raw cut");
            case 1:
                return (mutate.Bytes(whole), Sending.Raw, "raw bytes");
            case 2:
                return ([.. whole, .. good().ToBytes(), .. good().ToBytes()], Sending.Raw, "raw pipeline");
            case 3:
                return ([.. whole, .. Encoding.Latin1.GetBytes(Nasty.Noise(random, 300)), .. good().ToBytes()], Sending.Raw,
                    "raw garbage between");
            case 4:
                return (Framing(request), Sending.Raw, "raw framing");
            case 5:
                return (Chunks(request), Sending.Raw, "raw chunks");
            case 6:
                return (Lines(request), Sending.Raw, "raw lines");
            case 7:
                return ([.. Encoding.Latin1.GetBytes(Nasty.Noise(random, 2_000)), .. "\r\n\r\n"u8], Sending.Raw, "raw noise");
            case 8:
                return (Version(request), Sending.Raw, "raw version");
            default:
                return (Inside(request, good()), Sending.Raw, "raw smuggled");
        }
    }

    /// <summary>Both framings, or two lengths, or a length that is no number.</summary>
    private byte[] Framing(FuzzedRequest request)
    {
        var length = (request.Body?.Length ?? 0).ToString(CultureInfo.InvariantCulture);
        (string Name, string Value)[][] tricks =
        [
            [("Content-Length", length), ("Transfer-Encoding", "chunked")],
            [("Transfer-Encoding", "chunked"), ("Content-Length", "0")],
            [("Content-Length", length), ("Content-Length", "0")],
            [("Content-Length", length), ("Content-Length", length)],
            [("Content-Length", length + ", " + length)],
            [("Content-Length", "+" + length)], [("Content-Length", "-1")], [("Content-Length", "0x" + length)],
            [("Content-Length", "99999999999999999999")], [("Content-Length", "65537")], [("Content-Length", length + " ")],
            [("Content-Length ", length)], [("Transfer-Encoding", "identity")], [("Transfer-Encoding", "chunked, identity")],
            [("Transfer-Encoding", "gzip, chunked")], [("Transfer-Encoding", "xchunked")], [("Transfer-Encoding", "\u000bchunked")],
            [("Transfer-Encoding", "chunked"), ("Transfer-Encoding", "chunked")], [("Transfer_Encoding", "chunked")],
            [("Transfer-Encoding", "CHUNKED"), ("Content-Length", length)],
        ];
        foreach (var header in tricks[random.Next(tricks.Length)])
        {
            request.Headers.Insert(random.Next(request.Headers.Count + 1), header);
        }

        var body = request.Body ?? [];
        request.Body = null;
        return [.. request.ToBytes(), .. body];
    }

    private byte[] Chunks(FuzzedRequest request)
    {
        var body = Encoding.Latin1.GetString(request.Body ?? "{}"u8.ToArray());
        request.Body = null;
        request.Headers.Add(("Transfer-Encoding", "chunked"));
        var size = body.Length.ToString("x", CultureInfo.InvariantCulture);
        string[] tricks =
        [
            $"{size}\r\n{body}\r\n0\r\n\r\n", $"{size};a=b;c=\"d\"\r\n{body}\r\n0\r\n\r\n", $"000{size}\r\n{body}\r\n0\r\nX: y\r\n\r\n",
            $"{size}\n{body}\n0\n\n", $"{size} \r\n{body}\r\n0\r\n\r\n", $"0x{size}\r\n{body}\r\n0\r\n\r\n", $"-1\r\n{body}\r\n0\r\n\r\n",
            $"ffffffffffffffff\r\n{body}\r\n0\r\n\r\n", $"7fffffff\r\n{body}\r\n0\r\n\r\n", $"{size}\r\n{body}x\r\n0\r\n\r\n",
            $"{size}\r\n{body}\r\n", $"{size}\r\n{body}\r\n0\r\nContent-Length: 5\r\n\r\n", $"{size};{new string('e', 9_000)}\r\n{body}\r\n0\r\n\r\n",
            string.Concat(body.Select(one => $"1\r\n{one}\r\n")) + "0\r\n\r\n", "\r\n\r\n", "0\r\n\r\n", "g\r\n", $"{size}\r\n{body}0\r\n\r\n",
        ];
        return [.. request.ToBytes(), .. Encoding.Latin1.GetBytes(tricks[random.Next(tricks.Length)])];
    }

    private byte[] Lines(FuzzedRequest request)
    {
        var text = Encoding.Latin1.GetString(request.ToBytes());
        string[] tricks =
        [
            text.Replace("\r\n", "\n", StringComparison.Ordinal), text.Replace("\r\n", "\r", StringComparison.Ordinal),
            text.Replace("\r\n", "\r\r\n", StringComparison.Ordinal), "\r\n\r\n" + text, text.Replace(": ", ":\r\n ", StringComparison.Ordinal),
            text.Replace(": ", " : ", StringComparison.Ordinal), text.Replace(": ", "\0: ", StringComparison.Ordinal), " " + text,
            text.Replace(" HTTP/1.1", "", StringComparison.Ordinal), text.Replace(" ", "\t", StringComparison.Ordinal),
            text.Replace(" /", " http://evil.example/", StringComparison.Ordinal), text.Replace(" /", " //", StringComparison.Ordinal),
            text.Replace(" HTTP", " x HTTP", StringComparison.Ordinal),
        ];
        return Encoding.Latin1.GetBytes(tricks[random.Next(tricks.Length)]);
    }

    private byte[] Version(FuzzedRequest request)
    {
        string[] versions = ["HTTP/1.0", "HTTP/0.9", "HTTP/1.2", "HTTP/9.9", "http/1.1", "HTTP/1.1 ", "HTTPS/1.1", "HTTP/1.", "SIP/2.0"];
        var text = Encoding.Latin1.GetString(request.ToBytes());
        return Encoding.Latin1.GetBytes(
            text.Replace("HTTP/1.1", versions[random.Next(versions.Length)], StringComparison.Ordinal));
    }

    /// <summary>A request in the body of another whose length is told too short.</summary>
    private byte[] Inside(FuzzedRequest request, FuzzedRequest inner)
    {
        var smuggled = inner.ToBytes();
        request.Body = null;
        request.Headers.Add(("Content-Length", random.Next(0, smuggled.Length).ToString(CultureInfo.InvariantCulture)));
        return [.. request.ToBytes(), .. smuggled];
    }
}
