using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml;

namespace EGovPay.Settlement.Statements;

/// <summary>
/// Reads camt.052, 053 and 054 of the versions 02 to 13, whatever the namespace says: what differs between versions (BIC or BICFI, a status
/// as text or as a code, a party wrapped or not) is read either way.
/// </summary>
internal sealed partial class CamtReader : IDisposable
{
    /// <summary>No bank puts more under one entry; they are held together, since an entry is handed over whole.</summary>
    private const int MostTransactions = 50_000;

    private const int MostBalances = 1_000;

    private const int LongestRun = 1 << 20;

    private readonly XmlWalk _xml;
    private readonly BoundedBytes _bytes;
    private readonly Reckoning _to;
    private string? _version;
    private string? _messageId;

    public CamtReader(BoundedBytes bytes, Reckoning to)
    {
        (_bytes, _to) = (bytes, to);
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

    public async Task Read(CancellationToken cancellation)
    {
        try
        {
            await ReadFile(cancellation);
        }
        catch (XmlException wrong)
        {
            var document = wrong.Message.Contains("DTD", StringComparison.Ordinal);
            // The parser does not say where a document type stands.
            throw document
                ? RefusedStatementException.Of(
                    StatementRefusalReason.DocumentType, _bytes.LineOf("<!DOCTYPE"u8), 0, "<!DOCTYPE", "A document type is not read.")
                : RefusedStatementException.Of(StatementRefusalReason.NotWellFormed, Math.Max(1, wrong.LineNumber), wrong.LinePosition, "",
                    "The XML is not well formed: " + wrong.Message);
        }
        catch (RefusedStatementException refused) when (refused.Refusal.Line == 0)
        {
            // The bytes do not know their line.
            throw new RefusedStatementException(refused.Refusal with { Line = Math.Max(1, _xml.Line), Column = _xml.Column });
        }
    }

    public void Dispose() => _xml.Dispose();

    private async Task ReadFile(CancellationToken cancellation)
    {
        var found = false;
        XmlTree? first = null;
        while (_xml.NextElement())
        {
            if (FormatOf(_xml.Name) is { } format)
            {
                found = true;
                _to.Format = format;
                await ReadMessage(format, cancellation);
            }
            else if (_xml.Name is not ("Document" or "BizMsg" or "BizMsgEnvlp" or "Msg" or "Body") && _xml.Depth > 0)
            {
                first ??= new XmlTree(_xml.Name, _xml.Line, _xml.Column);
                _xml.Skip();
            }
            else if (_xml.Depth == 0)
            {
                first = _xml.Name == "Document" ? null : new XmlTree(_xml.Name, _xml.Line, _xml.Column);
            }
        }

        if (!found)
        {
            throw first?.Refuse(StatementRefusalReason.NotAStatement, "The message is none of camt.052, camt.053 and camt.054.")
                ?? RefusedStatementException.Of(StatementRefusalReason.NotAStatement, 1, 1, "Document", "There is no message.");
        }
    }

    private static StatementFormat? FormatOf(string name) => name switch
    {
        "BkToCstmrAcctRpt" => StatementFormat.Camt052,
        "BkToCstmrStmt" => StatementFormat.Camt053,
        "BkToCstmrDbtCdtNtfctn" => StatementFormat.Camt054,
        _ => null,
    };

    private async Task ReadMessage(StatementFormat format, CancellationToken cancellation)
    {
        var root = new XmlTree(_xml.Name, _xml.Line, _xml.Column);
        var depth = _xml.Depth;
        _version = Version().Match(_xml.Namespace) is { Success: true } match ? match.Groups[1].Value : null;
        if (_version is not null && int.Parse(_version, NumberStyles.None, CultureInfo.InvariantCulture) is < 2 or > 13)
        {
            await _to.Note(NoteKind.VersionUnknown, root.Line, root.Name, $"Version {_version} is not known here; read as the others.");
        }

        var statements = 0;
        if (_xml.HasContent)
        {
            while (_xml.NextChild(depth))
            {
                switch (_xml.Name)
                {
                    case "GrpHdr":
                        _messageId = _xml.Take().TextAt("MsgId");
                        break;
                    case "Stmt" or "Rpt" or "Ntfctn":
                        statements++;
                        await ReadStatement(format, cancellation);
                        break;
                    default:
                        _xml.Skip();
                        break;
                }
            }
        }

        if (statements == 0)
        {
            throw root.Refuse(StatementRefusalReason.NoStatement, "The message holds no statement: no Stmt, Rpt or Ntfctn.");
        }
    }

    private async Task ReadStatement(StatementFormat format, CancellationToken cancellation)
    {
        var place = new XmlTree(_xml.Name, _xml.Line, _xml.Column);
        var parts = new CamtStatement(format, _version, _messageId, place);
        var depth = _xml.Depth;
        var opened = false;
        if (_xml.HasContent)
        {
            while (_xml.NextChild(depth))
            {
                if (_xml.Name != "Ntry")
                {
                    parts.Take(_xml.Take());
                    if (parts.Balances > MostBalances)
                    {
                        throw place.Refuse(StatementRefusalReason.TooLarge, $"A statement has more than {MostBalances} balances.");
                    }

                    continue;
                }

                if (!opened)
                {
                    opened = true;
                    await _to.Opened(parts.Head());
                }

                cancellation.ThrowIfCancellationRequested();
                await ReadEntry(format);
            }
        }

        if (!opened)
        {
            await _to.Opened(parts.Head());
        }

        foreach (var note in parts.Notes)
        {
            await _to.Note(note.Kind, note.Line, note.Where, note.Text);
        }

        await _to.Closed(parts.Foot());
    }

    private async Task ReadEntry(StatementFormat format)
    {
        var entry = new XmlTree("Ntry", _xml.Line, _xml.Column);
        var depth = _xml.Depth;
        var held = new Held();
        if (_xml.HasContent)
        {
            while (_xml.NextChild(depth))
            {
                if (_xml.Name == "NtryDtls")
                {
                    ReadDetails(entry, format, held);
                }
                else
                {
                    entry.Add(_xml.Take());
                }
            }
        }

        var reading = held.Reading ?? new CamtEntry(entry, format);
        foreach (var note in reading.Notes)
        {
            await _to.Note(note.Kind, note.Line, note.Where, note.Text);
        }

        await _to.Entered(reading.Entry(_to.NextIndex, held.Batch, held.Transactions));
    }

    private void ReadDetails(XmlTree entry, StatementFormat format, Held held)
    {
        var depth = _xml.Depth;
        if (!_xml.HasContent)
        {
            return;
        }

        while (_xml.NextChild(depth))
        {
            var part = _xml.Take();
            if (part.Name == "Btch")
            {
                held.Batch ??= part;
            }
            else if (part.Name == "TxDtls")
            {
                // The schema puts the entry's own sign before its details; without it nothing can be said of them.
                held.Transactions.Add((held.Reading ??= new CamtEntry(entry, format)).Transaction(part));
                if (held.Transactions.Count > MostTransactions)
                {
                    throw entry.Refuse(StatementRefusalReason.TooLarge, $"An entry has more than {MostTransactions} transactions.");
                }
            }
        }
    }

    private sealed class Held
    {
        public List<EntryTransaction> Transactions { get; } = [];

        public XmlTree? Batch { get; set; }

        public CamtEntry? Reading { get; set; }
    }

    [GeneratedRegex(@"camt\.05[234]\.001\.([0-9]{2})$", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Version();
}
