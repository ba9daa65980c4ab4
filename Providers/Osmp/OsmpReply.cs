using System.Globalization;
using System.Text;
using System.Xml;
using EGovPay.Processing;

namespace EGovPay.Providers.Osmp;

/// <summary>
/// What we answer when we are the provider: existing terminal software calls us by OSMP. Well-formed XML for every case, also an
/// unknown command; what our refusals and states are in the protocol's codes.
/// </summary>
/// <param name="Transaction">The caller's number as it came; echoed even where it is nonsense, made harmless.</param>
/// <param name="ProviderTransaction">Our payment number, with pay; null elsewhere.</param>
public sealed record OsmpReply(
    int Result,
    string? Transaction,
    string? ProviderTransaction = null,
    long? SumQepik = null,
    string? Comment = null,
    IReadOnlyList<KeyValuePair<string, string>>? Fields = null)
{
    private const int LongestEcho = 64;

    private static readonly XmlWriterSettings Form = new()
    {
        Encoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
        CheckCharacters = false,
    };

    /// <summary>The code for a refusal of ours.</summary>
    public static int ResultOf(Refusal refusal) => refusal switch
    {
        Refusal.NotAuthenticated or Refusal.SignatureInvalid or Refusal.Replayed => OsmpResult.WrongSignature,
        Refusal.TerminalSuspended or Refusal.ServiceNotAllowed or Refusal.ServiceSuspended or Refusal.ServiceClosedNow =>
            OsmpResult.Forbidden,
        Refusal.AccountMalformed or Refusal.AccountCheckDigit or Refusal.FieldMissing or Refusal.FieldMalformed =>
            OsmpResult.AccountMalformed,
        Refusal.AmountTooSmall => OsmpResult.TooSmall,
        Refusal.AmountTooLarge => OsmpResult.TooLarge,
        Refusal.AccountNotFound => OsmpResult.AccountNotFound,
        Refusal.AccountInactive => OsmpResult.AccountInactive,
        Refusal.TooManyRequests or Refusal.InsufficientFunds or Refusal.TerminalLimit or Refusal.ProviderUnavailable
            or Refusal.Overloaded or Refusal.OutcomeNotKnown or Refusal.Internal => OsmpResult.Temporary,
        _ => OsmpResult.Other,
    };

    /// <summary>
    /// The code for a payment that a provider declined: the provider's own where it is a final one of the protocol, 300 elsewhere.
    /// </summary>
    public static int ResultOfDecline(string? providerCode) =>
        int.TryParse(providerCode, NumberStyles.None, CultureInfo.InvariantCulture, out var code)
            && OsmpResult.Of(code) is { Final: true, Code: not OsmpResult.Ok } ? code : OsmpResult.Other;

    /// <summary>The answer's bytes, UTF-8.</summary>
    public byte[] ToXml()
    {
        using var bytes = new MemoryStream(512);
        using (var xml = XmlWriter.Create(bytes, Form))
        {
            xml.WriteStartElement("response");
            Element(xml, "osmp_txn_id", Transaction is { Length: > LongestEcho } ? Transaction[..LongestEcho] : Transaction ?? "");
            if (ProviderTransaction is not null)
            {
                Element(xml, "prv_txn", ProviderTransaction);
            }

            if (SumQepik is { } qepik)
            {
                Element(xml, "sum", OsmpText.Sum(qepik));
            }

            Element(xml, "result", Result.ToString(CultureInfo.InvariantCulture));
            Element(xml, "comment", Comment ?? "");
            WriteFields(xml);
            xml.WriteEndElement();
        }

        return bytes.ToArray();
    }

    private void WriteFields(XmlWriter xml)
    {
        if (Fields is not { Count: > 0 })
        {
            return;
        }

        xml.WriteStartElement("fields");
        for (var i = 0; i < Fields.Count; i++)
        {
            xml.WriteStartElement($"field{(i + 1).ToString(CultureInfo.InvariantCulture)}");
            xml.WriteAttributeString("name", Plain(Fields[i].Key));
            xml.WriteString(Plain(Fields[i].Value));
            xml.WriteEndElement();
        }

        xml.WriteEndElement();
    }

    private static void Element(XmlWriter xml, string name, string value)
    {
        xml.WriteStartElement(name);
        xml.WriteString(Plain(value));
        xml.WriteEndElement();
    }

    /// <summary>Characters that XML cannot hold, escaped or not, become question marks.</summary>
    private static string Plain(string text)
    {
        foreach (var letter in text)
        {
            if (!XmlConvert.IsXmlChar(letter))
            {
                return string.Concat(text.Select(one => XmlConvert.IsXmlChar(one) ? one : '?'));
            }
        }

        return text;
    }
}
