using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace EGovPay.Processing.Catalogue;

/// <summary>One property of an object, and the line its name stands on.</summary>
internal readonly record struct JsonProperty(string Name, int Line, JsonWithLines Value);

/// <summary>
/// A piece of JSON that knows the line it begins on, so that whoever wrote the file is told where to look. Numbers keep
/// their text: an amount never passes through a floating-point number.
/// </summary>
internal sealed class JsonWithLines
{
    private const int DeepestNesting = 16;
    private const int MostProperties = 64;

    private JsonWithLines(JsonTokenType kind, int line, string text = "")
    {
        Kind = kind;
        Line = line;
        Text = text;
    }

    /// <summary>StartObject, StartArray, String, Number, True, False or Null.</summary>
    public JsonTokenType Kind { get; }

    /// <summary>The line it begins on, from 1.</summary>
    public int Line { get; }

    /// <summary>The unescaped string, or the number as written; empty for the rest.</summary>
    public string Text { get; }

    /// <summary>False when the file broke off inside: what is missing here is nobody's fault yet.</summary>
    public bool Complete { get; private set; } = true;

    public List<JsonProperty> Properties { get; } = [];

    public List<JsonWithLines> Items { get; } = [];

    /// <summary>
    /// Reads a whole document. A syntax fault is reported with its line, and what stood before it is returned
    /// nevertheless, so that the other faults can be named in the same run. Null when nothing could be read.
    /// </summary>
    public static JsonWithLines? Read(ReadOnlySpan<byte> utf8, CatalogueFaults faults)
    {
        if (utf8.StartsWith(Encoding.UTF8.Preamble))
        {
            utf8 = utf8[Encoding.UTF8.Preamble.Length..];
        }

        if (!Utf8.IsValid(utf8))
        {
            faults.Add(LineOfBrokenText(utf8), "The text is not UTF-8; save the file as UTF-8.");
            return null;
        }

        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = DeepestNesting });
        var lines = new LineCounter(utf8);
        var open = new Stack<JsonWithLines>();
        JsonWithLines? root = null;
        try
        {
            (string Name, int Line)? property = null;
            while (reader.Read())
            {
                var line = lines.At((int)reader.TokenStartIndex);
                switch (reader.TokenType)
                {
                    case JsonTokenType.PropertyName:
                        property = (reader.GetString()!, line);
                        break;
                    case JsonTokenType.EndObject or JsonTokenType.EndArray:
                        open.Pop().Complete = true;
                        break;
                    default:
                        var node = Place(ref reader, line, property, open, faults);
                        root ??= node;
                        property = null;
                        break;
                }
            }
        }
        catch (JsonException broken)
        {
            faults.Add((int)(broken.LineNumber ?? 0) + 1, "Not JSON from here on: " + WithoutPosition(broken.Message)
                + " Nothing after it was checked.");
        }
        catch (InvalidOperationException)
        {
            faults.Add(lines.At((int)reader.TokenStartIndex),
                "Not JSON from here on: a text holds half of a surrogate pair.");
        }

        return root;
    }

    private static JsonWithLines Place(
        ref Utf8JsonReader reader,
        int line,
        (string Name, int Line)? property,
        Stack<JsonWithLines> open,
        CatalogueFaults faults)
    {
        var kind = reader.TokenType;
        var text = kind switch
        {
            JsonTokenType.String => reader.GetString()!,
            JsonTokenType.Number => Encoding.UTF8.GetString(reader.ValueSpan),
            _ => "",
        };
        var node = new JsonWithLines(kind, line, text);
        if (open.TryPeek(out var parent))
        {
            if (property is { } named)
            {
                parent.AddProperty(named.Name, named.Line, node, faults);
            }
            else
            {
                parent.Items.Add(node);
            }
        }

        if (kind is JsonTokenType.StartObject or JsonTokenType.StartArray)
        {
            node.Complete = false;
            open.Push(node);
        }

        return node;
    }

    private void AddProperty(string name, int line, JsonWithLines value, CatalogueFaults faults)
    {
        foreach (var known in Properties)
        {
            if (known.Name == name)
            {
                faults.Add(line, $"\"{CatalogueFaults.Shorten(name)}\" is here twice (first on line "
                    + $"{known.Line}); keep one.");
                return;
            }
        }

        if (Properties.Count == MostProperties)
        {
            faults.Add(line, $"An object has more than {MostProperties} properties; the rest of it was not read.");
        }

        if (Properties.Count <= MostProperties)
        {
            Properties.Add(new JsonProperty(name, line, value));
        }
    }

    private static string WithoutPosition(string message)
    {
        var end = message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return end < 0 ? message : message[..end];
    }

    private static int LineOfBrokenText(ReadOnlySpan<byte> utf8)
    {
        var line = 1;
        foreach (var range in utf8.Split((byte)'\n'))
        {
            if (!Utf8.IsValid(utf8[range]))
            {
                return line;
            }

            line++;
        }

        return line;
    }

    /// <summary>Turns rising positions into line numbers, reading each byte once.</summary>
    private ref struct LineCounter(ReadOnlySpan<byte> text)
    {
        private readonly ReadOnlySpan<byte> _text = text;
        private int _position;
        private int _line = 1;

        public int At(int position)
        {
            if (position > _position)
            {
                _line += _text[_position..position].Count((byte)'\n');
                _position = position;
            }

            return _line;
        }
    }
}
