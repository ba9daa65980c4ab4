using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using EGovPay.Processing;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.People;
using EGovPay.Terminals.Api;
using Microsoft.Extensions.Primitives;

namespace EGovPay.Terminals.Office;

/// <summary>Who asks the finance office's API, or why they are not let in.</summary>
internal readonly record struct Caller(Person Person, OfficeProblem? Refused);

/// <summary>
/// Knows people by their personal keys (<c>Authorization: Bearer</c>), the same as on the command line, and lets them do what the table
/// of acts says; a key is a key wherever it is guessed at, so wrong ones count against the login and against the address.
/// </summary>
internal sealed class OfficeDoor(Engine engine, Lockouts lockouts)
{
    private const int MostRemembered = 10_000;

    private const string Scheme = "Bearer ";
    private const int LongestKey = 200;

    /// <summary>
    /// Hashes of keys that were good here: an address whose failures keep strangers out may be that of a whole office. They are asked of
    /// the database all the same.
    /// </summary>
    private readonly ConcurrentDictionary<string, bool> good = new(StringComparer.Ordinal);

    /// <summary>Who reads what settlement shows.</summary>
    private static readonly Act Read = new("read", Role.Finance, Role.Approver, Role.Supervisor, Role.Operator, Role.Auditor);

    /// <summary>Lets somebody in who only looks.</summary>
    public Task<Caller> AdmitAsync(HttpContext http) => AdmitAsync(http, Read);

    /// <summary>Lets somebody in who may do this.</summary>
    public async Task<Caller> AdmitAsync(HttpContext http, Act act)
    {
        if (KeyOf(http.Request.Headers.Authorization) is not { } key)
        {
            return No(OfficeRefusal.NotKnown);
        }

        var address = http.Connection.RemoteIpAddress;
        var hash = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(key)));
        if (lockouts.Locked(address, 0) is { } seconds && !good.ContainsKey(hash))
        {
            return No(OfficeRefusal.Locked, retryAfterSeconds: seconds);
        }

        var shown = await engine.KnowPerson.ShowAsync(key, http.RequestAborted);
        if (shown.Person is not { } person)
        {
            good.TryRemove(hash, out _);
            lockouts.Failed(address, 0);
            return shown.LockedUntil is { } until
                ? No(OfficeRefusal.Locked, retryAfterSeconds: Math.Max(1, (int)(until - engine.Clock.GetCurrentInstant()).TotalSeconds))
                : No(OfficeRefusal.NotKnown);
        }

        if (good.Count >= MostRemembered)
        {
            good.Clear();
        }

        good[hash] = true;
        return person.May(act)
            ? new Caller(person, null)
            : No(OfficeRefusal.NotEntitled, OfficeReasons.NotForYou(act, person.Login));
    }

    private static Caller No(OfficeRefusal why, Localised? reason = null, int? retryAfterSeconds = null) =>
        new(null!, new OfficeProblem(why, reason, retryAfterSeconds: retryAfterSeconds));

    private static string? KeyOf(StringValues given) =>
        given.Count == 1 && given[0] is { Length: > 7 and <= LongestKey } field
            && field.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            ? field[Scheme.Length..].Trim()
            : null;
}
