using System.Globalization;
using System.Text;
using System.Xml;
using EGovPay.Processing;
using EGovPay.Processing.Payments;
using EGovPay.Processing.StateMachine;
using EGovPay.Providers.Osmp;

namespace EGovPay.Terminals.OsmpIn;

/// <summary>What OSMP terminal software is answered: always 200, always well-formed.</summary>
/// <param name="Transaction">The caller's number as it can be given back, or empty.</param>
/// <param name="Result">A code of the table in the protocol's description.</param>
/// <param name="Number">Our payment number, the protocol's <c>prv_txn</c>.</param>
/// <param name="Fields">Named values that an inquiry found.</param>
internal sealed record OsmpReply(
    string Transaction, int Result, long? Number = null, long? SumQepik = null, string? Comment = null,
    IReadOnlyList<KeyValuePair<string, string>>? Fields = null)
{
    public const string ContentType = "text/xml; charset=utf-8";

    /// <summary>The result that a refusal is in this protocol.</summary>
    public static int ResultOf(Refusal why) => why switch
    {
        Refusal.NotAuthenticated or Refusal.SignatureInvalid or Refusal.Replayed => OsmpResult.WrongSignature,
        Refusal.TerminalSuspended or Refusal.ServiceNotAllowed or Refusal.ServiceSuspended
            or Refusal.ServiceClosedNow =>
            OsmpResult.Forbidden,
        Refusal.AccountMalformed or Refusal.AccountCheckDigit or Refusal.FieldMissing or Refusal.FieldMalformed =>
            OsmpResult.AccountMalformed,
        Refusal.AmountTooSmall => OsmpResult.TooSmall,
        Refusal.AmountTooLarge => OsmpResult.TooLarge,
        Refusal.AccountNotFound => OsmpResult.AccountNotFound,
        Refusal.AccountInactive => OsmpResult.AccountInactive,
        Refusal.TooManyRequests or Refusal.InsufficientFunds or Refusal.TerminalLimit or Refusal.ProviderUnavailable
            or Refusal.Overloaded or Refusal.OutcomeNotKnown or Refusal.Internal => OsmpResult.Temporary,

        // A shift may be opened and the same request come again; a final answer would send the payer away for good.
        Refusal.ShiftNotOpen => OsmpResult.Temporary,
        _ => OsmpResult.Other,
    };

    public static OsmpReply No(string transaction, Refusal why)
    {
        var name = Problems.RefusalText.Of(why).Name;
        Observing.Measures.Refused(name);
        return new OsmpReply(transaction, ResultOf(why), Comment: name);
    }

    /// <summary>
    /// A payment as it stands: 0 confirmed, 90 not final, a provider's no by the provider's own final code.
    /// </summary>
    public static OsmpReply Of(string transaction, Payment payment) => new(
        transaction,
        payment switch
        {
            { State: PaymentState.Confirmed or PaymentState.Reversing } => OsmpResult.Ok,
            { Final: false } => OsmpResult.NotFinished,
            { State: PaymentState.Declined } => FinalCodeOf(payment.ProviderCode),
            _ => OsmpResult.Other,
        },
        payment.Number, payment.AmountQepik, payment.State == PaymentState.Declined ? payment.DeclineName : null);

    /// <summary>The answer as XML.</summary>
    public byte[] ToXml()
    {
        using var written = new MemoryStream();
        using (var xml = XmlWriter.Create(written, new XmlWriterSettings { Encoding = new UTF8Encoding(false) }))
        {
            xml.WriteStartElement("response");
            xml.WriteElementString("osmp_txn_id", Transaction);
            if (Number is { } number)
            {
                xml.WriteElementString("prv_txn", number.ToString(CultureInfo.InvariantCulture));
            }

            if (SumQepik is { } sum)
            {
                xml.WriteElementString("sum", OsmpText.Sum(sum));
            }

            xml.WriteElementString("result", Result.ToString(CultureInfo.InvariantCulture));
            xml.WriteElementString("comment", Comment ?? "");
            WriteFields(xml);
            xml.WriteEndElement();
        }

        return written.ToArray();
    }

    private void WriteFields(XmlWriter xml)
    {
        if (Fields is not { Count: > 0 } fields)
        {
            return;
        }

        xml.WriteStartElement("fields");
        for (var i = 0; i < fields.Count; i++)
        {
            xml.WriteStartElement("field" + (i + 1).ToString(CultureInfo.InvariantCulture));
            xml.WriteAttributeString("name", Printable(fields[i].Key));
            xml.WriteString(Printable(fields[i].Value));
            xml.WriteEndElement();
        }

        xml.WriteEndElement();
    }

    /// <summary>What a provider called a payer or a line may hold what XML cannot.</summary>
    private static string Printable(string text) => text.All(XmlConvert.IsXmlChar)
        ? text
        : new string([.. text.Select(one => XmlConvert.IsXmlChar(one) ? one : '?')]);

    private static int FinalCodeOf(string? providerCode) =>
        int.TryParse(providerCode, NumberStyles.None, CultureInfo.InvariantCulture, out var code)
        && OsmpResult.Of(code) is { Final: true, Code: not OsmpResult.Ok }
            ? code
            : OsmpResult.Other;
}
