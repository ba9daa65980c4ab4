using System.Collections.Frozen;

namespace EGovPay.Providers.Osmp;

/// <summary>
/// The result codes of OSMP that the world uses, and what each means for a payment. One table for both directions: what
/// a provider answers us, and what we answer to terminal software. A code that is not here is not understood: Silent.
/// </summary>
public sealed record OsmpResult(int Code, string DeclineName, bool Final, bool Transient)
{
    public const int Ok = 0;
    public const int Temporary = 1;
    public const int AccountMalformed = 4;
    public const int AccountNotFound = 5;
    public const int Forbidden = 7;
    public const int ForbiddenTechnically = 8;
    public const int WrongSignature = 10;
    public const int WrongCurrency = 40;
    public const int AccountInactive = 79;
    public const int NotFinished = 90;
    public const int TooSmall = 241;
    public const int TooLarge = 242;
    public const int AccountNotCheckable = 243;
    public const int Other = 300;

    /// <summary>The code as the wire writes it.</summary>
    public string CodeText { get; } = Code.ToString(System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Every known code. Final is false for 1 and 90 only: those are asked about again.</summary>
    public static readonly IReadOnlyList<OsmpResult> All =
    [
        new(Ok, "", true, false),
        new(Temporary, "", false, true),
        new(AccountMalformed, "account-malformed", true, false),
        new(AccountNotFound, "account-not-found", true, false),
        new(Forbidden, "forbidden-by-provider", true, false),
        new(ForbiddenTechnically, "provider-technical", true, true),
        new(WrongSignature, "provider-refused-signature", true, false),
        new(WrongCurrency, "currency-not-taken", true, false),
        new(AccountInactive, "account-inactive", true, false),
        new(NotFinished, "", false, true),
        new(TooSmall, "amount-too-small", true, false),
        new(TooLarge, "amount-too-large", true, false),
        new(AccountNotCheckable, "account-not-checkable", true, true),
        new(Other, "provider-error", true, false),
    ];

    private static readonly FrozenDictionary<int, OsmpResult> ByCode = All.ToFrozenDictionary(one => one.Code);

    /// <summary>The row of a code, or null for an unknown one.</summary>
    public static OsmpResult? Of(int code) => ByCode.GetValueOrDefault(code);
}
