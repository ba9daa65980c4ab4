using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml;
using EGovPay.Providers.Wire;

namespace EGovPay.Providers.Osmp;

/// <summary>
/// What an OSMP answer says, read with care: what is seen in the wild and can be read in one way only is read (white
/// space before <c>&lt;?xml</c>, <c>result = 0</c>, windows-1251, bare ampersands); anything else is a fault, never a
/// guess. A document type, and so every entity, is refused before it is looked at.
/// </summary>
/// <param name="Result">The result code, 0–9999.</param>
/// <param name="Transaction">Our number as they give it back; empty is null.</param>
/// <param name="ProviderTransaction">Their number, as it came, ≤ 64 characters, or null.</param>
/// <param name="SumQepik">The sum, or null where there is none.</param>
/// <param name="Comment">Free text, ≤ 500 characters, or null; it may hold a person's name: never logged.</param>
/// <param name="Fields">The named values of <c>fields</c>, in order.</param>
public sealed partial record OsmpAnswer(
    int Result,
    string? Transaction,
    string? ProviderTransaction,
    long? SumQepik,
    string? Comment,
    IReadOnlyList<KeyValuePair<string, string>> Fields)
{
    /// <summary>A reversal's number as they give it back, or null.</summary>
    public string? Cancellation { get; init; }

    private const int MostFields = 200;
    private const int LongestComment = 500;
    private const int LongestProviderTransaction = 64;

    private static readonly XmlReaderSettings Safe = new()
    {
        DtdProcessing = DtdProcessing.Prohibit,
        XmlResolver = null,
        MaxCharactersFromEntities = 0,
        CheckCharacters = false,
        IgnoreComments = true,
        IgnoreProcessingInstructions = true,
        IgnoreWhitespace = true,
    };

    private static readonly byte[][] PlainDeclarations =
    [
        """<?xml version="1.0" encoding="UTF-8"?>"""u8.ToArray(), """<?xml version="1.0" encoding="utf-8"?>"""u8.ToArray(),
        """<?xml version="1.0"?>"""u8.ToArray(),
    ];

    /// <summary>What stands for itself in XML, whatever the encoding; neither markup nor an end of a line, which XML rewrites.</summary>
    private static readonly SearchValues<byte> PlainText = SearchValues.Create(
        [.. Enumerable.Range(' ', 95).Select(letter => (byte)letter).Except("<>&"u8.ToArray())]);

    /// <summary>The first value of a named field, or null.</summary>
    public string? Field(string name)
    {
        foreach (var (known, value) in Fields)
        {
            if (string.Equals(known, name, StringComparison.Ordinal))
            {
                return value;
            }
        }

        return null;
    }

    /// <summary>Reads an answer. Null, and why, for what cannot be read safely. Never throws.</summary>
    /// <param name="charset">The charset of the Content-Type header, or null.</param>
    public static OsmpAnswer? Read(ReadOnlySpan<byte> body, string? charset, out string? fault)
    {
        var plain = new Parts();
        return plain.ReadPlain(body) ? plain.Answer(out fault) : ReadXml(body, charset, out fault);
    }

    /// <summary>The same, by the parser of XML, whatever it is.</summary>
    internal static OsmpAnswer? ReadXml(ReadOnlySpan<byte> body, string? charset, out string? fault)
    {
        fault = null;
        try
        {
            var text = BodyText.Decode(body, charset).TrimStart('\uFEFF', ' ', '\t', '\r', '\n');
            if (text.Length == 0)
            {
                fault = "the body is empty";
                return null;
            }

            using var reader = XmlReader.Create(new StringReader(BareAmpersand().Replace(text, "&amp;")), Safe);
            var parts = new Parts();
            fault = parts.Read(reader);
            return fault is null ? parts.Answer(out fault) : null;
        }
        catch (Exception broken) when (broken is XmlException or ArgumentException or InvalidOperationException)
        {
            fault = "the body is not well-formed XML";
            return null;
        }
    }

    /// <summary>
    /// An ampersand that starts none of XML's own references. Named entities of a document type become plain text.
    /// </summary>
    [GeneratedRegex("&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9A-Fa-f]{1,6});)", RegexOptions.CultureInvariant)]
    private static partial Regex BareAmpersand();

    /// <summary><c>0</c>, or <c>result = 0</c> as some templates emit it.</summary>
    [GeneratedRegex(@"^\s*(?:result\s*=\s*)?(0|[1-9][0-9]{0,3})\s*\z", RegexOptions.CultureInvariant)]
    private static partial Regex ResultCode();

    /// <summary>
    /// The elements as they are met. A repeated one is a fault: which of two results is the truth is not ours to
    /// choose.
    /// </summary>
    private sealed class Parts
    {
        private static readonly string[] Known = ["result", "osmp_txn_id", "prv_txn", "sum", "comment", "cancel_txn_id"];

        private readonly Dictionary<string, string> elements = new(StringComparer.Ordinal);
        private readonly List<KeyValuePair<string, string>> fields = [];

        /// <summary>
        /// Reads an answer as nearly all are: known elements once each, ASCII, no attribute and no reference. False: it is not as plain as
        /// that, and nothing is said of it; the parser of XML, which costs as much as the rest of a payment's way, reads it then.
        /// </summary>
        public bool ReadPlain(ReadOnlySpan<byte> body)
        {
            var rest = Trim(body);
            foreach (var declaration in PlainDeclarations)
            {
                if (rest.StartsWith(declaration))
                {
                    rest = Trim(rest[declaration.Length..]);
                    break;
                }
            }

            if (!Skip(ref rest, "<response>"u8))
            {
                return false;
            }

            while (!Skip(ref rest, "</response>"u8))
            {
                if (!ReadPlainElement(ref rest))
                {
                    return false;
                }
            }

            return rest.IsEmpty;
        }

        private bool ReadPlainElement(ref ReadOnlySpan<byte> rest)
        {
            var end = rest.IndexOf((byte)'>');
            if (end < 2 || rest[0] != '<' || Find(rest[1..end]) is not { } name)
            {
                return false;
            }

            rest = rest[(end + 1)..];
            var length = rest.IndexOf((byte)'<');
            if (length < 0 || rest[..length].ContainsAnyExcept(PlainText) || !elements.TryAdd(name, Encoding.ASCII.GetString(rest[..length])))
            {
                return false;
            }

            rest = rest[length..];
            return Skip(ref rest, "</"u8) && Skip(ref rest, name) && Skip(ref rest, ">"u8);
        }

        private static string? Find(ReadOnlySpan<byte> name)
        {
            foreach (var known in Known)
            {
                if (Ascii.Equals(name, known))
                {
                    return known;
                }
            }

            return null;
        }

        /// <summary>True: it stood here, and is behind, with the white space after it.</summary>
        private static bool Skip(ref ReadOnlySpan<byte> rest, ReadOnlySpan<byte> what)
        {
            if (!rest.StartsWith(what))
            {
                return false;
            }

            rest = what[^1] == '>' ? Trim(rest[what.Length..]) : rest[what.Length..];
            return true;
        }

        private static bool Skip(ref ReadOnlySpan<byte> rest, string name)
        {
            if (rest.Length < name.Length || !Ascii.Equals(rest[..name.Length], name))
            {
                return false;
            }

            rest = rest[name.Length..];
            return true;
        }

        private static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> text) => text.Trim(" \t\r\n"u8);

        public string? Read(XmlReader reader)
        {
            reader.MoveToContent();
            if (reader is not { NodeType: XmlNodeType.Element, LocalName: "response" })
            {
                return "the root is not <response>";
            }

            if (!reader.IsEmptyElement)
            {
                reader.Read();
                while (reader.NodeType != XmlNodeType.EndElement)
                {
                    if (reader.NodeType != XmlNodeType.Element)
                    {
                        return "text stands between the elements";
                    }

                    if (reader.LocalName is "fields" ? ReadFields(reader) : ReadElement(reader))
                    {
                        continue;
                    }

                    return "an element is there twice, or the fields are too many";
                }
            }

            // What follows the root is read to its end: a body that goes on is not the one that was meant.
            while (reader.Read())
            {
            }

            return null;
        }

        public OsmpAnswer? Answer(out string? fault)
        {
            var code = ResultCode().Match(elements.GetValueOrDefault("result", ""));
            if (!code.Success)
            {
                fault = "there is no result code that can be read";
                return null;
            }

            long? sum = null;
            if (elements.TryGetValue("sum", out var sumText) && sumText.Trim().Length > 0)
            {
                if (!OsmpText.TryReadSum(sumText, out var qepik))
                {
                    fault = "the sum cannot be read";
                    return null;
                }

                sum = qepik;
            }

            fault = null;
            return new OsmpAnswer(
                int.Parse(code.Groups[1].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture),
                Trimmed("osmp_txn_id"),
                CleanText.WholeOrNone(Trimmed("prv_txn"), LongestProviderTransaction),
                sum,
                CleanText.Of(Trimmed("comment"), LongestComment),
                fields)
            {
                Cancellation = Trimmed("cancel_txn_id"),
            };
        }

        private string? Trimmed(string name)
        {
            var value = elements.GetValueOrDefault(name, "").Trim();
            return value.Length == 0 ? null : value;
        }

        /// <summary>Reads one element and stands behind it. Elements inside an unknown one are stepped over.</summary>
        private bool ReadElement(XmlReader reader)
        {
            var name = reader.LocalName;
            if (!Known.Contains(name))
            {
                reader.Skip();
                return true;
            }

            return elements.TryAdd(name, reader.ReadElementContentAsString());
        }

        private bool ReadFields(XmlReader reader)
        {
            if (reader.IsEmptyElement)
            {
                return reader.Read();
            }

            reader.Read();
            while (reader.NodeType != XmlNodeType.EndElement)
            {
                if (reader.NodeType != XmlNodeType.Element)
                {
                    if (!reader.Read())
                    {
                        return false;
                    }

                    continue;
                }

                var name = reader.GetAttribute("name") ?? reader.LocalName;
                if (fields.Count == MostFields)
                {
                    return false;
                }

                fields.Add(new(name, reader.ReadElementContentAsString().Trim()));
            }

            return reader.Read();
        }
    }
}
