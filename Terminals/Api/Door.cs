using System.Net;
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
internal sealed class Door(Engine engine, ServerSettings settings, Paces paces, Lockouts lockouts, Outage outage)
{
    /// <summary>How far the time of a signature may lie from ours.</summary>
    private static readonly Duration Tolerance = Duration.FromMinutes(5);

    private const int LongestNonce = 128;

    /// <summary>The database is away before anything was asked of it that is the caller's: nothing was taken.</summary>
    private static readonly Refused NotNow = new(Refusal.Overloaded, RetryAfterSeconds: Outage.RetrySeconds);

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
        var (terminal, refused) = await KnowAsync(http, KeyOf(http.Request), now);
        if (terminal is null)
        {
            return new Admission(null!, refused);
        }

        if (!terminal.Signed)
        {
            return Judge(terminal, service, ownPayments);
        }

        var address = http.Connection.RemoteIpAddress;
        if (lockouts.Locked(address, terminal.TerminalId) is { } locked)
        {
            return Admission.No(Refusal.TooManyRequests, retryAfterSeconds: locked);
        }

        if (CheckSignature(http, body, terminal, now) is not { } once)
        {
            lockouts.Failed(address, terminal.TerminalId);
            return Admission.No(Refusal.SignatureInvalid);
        }

        // Before the nonce is kept, which is a durable row: who asks too often must not make us write.
        var wait = paces.Terminal(terminal);
        try
        {
            return wait is null && !await engine.Nonces.TryUseAsync(terminal.TerminalId, once.Nonce, once.Until)
                ? Admission.No(Refusal.Replayed)
                : Judge(terminal, service, ownPayments, wait);
        }
        catch (Exception away) when (Outage.Is(away))
        {
            outage.Tell(away);
            return new Admission(null!, NotNow);
        }
    }

    /// <summary>
    /// Whose key is it? An unknown one counts against its address, and after too many no more of them are looked up from
    /// there; a key that is known is let in all the same, because many terminals share a branch's address.
    /// </summary>
    /// <param name="owns">Whether the terminal is the one that the caller says it is.</param>
    public async ValueTask<(Terminal? Terminal, Refused? Refused)> KnowAsync(
        HttpContext http, string? key, Instant now, Func<Terminal, bool>? owns = null)
    {
        if (key is null)
        {
            return (null, new Refused(Refusal.NotAuthenticated));
        }

        var address = http.Connection.RemoteIpAddress;
        var terminal = engine.Directory.FindKnown(key, now);
        if (terminal is null)
        {
            if (lockouts.Locked(address, 0) is { } seconds)
            {
                return (null, new Refused(Refusal.TooManyRequests, RetryAfterSeconds: seconds));
            }

            try
            {
                terminal = await engine.Directory.FindByKeyAsync(key, now);
            }
            catch (Exception away) when (Outage.Is(away))
            {
                outage.Tell(away);
                return (null, NotNow);
            }
        }

        if (terminal is not null && owns?.Invoke(terminal) != false)
        {
            return (terminal, null);
        }

        lockouts.Failed(address, 0);
        return (null, new Refused(Refusal.NotAuthenticated));
    }

    /// <summary>What is judged of a known terminal: 120, 121, 130.</summary>
    public Admission Judge(Terminal terminal, string? service, bool ownPayments) =>
        Judge(terminal, service, ownPayments, paces.Terminal(terminal));

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
        var signed = new SignedRequest(http.Request.Method, TargetOf(http), One(headers["Content-Digest"]));
        foreach (var key in KeysOf(terminal))
        {
            using var _ = key;
            var check = signed.Check(
                One(headers["Signature-Input"]), One(headers["Signature"]), body.Span, _ => key, now, Tolerance);
            if (check.Good && check.Nonce is { Length: <= LongestNonce } nonce)
            {
                // As long as the signature could be shown again: created may lie ahead of our clock.
                return (nonce, Instant.Max(check.Created, now) + Tolerance + Duration.FromMinutes(1));
            }
        }

        return null;
    }

    /// <summary>
    /// What a terminal may sign with: its own key pair, or what is derived from the server's secret and, while that is being
    /// changed, from the others that are good too.
    /// </summary>
    private IEnumerable<MessageKey> KeysOf(Terminal terminal)
    {
        if (terminal.PublicKey is { } publicKey)
        {
            yield return MessageKey.Ecdsa(
                terminal.TerminalCode, new string(PemEncoding.Write("PUBLIC KEY", publicKey)));
            yield break;
        }

        var purpose = FormattableString.Invariant($"terminal:{terminal.TerminalId}:{terminal.KeyGeneration}");
        foreach (var secret in engine.Keys(purpose))
        {
            yield return MessageKey.Shared(terminal.TerminalCode, secret);
        }
    }

    /// <summary>
    /// The absolute address as a terminal must have signed it: under the public one, else under the one listened on. The
    /// Host field is its caller's to write, so it counts only where it names this very machine's end of the connection: a
    /// signature made for another server is worth nothing here.
    /// </summary>
    private string TargetOf(HttpContext http)
    {
        var target = http.Features.Get<IHttpRequestFeature>()!.RawTarget;
        if (settings.PublicAddress is { } origin)
        {
            return origin.TrimEnd('/') + target;
        }

        var local = http.Connection.LocalIpAddress ?? IPAddress.Loopback;
        local = local.IsIPv4MappedToIPv6 ? local.MapToIPv4() : local;
        var byName = FormattableString.Invariant($"localhost:{http.Connection.LocalPort}");
        var host = IPAddress.IsLoopback(local) && http.Request.Host.Value == byName
            ? byName
            : new IPEndPoint(local, http.Connection.LocalPort).ToString();
        return $"{http.Request.Scheme}://{host}{target}";
    }

    private static string? One(Microsoft.Extensions.Primitives.StringValues field) => field.Count switch
    {
        0 => null,
        1 => field[0],
        _ => string.Join(", ", field.ToArray()),
    };
}
