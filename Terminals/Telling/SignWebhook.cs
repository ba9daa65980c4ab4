using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using EGovPay.Processing;
using EGovPay.Processing.Telling;
using NodaTime;

namespace EGovPay.Terminals.Telling;

/// <summary>
/// Signatures by the Standard Webhooks convention: HMAC-SHA256 over <c>id.timestamp.body</c>, one for each secret in force. A secret
/// is shown to people as <c>whsec_</c> and base64; it is derived from the server's and stored nowhere.
/// </summary>
public static class SignWebhook
{
    public const string IdHeader = "webhook-id";
    public const string TimestampHeader = "webhook-timestamp";
    public const string SignatureHeader = "webhook-signature";

    private const string Prefix = "whsec_";

    /// <summary>An endpoint's secret of one generation, as its owner keeps it.</summary>
    public static string Secret(ReadOnlyMemory<byte> serverSecret, int endpointId, int generation) =>
        Prefix + Convert.ToBase64String(Engine.Derive(serverSecret, Endpoints.Purpose(endpointId, generation)));

    /// <summary>The value of <see cref="SignatureHeader"/>: a signature for each key, separated by spaces.</summary>
    /// <param name="unixSeconds">The value of <see cref="TimestampHeader"/>.</param>
    public static string Sign(IReadOnlyList<byte[]> keys, string id, long unixSeconds, ReadOnlySpan<byte> body)
    {
        var head = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{id}.{unixSeconds}."));
        var signed = new byte[head.Length + body.Length];
        head.CopyTo(signed, 0);
        body.CopyTo(signed.AsSpan(head.Length));
        return string.Join(' ', keys.Select(key => "v1," + Convert.ToBase64String(HMACSHA256.HashData(key, signed))));
    }

    /// <summary>The keys that sign for an endpoint now: its generation's, and for a day after a rotation the one before.</summary>
    /// <param name="derive">The keys of a purpose: while the server's secret is being changed there are several.</param>
    internal static IReadOnlyList<byte[]> KeysOf(
        WebhookEndpoint endpoint, Func<string, IEnumerable<byte[]>> derive, Instant now) =>
        endpoint.Generation > 1 && now < endpoint.PreviousUntil
            ?
            [
                .. derive(Endpoints.Purpose(endpoint.Id, endpoint.Generation)),
                .. derive(Endpoints.Purpose(endpoint.Id, endpoint.Generation - 1)),
            ]
            : [.. derive(Endpoints.Purpose(endpoint.Id, endpoint.Generation))];
}
