using System.Text;
using System.Text.RegularExpressions;

namespace EGovPay.Settlement.Statements;

/// <summary>
/// Takes what is read, in the file's order: <see cref="Opened"/>, any number of entries, <see cref="Closed"/>, and again. If the reading ends
/// in a refusal, all that was handed over is to be forgotten: half a file is no statement.
/// </summary>
public interface IStatementSink
{
    ValueTask Opened(StatementHead head);

    ValueTask Entered(StatementEntry entry);

    ValueTask Closed(StatementFoot foot);

    /// <summary>What is odd and no reason to refuse.</summary>
    ValueTask Noted(StatementNote note);
}

/// <summary>What is odd about a statement.</summary>
public enum NoteKind
{
    /// <summary>Opening balance and booked entries do not make the closing balance; the difference is said.</summary>
    BalancesDiffer,

    /// <summary>Opening and closing balances, or entries, are in different currencies: nothing can be compared.</summary>
    CurrenciesDiffer,

    /// <summary>The bank's own totals are not those of its entries.</summary>
    TotalsDiffer,

    /// <summary>The transactions of an entry do not make its amount.</summary>
    TransactionsDiffer,

    /// <summary>A day that its month does not have; the month's last is taken.</summary>
    DateMended,

    /// <summary>A statement of an MT without its account: nothing to import.</summary>
    AccountMissing,

    /// <summary>An MT940 without its closing balance: it may be cut off, and nothing says what is missing.</summary>
    ClosingMissing,

    /// <summary>Something that the format prescribes is absent and not needed.</summary>
    FieldMissing,

    /// <summary>A balance of a kind that may stand once stands again.</summary>
    BalanceRepeated,

    /// <summary>A version that is not between 02 and 13.</summary>
    VersionUnknown,

    /// <summary>A word that is not known where one of a few is due.</summary>
    WordUnknown,
}

/// <summary>A note.</summary>
/// <param name="Line">From 1.</param>
/// <param name="Where">Element or tag.</param>
/// <param name="DifferenceMinor">Stated less reckoned, in minor units, where the note is about a difference of money.</param>
public sealed record StatementNote(NoteKind Kind, int Line, string Where, string Text, Int128? DifferenceMinor = null, string? Currency = null);

/// <summary>Why a file is refused.</summary>
public enum StatementRefusalReason
{
    /// <summary>Neither a camt nor an MT.</summary>
    NotRecognised,

    /// <summary>XML that is not well formed, or ends too early.</summary>
    NotWellFormed,

    /// <summary>A document type, and with it entities: never read.</summary>
    DocumentType,

    /// <summary>An ISO 20022 message of another kind, or an MT that is no statement.</summary>
    NotAStatement,

    /// <summary>A message without any statement in it.</summary>
    NoStatement,

    /// <summary>An element or tag that must stand there does not.</summary>
    Missing,

    /// <summary>It stands there and cannot be read.</summary>
    Malformed,

    /// <summary>Deeper, longer or more than any bank sends.</summary>
    TooLarge,
}

/// <summary>A refused file.</summary>
/// <param name="Line">From 1; 0 where the file is refused as a whole.</param>
/// <param name="Column">From 1; 0 where only the line is known.</param>
/// <param name="Where">Element or tag.</param>
public sealed record StatementRefusal(StatementRefusalReason Reason, int Line, int Column, string Where, string Text);

/// <summary>How a reading went.</summary>
/// <param name="Format">Null where the content was not recognised.</param>
/// <param name="Refusal">Null if all of the file was read.</param>
public sealed record StatementReading(StatementFormat? Format, int Statements, long Entries, StatementRefusal? Refusal);

/// <summary>A refusal on its way up to where reading began; it never leaves this folder.</summary>
internal sealed class RefusedStatementException(StatementRefusal refusal) : Exception(refusal.Text)
{
    public StatementRefusal Refusal { get; } = refusal;

    public static RefusedStatementException Of(StatementRefusalReason reason, int line, int column, string where, string text) =>
        new(new StatementRefusal(reason, line, column, where, text));
}

/// <summary>
/// Reads bank statements of any kind in one pass, with memory for one entry. What kind it is, the content says. Reading is synchronous
/// where it reads bytes: give it a file, not a network connection.
/// </summary>
public static partial class ReadStatements
{
    /// <summary>Within so much the kind shows, or never.</summary>
    private const int Beginning = 4096;

    static ReadStatements() => Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);

    /// <summary>Reads a file to its end or to what is wrong with it. Throws only what the stream or the sink throw.</summary>
    public static async Task<StatementReading> From(Stream file, IStatementSink sink, CancellationToken cancellation = default)
    {
        var beginning = new byte[Beginning];
        var length = await file.ReadAtLeastAsync(beginning, Beginning, throwOnEndOfStream: false, cancellation);
        var counted = new Reckoning(sink);
        var bytes = new BoundedBytes(beginning.AsMemory(0, length), file);
        try
        {
            if (LooksLikeXml(beginning.AsSpan(0, length)))
            {
                using var camt = new CamtReader(bytes, counted);
                await camt.Read(cancellation);
            }
            else if (Tag().IsMatch(Encoding.Latin1.GetString(beginning, 0, length)))
            {
                await new MtReader(new MtLines(bytes), counted).Read(cancellation);
            }
            else
            {
                throw RefusedStatementException.Of(StatementRefusalReason.NotRecognised, 1, 1, "",
                    "The file begins like no bank statement: neither XML nor the tags of an MT940 or MT942.");
            }

            return new StatementReading(counted.Format, counted.Statements, counted.Entries, null);
        }
        catch (RefusedStatementException refused)
        {
            return new StatementReading(counted.Format, counted.Statements, counted.Entries, refused.Refusal);
        }
    }

    /// <summary>Whether a file begins as a camt or an MT does.</summary>
    internal static bool Recognises(ReadOnlySpan<byte> beginning) =>
        LooksLikeXml(beginning) || Tag().IsMatch(Encoding.Latin1.GetString(beginning));

    private static bool LooksLikeXml(ReadOnlySpan<byte> bytes)
    {
        // Marks of UTF-8 and of both UTF-16s; then white space, and zeros between the letters of UTF-16.
        foreach (var one in bytes)
        {
            if (one is 0xEF or 0xBB or 0xBF or 0xFE or 0xFF or 0 or (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n')
            {
                continue;
            }

            return one == (byte)'<';
        }

        return false;
    }

    [GeneratedRegex(@"(?:^|[\r\n\x01{])(?::(?:2[0-9][A-Z]?|6[0-9][A-Z]?|13D?|34F|86|90[CD]|94[02]):|1:F01|2:[IO]94)",
        RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Tag();
}
