namespace EGovPay.Providers.Osmp;

/// <summary>Which command answers an inquiry.</summary>
public enum OsmpInquiry { Check, GetInfo }

/// <summary>
/// How one provider's OSMP differs from another's: data, not code. In <c>fields</c> of a <c>check</c> or <c>getInfo</c>
/// answer we read <c>payer</c> (the name), <c>due</c>, <c>min</c>, <c>max</c> (sums), and any number of
/// <c>line:&lt;id&gt;</c>, each a sum, a space and a title; of a <c>pay</c> answer <c>card-data</c>. A number that was
/// ported away is a final error whose field <c>route</c> says <c>not-ours</c>.
/// </summary>
public sealed record OsmpDialect
{
    public static readonly OsmpDialect Usual = new();

    /// <summary>
    /// The provider takes no POST: parameters go in the address, and a payment over a connection of its own.
    /// </summary>
    public bool ByGet { get; init; }

    /// <summary>The command that asks who the payer is. Default <c>check</c>.</summary>
    public OsmpInquiry Inquiry { get; init; }

    /// <summary>Sent as <c>ccy</c>; null sends none.</summary>
    public string? Currency { get; init; }

    /// <summary>
    /// The provider leaves the sum out of its answers. Default: an answer to pay without a sum is not understood.
    /// </summary>
    public bool AnswersWithoutSum { get; init; }

    /// <summary>The field that tells of a ported number.</summary>
    public string NotOursField { get; init; } = "route";

    /// <summary>The value of <see cref="NotOursField"/> that says so.</summary>
    public string NotOursValue { get; init; } = "not-ours";
}
