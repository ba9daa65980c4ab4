using System.Text.RegularExpressions;
using System.Xml;
using EGovPay.Settlement.Statements;

namespace EGovPay.Settlement.Payouts;

/// <summary>
/// Reads what a bank says of a payment file: pain.002.001.03 and newer. A word or an element that is not known where one of a few is due refuses
/// the whole file: money is moved by what it says.
/// </summary>
public sealed partial class ReadPain002 : IDisposable
{
    private const int Beginning = 4096;
    private const int LongestRun = 1 << 20;

    /// <summary>No file of ours has so many transfers.</summary>
    private const int MostStatuses = 100_000;

    /// <summary>ISO's reasons that say "I have that already": a message, a block, a transfer, its id, its number; and a duplication.</summary>
    private static readonly string[] OfRepetition = ["DU01", "DU02", "DU03", "DU04", "DU05", "AM05"];

    private static readonly string[] OfReport = ["GrpHdr", "OrgnlGrpInfAndSts", "OrgnlPmtInfAndSts", "SplmtryData"];

    private static readonly string[] OfGroup =
    [
        "OrgnlMsgId", "OrgnlMsgNmId", "OrgnlCreDtTm", "OrgnlNbOfTxs", "OrgnlCtrlSum", "GrpSts", "StsRsnInf", "NbOfTxsPerSts",
    ];

    private static readonly string[] OfBlock =
    [
        "OrgnlPmtInfId", "OrgnlNbOfTxs", "OrgnlCtrlSum", "PmtInfSts", "StsRsnInf", "NbOfTxsPerSts", "TxInfAndSts",
    ];

    private static readonly string[] OfTransfer =
    [
        "StsId", "OrgnlInstrId", "OrgnlEndToEndId", "OrgnlUETR", "TxSts", "StsRsnInf", "ChrgsInf", "TrckrData", "AccptncDtTm", "PrcgDt",
        "FctvIntrBkSttlmDt", "DbtrDcsnDtTm", "PmtCmplDtTm", "AcctSvcrRef", "ClrSysRef", "OrgnlTxRef", "SplmtryData",
    ];

    private readonly XmlWalk _xml;
    private readonly BoundedBytes _bytes;
    private readonly List<PaymentStatus> _statuses = [];
    private string? _edition;
    private string? _messageId;
    private XmlTree? _group;

    private ReadPain002(BoundedBytes bytes)
    {
        _bytes = bytes;
        bytes.LongestRun = LongestRun;
        _xml = new XmlWalk(XmlReader.Create(bytes, new XmlReaderSettings
        {
            DtdProcessing = DtdProcessing.Prohibit,
            XmlResolver = null,
            IgnoreComments = true,
            IgnoreProcessingInstructions = true,
            IgnoreWhitespace = true,
            MaxCharactersFromEntities = 1024,
        }));
    }

    /// <summary>Reads a file to its end or to what is wrong with it. Throws only what the stream throws.</summary>
    public static PaymentStatusReading From(Stream file)
    {
        var beginning = new byte[Beginning];
        var length = file.ReadAtLeast(beginning, Beginning, throwOnEndOfStream: false);
        using var reading = new ReadPain002(new BoundedBytes(beginning.AsMemory(0, length), file));
        try
        {
            return new PaymentStatusReading(reading.Read(), null);
        }
        catch (XmlException wrong)
        {
            var document = wrong.Message.Contains("DTD", StringComparison.Ordinal);
            return new PaymentStatusReading(null, document
                ? new StatementRefusal(StatementRefusalReason.DocumentType, reading._bytes.LineOf("<!DOCTYPE"u8), 0, "<!DOCTYPE",
                    "A document type is not read.")
                : new StatementRefusal(StatementRefusalReason.NotWellFormed, Math.Max(1, wrong.LineNumber), wrong.LinePosition, "",
                    "The XML is not well formed: " + wrong.Message));
        }
        catch (RefusedStatementException refused)
        {
            var refusal = refused.Refusal;
            return new PaymentStatusReading(null, refusal.Line > 0 ? refusal
                : refusal with { Line = Math.Max(1, reading._xml.Line), Column = reading._xml.Column });
        }
    }

    /// <summary>What a status means; null: it is not known. Of ISO's external lists, those that a payer's bank can say.</summary>
    public static PaymentVerdict? VerdictOf(string code) => code switch
    {
        "RCVD" or "PDNG" or "ACTC" or "PATC" or "ACPD" or "PRES" or "CPUC" or "BLCK" => PaymentVerdict.Pending,
        "ACCP" or "ACSP" or "ACWC" or "ACWP" or "ACFC" or "ACIS" => PaymentVerdict.Accepted,
        "ACSC" or "ACCC" => PaymentVerdict.Settled,
        "RJCT" or "CANC" => PaymentVerdict.Rejected,
        "PART" => PaymentVerdict.Partly,
        _ => null,
    };

    public void Dispose() => _xml.Dispose();

    private PaymentStatusReport Read()
    {
        while (_xml.NextElement())
        {
            switch (_xml.Name)
            {
                case "CstmrPmtStsRpt" when _messageId is null && _group is null:
                    ReadReport();
                    break;
                case "CstmrPmtStsRpt":
                    throw _xml.Refuse(StatementRefusalReason.Malformed, "There is a second report in the file.");
                case "Document" or "BizMsg" or "BizMsgEnvlp" or "Msg" or "Body":
                    _edition ??= Edition().Match(_xml.Namespace) is { Success: true } found ? found.Groups[1].Value : null;
                    break;
                case "AppHdr" or "Hdr" or "Header":
                    _xml.Skip();
                    break;
                default:
                    throw _xml.Refuse(StatementRefusalReason.NotRecognised, $"\"{_xml.Name}\" is no payment status report (pain.002).");
            }
        }

        if (_group is null)
        {
            throw RefusedStatementException.Of(StatementRefusalReason.NotRecognised, 1, 1, "", "There is no payment status report in the file.");
        }

        // What is refused without a reason, while a part of it is refused as a repetition, was sent beside that part.
        var statuses = _statuses.Select(one => one.Verdict == PaymentVerdict.Rejected && one.Reasons.All(each => each.Code is null)
            && _statuses.Exists(part => part.Verdict == PaymentVerdict.Repeated && part.Level > one.Level
                && (one.BlockId is null || part.BlockId == one.BlockId)) ? one with { Verdict = PaymentVerdict.Repeated } : one);
        return new PaymentStatusReport(
            _edition!, _messageId!, Needed(_group, "OrgnlMsgId"), Needed(_group, "OrgnlMsgNmId"), [.. statuses]);
    }

    private void ReadReport()
    {
        _edition ??= Edition().Match(_xml.Namespace) is { Success: true } found ? found.Groups[1].Value : null;
        if (_edition is null || string.CompareOrdinal(_edition, "03") < 0)
        {
            throw _xml.Refuse(StatementRefusalReason.NotRecognised, "The namespace names no pain.002.001.03 or newer.");
        }

        var depth = _xml.Depth;
        while (_xml.HasContent && _xml.NextChild(depth))
        {
            switch (_xml.Name)
            {
                case "GrpHdr" when _messageId is null:
                    _messageId = Needed(_xml.Take(), "MsgId");
                    break;
                case "OrgnlGrpInfAndSts" when _group is null:
                    _group = _xml.Take();
                    Known(_group, OfGroup);
                    Add(PaymentStatusLevel.Group, _group, "GrpSts", null, null, []);
                    break;
                case "OrgnlPmtInfAndSts" when _group is not null:
                    ReadBlock();
                    break;
                case "SplmtryData":
                    _xml.Skip();
                    break;
                default:
                    throw _xml.Refuse(StatementRefusalReason.Malformed, OfReport.Contains(_xml.Name, StringComparer.Ordinal)
                        ? $"\"{_xml.Name}\" stands in the wrong place, or again."
                        : $"\"{_xml.Name}\" is not known in a status report.");
            }
        }

        if (_messageId is null || _group is null)
        {
            throw _xml.Refuse(StatementRefusalReason.Missing, "A report has a head and the message that it is about.");
        }
    }

    /// <summary>Its transfers one by one; what is said of the block itself stands before them.</summary>
    private void ReadBlock()
    {
        var depth = _xml.Depth;
        var block = new XmlTree(_xml.Name, _xml.Line, _xml.Column);
        PaymentStatus? ofBlock = null;
        var told = false;
        void Tell()
        {
            if (!told)
            {
                told = true;
                ofBlock = Add(PaymentStatusLevel.Block, block, "PmtInfSts", Needed(block, "OrgnlPmtInfId"), null, [_group!]);
            }
        }

        while (_xml.HasContent && _xml.NextChild(depth))
        {
            if (_xml.Name != "TxInfAndSts")
            {
                if (told)
                {
                    throw _xml.Refuse(StatementRefusalReason.Malformed, $"\"{_xml.Name}\" stands after the transfers of its block.");
                }

                block.Add(_xml.Take());
                continue;
            }

            if (!told)
            {
                Known(block, OfBlock);
            }

            Tell();
            var transfer = _xml.Take();
            Known(transfer, OfTransfer);
            ReadTransfer(transfer, block, ofBlock);
        }

        Known(block, OfBlock);
        Tell();
    }

    private void ReadTransfer(XmlTree transfer, XmlTree block, PaymentStatus? ofBlock)
    {
        var id = transfer.TextAt("OrgnlEndToEndId") is { } given && given != "NOTPROVIDED" ? given : transfer.TextAt("OrgnlInstrId");
        if (id is null)
        {
            throw transfer.Refuse(StatementRefusalReason.Missing, "A transfer has the end-to-end id or the instruction's id that we gave it.");
        }

        if (Add(PaymentStatusLevel.Transfer, transfer, "TxSts", Needed(block, "OrgnlPmtInfId"), id, [block, _group!]) is not { } told)
        {
            return;
        }

        if (told.Verdict == PaymentVerdict.Partly)
        {
            throw transfer.Refuse(StatementRefusalReason.Malformed, "A single transfer is never partly accepted.");
        }

        if (told.Verdict is not (PaymentVerdict.Rejected or PaymentVerdict.Repeated)
            && (ofBlock ?? Group()) is { Verdict: PaymentVerdict.Rejected or PaymentVerdict.Repeated } above)
        {
            throw transfer.Refuse(StatementRefusalReason.Malformed,
                $"The transfer is {told.Code} and what it is part of is {above.Code}: one of them is wrong.");
        }
    }

    private PaymentStatus? Group() => _statuses.Count > 0 && _statuses[0].Level == PaymentStatusLevel.Group ? _statuses[0] : null;

    private PaymentStatus? Add(
        PaymentStatusLevel level, XmlTree tree, string status, string? blockId, string? endToEndId, IReadOnlyList<XmlTree> above)
    {
        if (tree.At(status) is not { } element)
        {
            return null;
        }

        if (element.Text is not { } code || VerdictOf(code) is not { } verdict)
        {
            throw element.Refuse(StatementRefusalReason.Malformed, $"\"{element.Text}\" is no status that is known.");
        }

        if (_statuses.Count == MostStatuses)
        {
            throw element.Refuse(StatementRefusalReason.TooLarge, $"There are more than {MostStatuses} statuses.");
        }

        List<PaymentStatusReason> reasons = [.. tree.All("StsRsnInf").Select(Reason)];
        if (verdict == PaymentVerdict.Rejected
            && (reasons.Exists(Repeats) || above.Any(one => Repeats(one, inherited: reasons.TrueForAll(each => each.Code is null)))))
        {
            verdict = PaymentVerdict.Repeated;
        }

        var told = new PaymentStatus(level, element.Line, blockId, endToEndId, code, verdict, reasons);
        _statuses.Add(told);
        return told;
    }

    private static bool Repeats(PaymentStatusReason reason) => OfRepetition.Contains(reason.Code, StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether what stands above is refused as a repetition, or gives that reason to what has none of its own.</summary>
    private static bool Repeats(XmlTree above, bool inherited) => above.All("StsRsnInf").Select(Reason).Any(Repeats)
        && (inherited || (above.TextAt("GrpSts") ?? above.TextAt("PmtInfSts")) is { } code && VerdictOf(code) == PaymentVerdict.Rejected);

    private static PaymentStatusReason Reason(XmlTree tree)
    {
        var text = string.Join(' ', tree.All("AddtlInf").Select(one => one.Text).Where(one => one is not null));
        if (tree.At("Rsn") is { } reason && reason.TextAt("Cd") is null && reason.TextAt("Prtry") is null)
        {
            throw reason.Refuse(StatementRefusalReason.Malformed, "A reason is a code or the bank's own word.");
        }

        return new PaymentStatusReason(
            tree.TextAt("Rsn", "Cd") ?? tree.TextAt("Rsn", "Prtry"), tree.At("Rsn", "Prtry") is not null, text.Length == 0 ? null : text);
    }

    private static string Needed(XmlTree tree, string name) => tree.TextAt(name)
        ?? throw tree.Refuse(StatementRefusalReason.Missing, $"\"{tree.Name}\" has no \"{name}\".");

    private static void Known(XmlTree tree, string[] names)
    {
        foreach (var child in tree.Children)
        {
            if (!names.Contains(child.Name, StringComparer.Ordinal))
            {
                throw child.Refuse(StatementRefusalReason.Malformed, $"\"{child.Name}\" is not known in \"{tree.Name}\".");
            }
        }
    }

    [GeneratedRegex(@"\bpain\.002\.001\.([0-9]{2})\b", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Edition();
}
