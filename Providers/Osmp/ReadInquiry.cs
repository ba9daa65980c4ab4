using EGovPay.Processing.Dispatch;
using EGovPay.Providers.Wire;

namespace EGovPay.Providers.Osmp;

/// <summary>
/// Reads who the payer is and what is owed from the answer to <c>check</c> or <c>getInfo</c> (names: <see
/// cref="OsmpDialect"/>).
/// </summary>
internal static class ReadInquiry
{
    private const string LinePrefix = "line:";
    private const int MostLines = 100;
    private const int LongestId = 64;
    private const int LongestName = 200;

    public static InquiryAnswer From(OsmpAnswer answer) => answer.Result switch
    {
        OsmpResult.Ok => Found(answer),
        OsmpResult.AccountMalformed => new(InquiryResult.Malformed),
        OsmpResult.AccountNotFound => new(InquiryResult.NotFound),
        OsmpResult.AccountInactive => new(InquiryResult.Inactive),

        // It answered, so the line is good; what it said tells nothing of the account.
        _ => new(InquiryResult.Unavailable),
    };

    private static InquiryAnswer Found(OsmpAnswer answer)
    {
        var lines = new List<DueLine>();
        long sumOfLines = 0;
        foreach (var (name, value) in answer.Fields)
        {
            if (!name.StartsWith(LinePrefix, StringComparison.Ordinal))
            {
                continue;
            }

            var space = value.IndexOf(' ', StringComparison.Ordinal);
            var sum = space < 0 ? value : value[..space];
            var id = CleanText.WholeOrNone(name[LinePrefix.Length..], LongestId);
            if (lines.Count == MostLines || id is null || !OsmpText.TryReadSum(sum, out var due))
            {
                return new(InquiryResult.Unavailable);
            }

            lines.Add(new DueLine(id, space < 0 ? "" : CleanText.Of(value[(space + 1)..], LongestName) ?? "", due));
            sumOfLines = checked(sumOfLines + due);
        }

        if (!TryRead(answer, "due", out var whole) || !TryRead(answer, "min", out var min)
            || !TryRead(answer, "max", out var max))
        {
            return new(InquiryResult.Unavailable);
        }

        var payer = CleanText.Of(answer.Field("payer"), LongestName);
        return new(InquiryResult.Found, payer, lines, whole ?? sumOfLines, min, max);
    }

    /// <summary>False where the field is there and cannot be read.</summary>
    private static bool TryRead(OsmpAnswer answer, string name, out long? qepik)
    {
        qepik = null;
        if (answer.Field(name) is not { } text)
        {
            return true;
        }

        var good = OsmpText.TryReadSum(text, out var read);
        qepik = read;
        return good;
    }
}
