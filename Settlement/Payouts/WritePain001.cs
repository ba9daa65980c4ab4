using System.Globalization;
using System.Text;
using System.Xml;
using EGovPay.Processing;
using NodaTime;

namespace EGovPay.Settlement.Payouts;

/// <summary>Which edition of the message a bank takes.</summary>
public enum Pain001Edition
{
    /// <summary>pain.001.001.03.</summary>
    V3,

    /// <summary>pain.001.001.09.</summary>
    V9,
}

/// <summary>In which letters names and purposes are written.</summary>
public enum PayoutLetters
{
    /// <summary>As they are: ə ı ö ü ç ş ğ.</summary>
    Real,

    /// <summary>Those of <see cref="LatinLetters"/>.</summary>
    Latin,
}

/// <summary>Where the budget line and the purpose stand.</summary>
public enum PayoutRemittance
{
    /// <summary>As lines of text: the level, the code, then the purpose, the order of the interbank message's field 70.</summary>
    Unstructured,

    /// <summary>
    /// As fields: the level and the code are a tax record, the purpose is beside it. The edition of 2009 has no place for a tax record there.
    /// </summary>
    Structured,
}

/// <summary>What a file says of itself and how it is written.</summary>
/// <param name="MessageId">Ours, at most 31 characters: blocks add their number.</param>
/// <param name="MadeAt">Written in Baku's time, to the second.</param>
public sealed record Pain001Message(
    string MessageId, Instant MadeAt, Pain001Edition Edition, PayoutLetters Letters = PayoutLetters.Real,
    PayoutRemittance Remittance = PayoutRemittance.Unstructured);

/// <summary>
/// Writes orders as an ISO 20022 customer credit transfer: a block for each day and account of ours, count and sum in each and in the head.
/// The same orders and the same head are the same bytes.
/// </summary>
public static class WritePain001
{
    private const int LongestName = 140;
    private const int LongestLine = 140;
    private const int LongestMessageId = 31;

    /// <summary>Writes the file, or nothing where anything in it cannot be expressed.</summary>
    /// <returns>What cannot be expressed; empty when the file was written.</returns>
    public static IReadOnlyList<PayoutFault> To(Stream stream, Pain001Message message, IReadOnlyList<PayoutOrder> orders)
    {
        var faults = CheckOrders.Of(orders).ToList();
        if (!CheckOrders.IsId(message.MessageId) || message.MessageId.Length > LongestMessageId)
        {
            faults.Add(new PayoutFault("", "MessageId", $"An id has 1 to {LongestMessageId} capitals, digits and hyphens."));
        }

        var written = orders.Select(order => InLetters(order, message, faults)).ToList();
        if (faults.Count > 0)
        {
            return faults;
        }

        using var xml = XmlWriter.Create(stream, new XmlWriterSettings
        {
            Encoding = new UTF8Encoding(false), Indent = true, IndentChars = "  ", NewLineChars = "\n", CloseOutput = false,
        });
        new Writing(xml, message).Write(written);
        return [];
    }

    /// <summary>In which block each order stands, by its end-to-end id: what a bank says of a block it says of them.</summary>
    public static IReadOnlyDictionary<string, string> BlocksOf(string messageId, IReadOnlyList<PayoutOrder> orders) => Blocks(orders)
        .SelectMany((block, at) => block.Select(order => (order.EndToEndId, BlockId(messageId, at + 1))))
        .ToDictionary(pair => pair.EndToEndId, pair => pair.Item2, StringComparer.Ordinal);

    private static IEnumerable<IGrouping<(LocalDate Day, BankParty Debtor), PayoutOrder>> Blocks(IEnumerable<PayoutOrder> orders) =>
        orders.GroupBy(order => (order.ExecutionDay, order.Debtor));

    private static string BlockId(string messageId, int number) => string.Create(CultureInfo.InvariantCulture, $"{messageId}-{number:000}");

    private static PayoutOrder InLetters(PayoutOrder order, Pain001Message message, List<PayoutFault> faults)
    {
        if (order.Budget is not null && message is { Remittance: PayoutRemittance.Structured, Edition: Pain001Edition.V3 })
        {
            faults.Add(new PayoutFault(order.EndToEndId, "Budget",
                "pain.001.001.03 has no structured place for a budget level and code; write them unstructured, or take pain.001.001.09."));
        }

        var purpose = InLetters(order.EndToEndId, "Purpose", order.Purpose, LongestLine, message.Letters, faults);
        return order with
        {
            Purpose = purpose,
            Debtor = order.Debtor with
            {
                Name = InLetters(order.EndToEndId, "Debtor.Name", order.Debtor.Name, LongestName, message.Letters, faults),
            },
            Creditor = order.Creditor with
            {
                Name = InLetters(order.EndToEndId, "Creditor.Name", order.Creditor.Name, LongestName, message.Letters, faults),
            },
        };
    }

    private static string InLetters(
        string id, string field, string text, int longest, PayoutLetters letters, List<PayoutFault> faults)
    {
        string? strange = null;
        var written = letters == PayoutLetters.Real ? text : LatinLetters.Of(text, out strange);
        if (written is null)
        {
            faults.Add(new PayoutFault(id, field, $"\"{strange}\" has no Latin letter."));
            return text;
        }

        if (written.Length > longest)
        {
            faults.Add(new PayoutFault(id, field, $"It has more than {longest} characters, and nothing is cut."));
        }

        return written;
    }

    private sealed class Writing(XmlWriter xml, Pain001Message message)
    {
        private bool V9 => message.Edition == Pain001Edition.V9;

        public void Write(List<PayoutOrder> orders)
        {
            xml.WriteStartDocument();
            xml.WriteStartElement("Document", $"urn:iso:std:iso:20022:tech:xsd:pain.001.001.{(V9 ? "09" : "03")}");
            xml.WriteStartElement("CstmrCdtTrfInitn");
            xml.WriteStartElement("GrpHdr");
            Text("MsgId", message.MessageId);
            Text("CreDtTm", message.MadeAt.InZone(Baku.Zone).ToString("uuuu-MM-dd'T'HH:mm:sso<+HH:mm>", CultureInfo.InvariantCulture));
            Totals(orders);
            Party("InitgPty", orders[0].Debtor);
            xml.WriteEndElement();
            var block = 0;
            foreach (var one in Blocks(orders))
            {
                Block(++block, one.Key.Day, one.Key.Debtor, [.. one]);
            }

            xml.WriteEndElement();
            xml.WriteEndElement();
            xml.WriteEndDocument();
        }

        private void Block(int number, LocalDate day, BankParty debtor, List<PayoutOrder> orders)
        {
            xml.WriteStartElement("PmtInf");
            Text("PmtInfId", BlockId(message.MessageId, number));
            Text("PmtMtd", "TRF");
            Totals(orders);
            var date = day.ToString("uuuu-MM-dd", CultureInfo.InvariantCulture);
            if (V9)
            {
                xml.WriteStartElement("ReqdExctnDt");
                Text("Dt", date);
                xml.WriteEndElement();
            }
            else
            {
                Text("ReqdExctnDt", date);
            }

            Party("Dbtr", debtor);
            Account("DbtrAcct", debtor, PayoutOrder.Currency);
            Agent("DbtrAgt", debtor);
            Text("ChrgBr", "DEBT");
            foreach (var order in orders)
            {
                Transfer(order);
            }

            xml.WriteEndElement();
        }

        private void Transfer(PayoutOrder order)
        {
            xml.WriteStartElement("CdtTrfTxInf");
            xml.WriteStartElement("PmtId");
            Text("InstrId", order.EndToEndId);
            Text("EndToEndId", order.EndToEndId);
            xml.WriteEndElement();
            if (order.Urgent || order.Budget is not null)
            {
                xml.WriteStartElement("PmtTpInf");
                if (order.Urgent)
                {
                    Text("InstrPrty", "HIGH");
                }

                if (order.Budget is not null)
                {
                    xml.WriteStartElement("CtgyPurp");
                    Text("Cd", "TAXS");
                    xml.WriteEndElement();
                }

                xml.WriteEndElement();
            }

            xml.WriteStartElement("Amt");
            xml.WriteStartElement("InstdAmt");
            xml.WriteAttributeString("Ccy", PayoutOrder.Currency);
            xml.WriteString(new Money(order.AmountQepik).ToString());
            xml.WriteEndElement();
            xml.WriteEndElement();
            Agent("CdtrAgt", order.Creditor);
            Party("Cdtr", order.Creditor);
            Account("CdtrAcct", order.Creditor, null);
            Remittance(order);
            xml.WriteEndElement();
        }

        private void Remittance(PayoutOrder order)
        {
            xml.WriteStartElement("RmtInf");
            if (message.Remittance == PayoutRemittance.Unstructured)
            {
                if (order.Budget is { } lines)
                {
                    Text("Ustrd", lines.Level);
                    Text("Ustrd", lines.Code);
                }

                Text("Ustrd", order.Purpose);
            }
            else
            {
                xml.WriteStartElement("Strd");
                if (order.Budget is { } budget)
                {
                    xml.WriteStartElement("TaxRmt");
                    xml.WriteStartElement("Cdtr");
                    Text("TaxId", order.Creditor.Voen!);
                    xml.WriteEndElement();
                    xml.WriteStartElement("Rcrd");
                    Text("Tp", budget.Level);
                    Text("Ctgy", budget.Code);
                    xml.WriteEndElement();
                    xml.WriteEndElement();
                }

                Text("AddtlRmtInf", order.Purpose);
                xml.WriteEndElement();
            }

            xml.WriteEndElement();
        }

        private void Totals(List<PayoutOrder> orders)
        {
            Text("NbOfTxs", orders.Count.ToString(CultureInfo.InvariantCulture));
            Text("CtrlSum", new Money(orders.Sum(order => order.AmountQepik)).ToString());
        }

        private void Party(string name, BankParty party)
        {
            xml.WriteStartElement(name);
            Text("Nm", party.Name);
            if (party.Voen is { } voen)
            {
                // The last digit says whose number it is: 2 is a natural person's.
                xml.WriteStartElement("Id");
                xml.WriteStartElement(voen[^1] == '2' ? "PrvtId" : "OrgId");
                xml.WriteStartElement("Othr");
                Text("Id", voen);
                xml.WriteStartElement("SchmeNm");
                Text("Cd", "TXID");
                xml.WriteEndElement();
                xml.WriteEndElement();
                xml.WriteEndElement();
                xml.WriteEndElement();
            }

            xml.WriteEndElement();
        }

        private void Account(string name, BankParty party, string? currency)
        {
            xml.WriteStartElement(name);
            xml.WriteStartElement("Id");
            Text("IBAN", party.Iban);
            xml.WriteEndElement();
            if (currency is not null)
            {
                Text("Ccy", currency);
            }

            xml.WriteEndElement();
        }

        private void Agent(string name, BankParty party)
        {
            xml.WriteStartElement(name);
            xml.WriteStartElement("FinInstnId");
            if (party.Bic is { } bic)
            {
                Text(V9 ? "BICFI" : "BIC", bic);
            }

            if (party.BankCode is { } code)
            {
                xml.WriteStartElement("ClrSysMmbId");
                Text("MmbId", code);
                xml.WriteEndElement();
            }

            xml.WriteEndElement();
            xml.WriteEndElement();
        }

        private void Text(string name, string value) => xml.WriteElementString(name, value);
    }
}
