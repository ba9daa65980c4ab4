using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace EGovPay.Benchmarks.Fuzz;

/// <summary>Breaks good requests: their JSON by structure and by byte, their addresses, headers and framing.</summary>
internal sealed class Mutations(Random random)
{
    private static readonly string[] Depths = ["[", "{\"a\":", "[[{\"b\":"];

    /// <summary>One to three mutations of a request that stays well framed: one answer is expected.</summary>
    public void Apply(FuzzedRequest request)
    {
        for (var times = random.Next(4) == 0 ? 3 : 1; times > 0; times--)
        {
            switch (random.Next(request.Body is null ? 5 : 12))
            {
                case 0:
                    MutatePath(request);
                    break;
                case 1:
                    MutateQuery(request);
                    break;
                case 2 or 3:
                    MutateHeaders(request);
                    break;
                case 4:
                    MutateMethod(request);
                    break;
                case 5 or 6:
                    request.Body = Bytes(request.Body!);
                    break;
                default:
                    request.Body = Structure(request.Body!);
                    break;
            }
        }
    }

    /// <summary>Bytes changed, inserted, cut out, doubled, cut off.</summary>
    public byte[] Bytes(byte[] body)
    {
        var list = new List<byte>(body);
        for (var times = random.Next(1, 6); times > 0 && list.Count > 0; times--)
        {
            var at = random.Next(list.Count);
            var count = Math.Min(random.Next(1, 32), list.Count - at);
            switch (random.Next(7))
            {
                case 0:
                    list[at] = (byte)random.Next(256);
                    break;
                case 1:
                    list[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 2:
                    list.RemoveRange(at, count);
                    break;
                case 3:
                    list.InsertRange(at, list.GetRange(at, count));
                    break;
                case 4:
                    list.InsertRange(at, Encoding.UTF8.GetBytes(Nasty.Texts[random.Next(Nasty.Texts.Length)]));
                    break;
                case 5:
                    list.RemoveRange(at, list.Count - at);
                    break;
                default:
                    list.InsertRange(at, Broken());
                    break;
            }
        }

        return [.. list];
    }

    /// <summary>JSON that is changed as JSON: values, names, duplicates, depth, size.</summary>
    public byte[] Structure(byte[] body)
    {
        try
        {
            return StructureOf(JsonNode.Parse(body));
        }
        catch (Exception broken) when (broken is System.Text.Json.JsonException or ArgumentException or InvalidOperationException)
        {
            // It is broken already; what a parser finds wrong it may find late.
            return Bytes(body);
        }
    }

    private byte[] StructureOf(JsonNode? root)
    {
        if (root is not JsonObject json || json.Count == 0)
        {
            return Encoding.UTF8.GetBytes(Nasty.Json[random.Next(Nasty.Json.Length)]);
        }

        var within = json.Where(pair => pair.Value is JsonObject { Count: > 0 }).Select(pair => pair.Key).ToList();
        if (within.Count > 0 && random.Next(3) == 0)
        {
            var name = within[random.Next(within.Count)];
            var inner = json[name]!;
            return Encoding.UTF8.GetBytes(Text(json, name, Encoding.UTF8.GetString(Member((JsonObject)inner))));
        }

        return random.Next(12) switch
        {
            0 => Encoding.UTF8.GetBytes(Nasty.Json[random.Next(Nasty.Json.Length)]),
            1 => Deep(),
            2 => Encoding.UTF8.GetBytes(
                json.ToJsonString() + (random.Next(2) == 0 ? json.ToJsonString() : Nasty.Json[random.Next(Nasty.Json.Length)])),
            3 => Wide(json),
            _ => Member(json),
        };
    }

    private byte[] Member(JsonObject json)
    {
        var names = json.Select(pair => pair.Key).ToList();
        var name = names[random.Next(names.Count)];
        var text = random.Next(9) switch
        {
            0 => Without(json, name),
            1 => json.ToJsonString()[..^1] + "," + Quoted(name) + ":" + Nasty.Json[random.Next(Nasty.Json.Length)] + "}",
            2 => Text(json, name, Quoted(Nasty.Texts[random.Next(Nasty.Texts.Length)])),
            3 => Text(json, name, Quoted(new string((char)random.Next(32, 0x2000), random.Next(1, 3_000)))),
            4 => Text(json, name, random.NextInt64(long.MinValue, long.MaxValue).ToString(CultureInfo.InvariantCulture)),
            5 => Text(json, name, json[names[random.Next(names.Count)]]?.ToJsonString() ?? "null"),
            6 => json.ToJsonString().Replace(Quoted(name), Quoted(name.ToUpperInvariant()), StringComparison.Ordinal),
            _ => Text(json, name, Nasty.Json[random.Next(Nasty.Json.Length)]),
        };
        return Encoding.UTF8.GetBytes(text);
    }

    private static string Without(JsonObject json, string name)
    {
        var copy = json.DeepClone().AsObject();
        copy.Remove(name);
        return copy.ToJsonString();
    }

    /// <summary>The object with one member's value as given, which need not be JSON.</summary>
    private static string Text(JsonObject json, string name, string value) =>
        "{" + string.Join(",", json.Select(pair =>
            Quoted(pair.Key) + ":" + (pair.Key == name ? value : pair.Value?.ToJsonString() ?? "null"))) + "}";

    private static string Quoted(string text) => JsonValue.Create(text)!.ToJsonString();

    private byte[] Deep()
    {
        var open = Depths[random.Next(Depths.Length)];
        var depth = random.Next(1, 20_000 / open.Length);
        return Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(open, depth)) + (random.Next(2) == 0 ? "" : "1"));
    }

    private byte[] Wide(JsonObject json)
    {
        var text = new StringBuilder(json.ToJsonString()[..^1]);
        for (var i = random.Next(1, 4_000); i > 0; i--)
        {
            text.Append(CultureInfo.InvariantCulture, $",\"p{i}\":{i}");
        }

        return Encoding.UTF8.GetBytes(text.Append('}').ToString());
    }

    private byte[] Broken() => random.Next(4) switch
    {
        0 => [0xff, 0xfe],
        1 => [0xc0, 0x80],
        2 => [0xed, 0xa0, 0x80],
        _ => [0xef, 0xbb, 0xbf],
    };

    private void MutatePath(FuzzedRequest request)
    {
        var (path, query) = Split(request.Target);
        if (random.Next(3) == 0)
        {
            request.Target = Nasty.Paths[random.Next(Nasty.Paths.Length)];
            return;
        }

        var segments = path.Split('/').ToList();
        var at = random.Next(segments.Count);
        switch (random.Next(5))
        {
            case 0:
                segments[at] = Escaped(Nasty.Texts[random.Next(Nasty.Texts.Length)]);
                break;
            case 1:
                segments[at] = Escaped(segments[at] + Nasty.Noise(random, 8));
                break;
            case 2:
                segments.Insert(at, Escaped(Nasty.Noise(random, 20)));
                break;
            case 3:
                segments.RemoveAt(at);
                break;
            default:
                segments[at] = new string('r', random.Next(1, 9_000));
                break;
        }

        var joined = string.Join('/', segments);
        request.Target = (joined.Length == 0 ? "/" : joined) + query;
    }

    private void MutateQuery(FuzzedRequest request)
    {
        var (path, query) = Split(request.Target);
        var name = random.Next(3) == 0
            ? Escaped(Nasty.Texts[random.Next(Nasty.Texts.Length)])
            : ((string[])["wait", "limit", "after", "from", "to", "state", "q", "group", "lang", "command", "sum", "txn_id", "account"])[
                random.Next(13)];
        var value = Escaped(Nasty.Texts[random.Next(Nasty.Texts.Length)]);
        request.Target = random.Next(5) switch
        {
            0 => path + query + (query.Length == 0 ? "?" : "&") + name + "=" + value,
            1 => path + "?" + name + "=" + value + "&" + name + "=" + value,
            2 => path + "?" + string.Join('&', Enumerable.Range(0, random.Next(1, 600)).Select(i => $"a{i}={i}")),
            3 => path + "?" + Escaped(Nasty.Noise(random, 200)),
            _ => path + Encoding.Latin1.GetString(Bytes(Encoding.Latin1.GetBytes(query + "&x"))).Replace(' ', '+')
                .Replace('\r', '_').Replace('\n', '_'),
        };
    }

    private void MutateHeaders(FuzzedRequest request)
    {
        var at = random.Next(request.Headers.Count);
        var (name, value) = request.Headers[at];
        switch (random.Next(6))
        {
            case 0:
                request.Headers.RemoveAt(at);
                if (request.Headers.Count == 0)
                {
                    request.Headers.Add(("X", "y"));
                }

                break;
            case 1:
                request.Headers.Insert(at, (name, value));
                break;
            case 2:
                request.Headers[at] = (name, OneLine(Encoding.Latin1.GetString(Bytes(Encoding.Latin1.GetBytes(value)))));
                break;
            case 3:
                request.Headers[at] = (name, OneLine(Nasty.Noise(random, 100)));
                break;
            default:
                var nasty = Nasty.Headers[random.Next(Nasty.Headers.Length)];
                request.Headers.RemoveAll(one => random.Next(2) == 0
                    && string.Equals(one.Name, nasty.Name, StringComparison.OrdinalIgnoreCase));
                request.Headers.Add(nasty);
                break;
        }
    }

    private void MutateMethod(FuzzedRequest request) => request.Method = Nasty.Methods[random.Next(Nasty.Methods.Length)];

    private static (string Path, string Query) Split(string target)
    {
        var at = target.IndexOf('?', StringComparison.Ordinal);
        return at < 0 ? (target, "") : (target[..at], target[at..]);
    }

    /// <summary>Escaped, or not, but never with what would end the request line.</summary>
    private string Escaped(string text) => random.Next(3) == 0
        ? OneLine(text).Replace(' ', '+')
        : Uri.EscapeDataString(text.Length > 0 && char.IsSurrogate(text[0]) ? "x" : text.ToWellFormed());

    private static string OneLine(string text) => text.Replace('\r', '_').Replace('\n', '_');
}

internal static class Surrogates
{
    /// <summary>The text with lone surrogates replaced, which no URI can hold.</summary>
    public static string ToWellFormed(this string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
}
