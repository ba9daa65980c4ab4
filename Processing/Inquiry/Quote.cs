using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Dispatch;
using EGovPay.Processing.Payments;
using NodaTime;

namespace EGovPay.Processing.Inquiry;

/// <summary>One line of what is owed, as a quote keeps it: by a digest of its id, so that many fit.</summary>
/// <param name="IdDigest">The first eight bytes of the SHA-256 of the id.</param>
/// <param name="DueQepik">What is owed on it, qəpik.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct QuotedLine(long IdDigest, long DueQepik);

/// <summary>
/// What an inquiry promised, signed into the text that the terminal brings back (<see cref="SealQuotes"/>). Nothing of
/// it is written anywhere until a payment uses it: the journal then keeps its <see cref="Id"/> and refuses a second
/// use. It holds no account and no name in full.
/// </summary>
public sealed record Quote
{
    /// <summary>How long a quote is good.</summary>
    public static readonly Duration GoodFor = Duration.FromMinutes(15);

    /// <summary>
    /// The most lines a quote keeps; of an inquiry with more, it keeps none and only sums are compared.
    /// </summary>
    public const int MostLines = 128;

    private const int OnTheStack = 512;

    /// <summary>16 random bytes; one payment may use them.</summary>
    public required Guid Id { get; init; }

    /// <summary>The agent that asked; another's payment does not fit.</summary>
    public required int AgentId { get; init; }

    /// <summary>The five-digit service code.</summary>
    public required int ServiceCode { get; init; }

    /// <summary>
    /// Digest of service, account and further fields in their normal forms; see <see cref="BindingOf"/>.
    /// </summary>
    public required Guid Binding { get; init; }

    /// <summary>The rule that was in force when it was asked, <see cref="ServiceRule.Fingerprint"/>.</summary>
    public required long RuleFingerprint { get; init; }

    /// <summary>The fee rule that was told, honoured until the quote expires even if the catalogue changes.</summary>
    public required FeeRule Fee { get; init; }

    /// <summary>What is owed in all, qəpik.</summary>
    public required long DueQepik { get; init; }

    /// <summary>The least that may be paid, qəpik: the rule's limit, or the provider's where that is tighter.</summary>
    public required long MinQepik { get; init; }

    /// <summary>The most that may be paid, qəpik.</summary>
    public required long MaxQepik { get; init; }

    /// <summary>The payer's name, masked, or null.</summary>
    public string? Payer { get; init; }

    /// <summary>
    /// The lines; null where there were more than <see cref="MostLines"/>, empty where there were none.
    /// </summary>
    public required IReadOnlyList<QuotedLine>? Lines { get; init; }

    /// <summary>The first instant at which it is good no longer; whole milliseconds.</summary>
    public required Instant ExpiresAt { get; init; }

    /// <summary>Makes the quote of a provider's answer.</summary>
    /// <param name="account">The account in its normal form, as validation gave it.</param>
    /// <param name="fields">The further fields in their normal forms and the service's order.</param>
    /// <param name="answer">The answer; its result is Found.</param>
    public static Quote Of(
        int agentId,
        Service service,
        ServiceRule rule,
        string account,
        ReadOnlySpan<FieldValue> fields,
        InquiryAnswer answer,
        Instant now)
    {
        // What is owed exactly has one right amount: the provider's limits say nothing more about it.
        var limited = rule.Mode == AmountMode.Any;
        var lines = answer.Lines ?? [];
        return new Quote
        {
            Id = new Guid(RandomNumberGenerator.GetBytes(16)),
            AgentId = agentId,
            ServiceCode = service.Code,
            Binding = BindingOf(service.Code, account, fields),
            RuleFingerprint = rule.Fingerprint,
            Fee = rule.Fee,
            DueQepik = Math.Max(0, answer.DueQepik),
            MinQepik = limited ? Math.Max(rule.Min.Qepik, answer.MinQepik ?? 0) : rule.Min.Qepik,
            MaxQepik = limited
                ? Math.Min(rule.Max.Qepik, Math.Max(0, answer.MaxQepik ?? long.MaxValue))
                : rule.Max.Qepik,
            Payer = MaskPayer.Mask(answer.Payer),
            Lines = lines.Count > MostLines
                ? null
                : [.. lines.Select(line => new QuotedLine(DigestOf(line.Id), Math.Max(0, line.DueQepik)))],
            ExpiresAt = Instant.FromUnixTimeMilliseconds((now + GoodFor).ToUnixTimeMilliseconds()),
        };
    }

    /// <summary>The payer's fee for paying <paramref name="amount"/> under this quote.</summary>
    public Money PayerFeeFor(Money amount) => Fee.PaidBy == FeePaidBy.Payer ? Fee.For(amount) : Money.Zero;

    /// <summary>What is owed on a line, or null where the quote has no such line.</summary>
    public long? DueOf(string lineId)
    {
        var digest = DigestOf(lineId);
        foreach (var line in Lines ?? [])
        {
            if (line.IdDigest == digest)
            {
                return line.DueQepik;
            }
        }

        return null;
    }

    /// <summary>
    /// The digest of what was asked about: the first 16 bytes of the SHA-256 of the service, the account and each
    /// further field, every text with its length before it, so that no two askings run into the same bytes.
    /// </summary>
    public static Guid BindingOf(int serviceCode, string account, ReadOnlySpan<FieldValue> fields)
    {
        var size = 4 + Size(account);
        foreach (var field in fields)
        {
            size += Size(field.Name) + Size(field.Value);
        }

        var bytes = size <= OnTheStack ? stackalloc byte[OnTheStack] : new byte[size];
        BinaryPrimitives.WriteInt32BigEndian(bytes, serviceCode);
        var written = 4 + Write(bytes[4..], account);
        foreach (var field in fields)
        {
            written += Write(bytes[written..], field.Name);
            written += Write(bytes[written..], field.Value);
        }

        Span<byte> digest = stackalloc byte[32];
        SHA256.HashData(bytes[..written], digest);
        return new Guid(digest[..16], bigEndian: true);
    }

    private static int Size(string text) => 4 + Encoding.UTF8.GetMaxByteCount(text.Length);

    private static int Write(Span<byte> bytes, string text)
    {
        var length = Encoding.UTF8.GetBytes(text, bytes[4..]);
        BinaryPrimitives.WriteInt32BigEndian(bytes, length);
        return 4 + length;
    }

    private static long DigestOf(string lineId)
    {
        Span<byte> digest = stackalloc byte[32];
        SHA256.HashData(Encoding.UTF8.GetBytes(lineId), digest);
        return BinaryPrimitives.ReadInt64BigEndian(digest);
    }
}
