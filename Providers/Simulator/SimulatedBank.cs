using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Xml;
using EGovPay.Providers.Osmp;
using NodaTime;
using NodaTime.Text;

namespace EGovPay.Providers.Simulator;

/// <summary>What a file differs in from the record it was written from: a kind of break, and what it is about.</summary>
internal readonly record struct Planted(string Kind, string About)
{
    public override string ToString() => $"{Kind}\t{About}\n";
}

/// <summary>
/// A bank that executes what it is told (pain.001) and takes in what agents pay, keeps its own record of it, and writes statements of an
/// account from that record: camt.053 and MT940 of the same bookings under the same references. In memory: a demo's day.
/// </summary>
internal sealed class SimulatedBank(long seed)
{
    private const long OpeningQepik = 500_000_000_00;

    private readonly Lock gate = new();
    private readonly Dictionary<string, Booking> byId = new(StringComparer.Ordinal);

    /// <summary>Takes a payment file; an order that is known by its end-to-end id is not executed again. How many were new.</summary>
    /// <exception cref="XmlException">It is no XML.</exception>
    /// <exception cref="FormatException">An amount or a day in it cannot be read.</exception>
    public int Take(Stream pain001)
    {
        using var xml = XmlReader.Create(pain001, new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null });
        var (day, id, amount, account, taken) = (default(LocalDate), "", 0L, "", 0);
        var creditor = false;
        while (xml.Read())
        {
            if (xml.NodeType == XmlNodeType.EndElement && xml.LocalName == "CdtTrfTxInf")
            {
                taken += Book(new Booking(id, -amount, account, day)) ? 1 : 0;
                creditor = false;
            }
            else if (xml.NodeType == XmlNodeType.Element)
            {
                switch (xml.LocalName)
                {
                    case "ReqdExctnDt":
                        day = Day(xml);
                        break;
                    case "EndToEndId":
                        id = Text(xml);
                        break;
                    case "InstdAmt":
                        amount = OsmpText.TryReadSum(Text(xml), out var qepik) ? qepik : throw new FormatException("InstdAmt");
                        break;
                    case "CdtrAcct":
                        creditor = true;
                        break;
                    case "IBAN" when creditor:
                        account = Text(xml);
                        break;
                }
            }
        }

        return taken;
    }

    /// <summary>An agent pays in. False: this deposit is known.</summary>
    public bool Deposit(string from, long qepik, string reference, LocalDate day) => Book(new Booking(reference, qepik, from, day));

    /// <summary>A statement of what was booked in some days, and what in it is not as the record has it.</summary>
    public (string Text, IReadOnlyList<Planted> Planted) Statement(string account, LocalDate from, LocalDate to, RegisterLies lies, bool mt940)
    {
        var lines = new List<(string Reference, Booking Booking)>();
        var planted = new List<Planted>();
        lock (gate)
        {
            lines.AddRange(byId.Where(one => one.Value.Day >= from && one.Value.Day <= to)
                .OrderBy(one => one.Value.Day).ThenBy(one => one.Key, StringComparer.Ordinal)
                .Select(one => (Reference(one.Key), one.Value)));
        }

        var debits = lines.Where(line => line.Booking.Qepik < 0).Select(line => line.Reference).ToList();
        var drawn = (int)(Draw.From(seed, account, (ulong)from.ToDateOnly().DayNumber) % 1_000_003);
        if (lies.HasFlag(RegisterLies.Missing) && debits.Count > 2)
        {
            var gone = lines.FindIndex(line => line.Reference == debits[drawn % debits.Count]);
            planted.Add(new Planted("MissingThere", lines[gone].Booking.Id));
            lines.RemoveAt(gone);
        }

        if (lies.HasFlag(RegisterLies.Changed) && debits.Count > 2)
        {
            var more = lines.FindIndex(line => line.Reference == debits[(drawn + 1) % debits.Count]);
            planted.Add(new Planted("OverAmount", lines[more].Booking.Id));
            lines[more] = (lines[more].Reference, lines[more].Booking with { Qepik = lines[more].Booking.Qepik - 1 });
        }

        if (lies.HasFlag(RegisterLies.Extra))
        {
            var nobodys = Reference(string.Join(' ', lines.Select(line => line.Reference))).Replace("SB", "NOBODYS", StringComparison.Ordinal);
            planted.Add(new Planted("Unidentified", nobodys));
            lines.Add((Reference(nobodys), new Booking(nobodys, -1_00, "AZ00SIMU00000000000000000000", to)));
        }

        return (mt940 ? Mt940(account, from, to, lines) : Camt053(account, from, to, lines), planted);
    }

    private bool Book(Booking one)
    {
        lock (gate)
        {
            return byId.TryAdd($"{one.Account}/{one.Id}", one);
        }
    }

    /// <summary>The bank's own reference: of a booking the same whenever and in whatever form it is written.</summary>
    private static string Reference(string key) =>
        "SB" + Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(key)).AsSpan(0, 6));

    private static string Camt053(string account, LocalDate from, LocalDate to, List<(string Reference, Booking Booking)> lines)
    {
        var text = new StringBuilder(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\"><BkToCstmrStmt>");
        var written = $"{Iso(to)}T23:00:00+04:00";
        text.Append(CultureInfo.InvariantCulture, $"<GrpHdr><MsgId>SIM{Iso(from)}</MsgId><CreDtTm>{written}</CreDtTm></GrpHdr><Stmt>");
        text.Append(CultureInfo.InvariantCulture, $"<Id>SIM-{Iso(from)}-{Iso(to)}</Id><CreDtTm>{written}</CreDtTm>");
        text.Append(CultureInfo.InvariantCulture,
            $"<FrToDt><FrDtTm>{Iso(from)}T00:00:00+04:00</FrDtTm><ToDtTm>{written}</ToDtTm></FrToDt>");
        text.Append(CultureInfo.InvariantCulture, $"<Acct><Id><IBAN>{account}</IBAN></Id><Ccy>AZN</Ccy></Acct>");
        Balance(text, "OPBD", OpeningQepik, from);
        Balance(text, "CLBD", OpeningQepik + lines.Sum(line => line.Booking.Qepik), to);
        foreach (var (reference, one) in lines)
        {
            var party = one.Qepik < 0 ? "CdtrAcct" : "DbtrAcct";
            text.Append(CultureInfo.InvariantCulture, $"<Ntry><Amt Ccy=\"AZN\">{OsmpText.Sum(Math.Abs(one.Qepik))}</Amt>");
            text.Append(CultureInfo.InvariantCulture, $"<CdtDbtInd>{Indicator(one.Qepik)}</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>");
            text.Append(CultureInfo.InvariantCulture,
                $"<BookgDt><Dt>{Iso(one.Day)}</Dt></BookgDt><ValDt><Dt>{Iso(one.Day)}</Dt></ValDt><AcctSvcrRef>{reference}</AcctSvcrRef>");
            text.Append("<BkTxCd><Prtry><Cd>NTRF</Cd></Prtry></BkTxCd><NtryDtls><TxDtls>");
            text.Append(CultureInfo.InvariantCulture, $"<Refs><EndToEndId>{one.Id}</EndToEndId></Refs>");
            text.Append(CultureInfo.InvariantCulture,
                $"<RltdPties><{party}><Id><IBAN>{one.Account}</IBAN></Id></{party}></RltdPties></TxDtls></NtryDtls></Ntry>");
        }

        return text.Append("</Stmt></BkToCstmrStmt></Document>\n").ToString();
    }

    private static void Balance(StringBuilder text, string code, long qepik, LocalDate day)
    {
        text.Append(CultureInfo.InvariantCulture, $"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>");
        text.Append(CultureInfo.InvariantCulture, $"<Amt Ccy=\"AZN\">{OsmpText.Sum(Math.Abs(qepik))}</Amt>");
        text.Append(CultureInfo.InvariantCulture, $"<CdtDbtInd>{Indicator(qepik)}</CdtDbtInd><Dt><Dt>{Iso(day)}</Dt></Dt></Bal>");
    }

    private static string Mt940(string account, LocalDate from, LocalDate to, List<(string Reference, Booking Booking)> lines)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $":20:SIM{from:yyMMdd}\r\n:25:{account}\r\n:28C:{from.DayOfYear}/1\r\n");
        text.Append(CultureInfo.InvariantCulture, $":60F:C{from:yyMMdd}AZN{Comma(OpeningQepik)}\r\n");
        foreach (var (reference, one) in lines)
        {
            text.Append(CultureInfo.InvariantCulture,
                $":61:{one.Day:yyMMdd}{one.Day:MMdd}{(one.Qepik < 0 ? 'D' : 'C')}{Comma(Math.Abs(one.Qepik))}NTRFNONREF//{reference}\r\n");
            text.Append(CultureInfo.InvariantCulture, $":86:EREF+{one.Id}\r\n");
        }

        text.Append(CultureInfo.InvariantCulture, $":62F:C{to:yyMMdd}AZN{Comma(OpeningQepik + lines.Sum(line => line.Booking.Qepik))}\r\n-\r\n");
        return text.ToString();
    }

    /// <summary>The element's text; the reader stays inside, so that the loop meets its end.</summary>
    private static string Text(XmlReader xml) => !xml.IsEmptyElement && xml.Read() && xml.NodeType == XmlNodeType.Text ? xml.Value : "";

    /// <summary>The day inside, bare or in a choice of day and time.</summary>
    private static LocalDate Day(XmlReader xml)
    {
        using var inside = xml.ReadSubtree();
        while (inside.Read())
        {
            if (inside.NodeType == XmlNodeType.Text)
            {
                return LocalDatePattern.Iso.Parse(inside.Value[..Math.Min(10, inside.Value.Length)]).GetValueOrThrow();
            }
        }

        throw new FormatException("ReqdExctnDt");
    }

    private static string Indicator(long qepik) => qepik < 0 ? "DBIT" : "CRDT";

    private static string Comma(long qepik) => OsmpText.Sum(qepik).Replace('.', ',');

    private static string Iso(LocalDate day) => LocalDatePattern.Iso.Format(day);

    /// <param name="Id">End-to-end id, or a deposit's reference.</param>
    /// <param name="Qepik">Into our account positive.</param>
    /// <param name="Account">The other side's.</param>
    private sealed record Booking(string Id, long Qepik, string Account, LocalDate Day);
}
