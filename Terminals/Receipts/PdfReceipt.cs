using System.Globalization;
using EGovPay.Processing.Receipts;

namespace EGovPay.Terminals.Receipts;

/// <summary>
/// A receipt as a PDF with the operator's electronic signature in the file. The same facts give the same pages; only
/// the signature and its time differ from print to print. Safe to use from many threads.
/// </summary>
public sealed class PdfReceipt(ReceiptFonts fonts, OperatorSignature signature)
{
    private const double LabelX = PdfSheet.Left + 78;
    private const double ValueX = LabelX + 104;
    private const double ValueWidth = PdfSheet.Right - ValueX;
    private const double Size = 7.8;
    private const double Pitch = 10.2;
    private const double QrSide = 82;

    private static readonly PdfInk WaitPaper = new(0xFF, 0xF4, 0xDC);
    private static readonly PdfInk WaitInk = new(0x6B, 0x43, 0x00);
    private static readonly PdfInk BadPaper = new(0xFD, 0xEC, 0xEA);
    private static readonly PdfInk BadInk = new(0x8C, 0x1D, 0x18);
    private static readonly PdfInk Tint = new(0xEE, 0xF4, 0xF7);

    /// <summary>Sets, writes and signs the facts in a language: az (default), en, ru.</summary>
    public byte[] Render(ReceiptFacts facts, string? language = null)
    {
        var rows = ReceiptRows.Of(facts, language);
        using var file = new PdfFile(fonts);
        var sheet = new PdfSheet(file);
        Head(sheet, facts, rows);
        Warning(sheet, facts, rows);
        Sum(sheet, facts, rows);
        foreach (var section in rows.Sections)
        {
            Section(sheet, section);
        }

        Foot(sheet, facts, rows);
        PageNumbers(sheet, facts, rows);
        var about = new PdfDescription(
            facts.Number is { } number ? $"{rows.Title} № {number}" : rows.Title,
            ReceiptRows.Clean(facts.Issuer.Name),
            facts.VerifyUrl,
            rows.Language,
            facts.ConfirmedAt ?? facts.PaidAt,
            rows.Title,
            facts.Issuer.PublicAddress);
        return file.Write(sheet.Drawn, PdfSheet.PageWidth, PdfSheet.PageHeight, about, signature);
    }

    private static void Head(PdfSheet sheet, ReceiptFacts facts, ReceiptRows rows)
    {
        const double nameWidth = 180;
        const double titleWidth = PdfSheet.Width - nameWidth - 16;
        var left = sheet.Y + 3;
        left += sheet.WriteLines(
            sheet.Wrap(ReceiptRows.Clean(facts.Issuer.Name), nameWidth, 9.5, true),
            PdfSheet.Left, left, 9.5, 12, PdfSheet.Ink, true);
        sheet.Write($"{Texts.Voen.In(rows.Language)} {facts.Issuer.Voen}", PdfSheet.Left, left + 1, 7.5, PdfSheet.Soft);
        left += 13;

        var right = sheet.Y;
        var titleSize = facts.Kind == ReceiptKind.Receipt ? 19.0 : 13.0;
        right += sheet.WriteLines(
            sheet.Wrap(rows.Title, titleWidth, titleSize, true),
            PdfSheet.Right, right, titleSize, titleSize * 1.2, PdfSheet.Accent, true, toTheRight: true);
        if (facts.Number is { } number && facts.Kind == ReceiptKind.Receipt)
        {
            sheet.Write($"№ {number}", PdfSheet.Right, right + 1, 9.5, PdfSheet.Ink, true, toTheRight: true);
            right += 14;
        }

        if (rows.ReprintMark is { } mark)
        {
            sheet.Write(mark, PdfSheet.Right, right + 1, 7.5, PdfSheet.Soft, true, toTheRight: true);
            right += 11;
        }

        sheet.Y = Math.Max(left, right) + 6;
        sheet.Rule(sheet.Y, PdfSheet.Accent, 1.4);
        sheet.Y += 10;
    }

    private static void Warning(PdfSheet sheet, ReceiptFacts facts, ReceiptRows rows)
    {
        if (rows.Warning is null)
        {
            return;
        }

        var (paper, ink) = facts.Kind == ReceiptKind.Acceptance ? (WaitPaper, WaitInk) : (BadPaper, BadInk);
        var advice = rows.Advice is null ? [] : sheet.Wrap(rows.Advice, PdfSheet.Width - 24, Size);
        var height = 26 + (advice.Count * Pitch) + (advice.Count > 0 ? 4 : 0);
        sheet.Box(sheet.Y, height, paper);
        sheet.Write(rows.Warning, PdfSheet.Left + 12, sheet.Y + 7, 10.5, ink, true);
        sheet.WriteLines(advice, PdfSheet.Left + 12, sheet.Y + 23, Size, Pitch, ink);
        sheet.Y += height + 8;
    }

    /// <summary>What most people look for: how much, in digits and words, and when.</summary>
    private static void Sum(PdfSheet sheet, ReceiptFacts facts, ReceiptRows rows)
    {
        var words = rows.TotalInWords
            .SelectMany(sentence => sheet.Wrap(sentence, PdfSheet.Width - 24, Size)).ToList();
        var height = 47 + (words.Count * Pitch);
        sheet.Box(sheet.Y, height, Tint);
        var x = PdfSheet.Left + 12;
        sheet.Write(Texts.Total.In(rows.Language), x, sheet.Y + 7, 7.5, PdfSheet.Soft);
        sheet.Write(ReceiptRows.Amount(facts.Total), x, sheet.Y + 15.5, 20, PdfSheet.Ink, true);
        var end = PdfSheet.Right - 12;
        sheet.Write(Texts.PaidAt.In(rows.Language), end, sheet.Y + 7, 7.5, PdfSheet.Soft, toTheRight: true);
        sheet.Write(ReceiptRows.BakuTime(facts.PaidAt), end, sheet.Y + 18, 9, PdfSheet.Ink, true, toTheRight: true);
        sheet.WriteLines(words, x, sheet.Y + 42, Size, Pitch, PdfSheet.Ink);
        sheet.Y += height + 9;
    }

    /// <summary>The section's name in the margin, its rows beside it; a row is never torn over two pages.</summary>
    private static void Section(PdfSheet sheet, ReceiptSection section)
    {
        var heading = sheet.Wrap(section.Heading, LabelX - PdfSheet.Left - 10, Size, true);
        var first = true;
        foreach (var row in section.Rows.Where(row => row.Kind != RowKind.Head))
        {
            var bold = row.Kind == RowKind.Total;
            var label = sheet.Wrap(row.Label, ValueX - LabelX - 8, Size, bold);
            var value = sheet.Wrap(row.Value, ValueWidth, Size, bold);
            var height = (Math.Max(label.Count, value.Count) * Pitch) + 2;
            var pages = sheet.Pages;
            sheet.Need(first ? Math.Max(height, heading.Count * Pitch) : height);
            if (first || sheet.Pages > pages)
            {
                sheet.WriteLines(heading, PdfSheet.Left, sheet.Y, Size, Pitch, PdfSheet.Accent, true);
            }

            var toTheRight = row.Kind is RowKind.Amount or RowKind.Total;
            if (bold)
            {
                sheet.Rule(sheet.Y - 0.5, PdfSheet.Hairline, 0.6, LabelX);
                sheet.Y += 1.5;
            }

            sheet.WriteLines(label, LabelX, sheet.Y, Size, Pitch, bold ? PdfSheet.Ink : PdfSheet.Soft, bold);
            var valueX = toTheRight ? PdfSheet.Right : ValueX;
            sheet.WriteLines(value, valueX, sheet.Y, Size, Pitch, PdfSheet.Ink, bold, toTheRight);
            sheet.Y += height;
            first = false;
        }

        sheet.Y += 3;
        sheet.Rule(sheet.Y, PdfSheet.Hairline, 0.6);
        sheet.Y += 6;
    }

    /// <summary>At the foot of the last page: the code to verify it by, as QR and letters, and who signed.</summary>
    private void Foot(PdfSheet sheet, ReceiptFacts facts, ReceiptRows rows)
    {
        sheet.Need(QrSide + 2);
        var y = Math.Max(sheet.Y + 2, PdfSheet.Bottom - QrSide);
        sheet.QrCode(facts.VerifyUrl, PdfSheet.Left, y, QrSide);
        const double x = PdfSheet.Left + QrSide + 14;
        const double width = PdfSheet.Right - x;
        sheet.Write(Texts.Code.In(rows.Language), x, y, 7.5, PdfSheet.Soft);
        y += 10.5;
        y += sheet.WriteLines(
            sheet.Wrap(VerificationCode.Grouped(facts.Code).Replace('-', ' '), width, 10.5, true),
            x, y, 10.5, 13, PdfSheet.Ink, true);
        y += 4;
        sheet.Write(Texts.Verify.In(rows.Language), x, y, 7.5, PdfSheet.Soft);
        y += 10.5;
        y += sheet.WriteLines(sheet.Wrap(facts.VerifyUrl, width, 7.5), x, y, 7.5, 9.5, PdfSheet.Accent);
        y += 4;
        var signed = $"{Texts.Signed.In(rows.Language)}: {ReceiptRows.Clean(signature.CertificateName)}";
        y += sheet.WriteLines(sheet.Wrap(signed, width, 6.2), x, y, 6.2, 8, PdfSheet.Soft);
        sheet.Write(
            $"{Texts.Certificate.In(rows.Language)} {signature.CertificateSerial}", x, y, 6.2, PdfSheet.Soft);
    }

    private static void PageNumbers(PdfSheet sheet, ReceiptFacts facts, ReceiptRows rows)
    {
        for (var page = 0; sheet.Pages > 1 && page < sheet.Pages; page++)
        {
            var text = string.Create(
                CultureInfo.InvariantCulture,
                $"{facts.Number ?? facts.PaymentNumber} · {Texts.Page.In(rows.Language)} {page + 1}/{sheet.Pages}");
            sheet.Write(text, PdfSheet.Right, PdfSheet.Bottom + 8, 6.5, PdfSheet.Soft, toTheRight: true, page: page);
        }
    }
}
