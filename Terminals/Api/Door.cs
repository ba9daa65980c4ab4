using System.Security.Cryptography;
using EGovPay.Processing;
using EGovPay.Processing.Agents;
using EGovPay.Processing.Signatures;
using Microsoft.AspNetCore.Http.Features;
using NodaTime;

namespace EGovPay.Terminals.Api;

/// <summary>Who was let in, or why not.</summary>
internal readonly record struct Admission(Terminal Terminal, Refused? Refused)
{
    public static Admission No(Refusal why, string? field = null, int? retryAfterSeconds = null) =>
        new(null!, new Refused(why, field, RetryAfterSeconds: retryAfterSeconds));
}

/// <summary>
/// Asks every caller who it is: key, signature, suspension, permission, pace; the refusals 110–130 in this order.
/// What was asked has been parsed before (100 comes first), and nothing of it has been done.
/// </summary>
internal sealed class Door(Engine engine, ServerSettings settings, Paces paces)
{
    /// <summary>How far the time of a signature may lie from ours.</summary>
    private static readonly Duration Tolerance = Duration.FromMinutes(5);

    private const int LongestNonce = 128;

    /// <summary>Lets a terminal in that may do business; with a service, one that may sell it.</summary>
    public Task<Admission> AdmitAsync(HttpContext http, ReadOnlyMemory<byte> body, string? service = null) =>
        AdmitAsync(http, body, service, ownPayments: false);

    /// <summary>
    /// Lets a terminal in that wants to read or cancel payments: a suspended one may, but only its own; the caller
    /// looks at
    /// <see cref="Terminal.Suspended"/>.
    /// </summary>
    public Task<Admission> AdmitToPaymentsAsync(HttpContext http, ReadOnlyMemory<byte> body) =>
        AdmitAsync(http, body, null, ownPayments: true);

    private async Task<Admission> AdmitAsync(
        HttpContext http, ReadOnlyMemory<byte> body, string? service, bool ownPayments)
    {
        var now = engine.Clock.GetCurrentInstant();
        if (KeyOf(http.Request) is not { } key || await engine.Directory.FindByKeyAsync(key, now) is not { } terminal)
        {
            return Admission.No(Refusal.NotAuthenticated);
        }

        if (!terminal.Signed)
        {
            return Judge(terminal, service, ownPayments);
        }

        if (CheckSignature(http, body, terminal, now) is not { } once)
        {
            return Admission.No(Refusal.SignatureInvalid);
        }

        // Before the nonce is kept, which is a durable row: who asks too often must not make us write.
        var wait = paces.Terminal(terminal.TerminalId);
        return wait is null && !await engine.Nonces.TryUseAsync(terminal.TerminalId, once.Nonce, once.Until)
            ? Admission.No(Refusal.Replayed)
            : Judge(terminal, service, ownPayments, wait);
    }

    /// <summary>What is judged of a known terminal: 120, 121, 130.</summary>
    public Admission Judge(Terminal terminal, string? service, bool ownPayments) =>
        Judge(terminal, service, ownPayments, paces.Terminal(terminal.TerminalId));

    private static Admission Judge(Terminal terminal, string? service, bool ownPayments, int? wait)
    {
        if (terminal.Suspended && !ownPayments)
        {
            return Admission.No(Refusal.TerminalSuspended);
        }

        if (service is not null
            && !(terminal.AgentServices.Allows(service) && terminal.TerminalServices.Allows(service)))
        {
            return Admission.No(Refusal.ServiceNotAllowed, "service");
        }

        return wait is { } seconds
            ? Admission.No(Refusal.TooManyRequests, retryAfterSeconds: seconds)
            : new Admission(terminal, null);
    }

    /// <summary>The bearer's key, or null where there is none that could be one.</summary>
    private static string? KeyOf(HttpRequest request)
    {
        const string scheme = "Bearer ";
        var given = request.Headers.Authorization;
        return given.Count == 1 && given[0] is { Length: > 7 and <= 200 } field
            && field.StartsWith(scheme, StringComparison.OrdinalIgnoreCase)
            ? field[scheme.Length..].Trim()
            : null;
    }

    /// <summary>
    /// The nonce of a good signature, and how long it must be remembered; null where the signature is not good.
    /// </summary>
    private (string Nonce, Instant Until)? CheckSignature(
        HttpContext http, ReadOnlyMemory<byte> body, Terminal terminal, Instant now)
    {
        var headers = http.Request.Headers;
        using var key = KeyOf(terminal);
        var signed = new SignedRequest(http.Request.Method, TargetOf(http), One(headers["Content-Digest"]));
        var check = signed.Check(
            One(headers["Signature-Input"]), One(headers["Signature"]), body.Span, _ => key, now, Tolerance);
        if (!check.Good || check.Nonce is not { Length: <= LongestNonce } nonce)
        {
            return null;
        }

        // As long as the signature could be shown again: created may lie ahead of our clock.
        return (nonce, Instant.Max(check.Created, now) + Tolerance + Duration.FromMinutes(1));
    }

    private MessageKey KeyOf(Terminal terminal) => terminal.PublicKey is { } publicKey
        ? MessageKey.Ecdsa(terminal.TerminalCode, new string(PemEncoding.Write("PUBLIC KEY", publicKey)))
        : MessageKey.Shared(
            terminal.TerminalCode,
            engine.Key(FormattableString.Invariant($"terminal:{terminal.TerminalId}:{terminal.KeyGeneration}")));

    /// <summary>
    /// The absolute address as the terminal asked for it; behind a proxy its origin is the public one.
    /// </summary>
    private string TargetOf(HttpContext http)
    {
        var target = http.Features.Get<IHttpRequestFeature>()!.RawTarget;
        return settings.PublicAddress is { } origin
            ? origin.TrimEnd('/') + target
            : $"{http.Request.Scheme}://{http.Request.Host.Value}{target}";
    }

    private static string? One(Microsoft.Extensions.Primitives.StringValues field) => field.Count switch
    {
        0 => null,
        1 => field[0],
        _ => string.Join(", ", field.ToArray()),
    };
}
