using System.Globalization;
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
        private readonly Dictionary<string, string> elements = new(StringComparer.Ordinal);
        private readonly List<KeyValuePair<string, string>> fields = [];

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
            if (name is not ("result" or "osmp_txn_id" or "prv_txn" or "sum" or "comment" or "cancel_txn_id"))
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
