using EGovPay.Processing.Dispatch;

namespace EGovPay.Providers.Wire;

/// <summary>How far a request came.</summary>
internal enum WireResult
{
    /// <summary>A whole answer was read, of whatever status.</summary>
    Answered,

    /// <summary>Provably nothing left: no connection was made, or the deadline came first.</summary>
    NeverLeft,

    /// <summary>
    /// It left, perhaps, and no whole answer came: a time-out, a reset, a body that is too long or cut off.
    /// </summary>
    Broken,
}

/// <summary>One request as it is to be sent.</summary>
/// <param name="Body">The body; null sends none (and then a fresh connection proves what left).</param>
/// <param name="Headers">Further headers in order.</param>
internal sealed record WireRequest(
    HttpMethod Method,
    Uri Target,
    ReadOnlyMemory<byte>? Body,
    string? MediaType,
    IReadOnlyList<KeyValuePair<string, string>> Headers)
{
    /// <summary>No first byte after this, by the monotonic clock; null: whenever.</summary>
    public SendDeadline? SendBefore { get; init; }
}

/// <summary>What came back.</summary>
/// <param name="Status">The HTTP status; 0 unless a status line came.</param>
/// <param name="Charset">As the Content-Type header says it, or null.</param>
/// <param name="Trouble">With Broken and NeverLeft: what happened, for an operator.</param>
/// <param name="Response">Whose headers are for the payment's file; null where none came.</param>
internal sealed record WireAnswer(
    WireRequest Request,
    WireResult Result,
    int Status,
    string? Charset,
    ReadOnlyMemory<byte> Body,
    string? Trouble,
    HttpResponseMessage? Response,
    int ElapsedMilliseconds)
{
    /// <summary>The answer's headers, a line each. Written out only where they are kept: of a plain confirmation nothing is.</summary>
    public string Headers => Response is null ? "" : $"{Response.Headers}{Response.Content.Headers}";
}
