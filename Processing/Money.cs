using System.Globalization;

namespace EGovPay.Processing;

/// <summary>
/// An amount of manat in whole qəpik (1 manat = 100 qəpik), never negative.
/// Arithmetic is checked: an overflow or a negative result throws, because it is a defect and never a customer's fault.
/// It is not a signed balance and it never touches a floating-point number.
/// </summary>
public readonly record struct Money : IComparable<Money>
{
    /// <summary>Nothing: 0 qəpik.</summary>
    public static readonly Money Zero;

    /// <summary>Makes an amount of <paramref name="qepik"/> qəpik.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The amount is negative.</exception>
    public Money(long qepik)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(qepik);
        Qepik = qepik;
    }

    /// <summary>The amount in qəpik, ≥ 0.</summary>
    public long Qepik { get; }

    /// <summary>True for 0 qəpik.</summary>
    public bool IsZero => Qepik == 0;

    public static Money operator +(Money left, Money right) => new(checked(left.Qepik + right.Qepik));

    /// <summary>The difference; throws when <paramref name="right"/> is the larger.</summary>
    public static Money operator -(Money left, Money right) => new(checked(left.Qepik - right.Qepik));

    public static bool operator <(Money left, Money right) => left.Qepik < right.Qepik;

    public static bool operator >(Money left, Money right) => left.Qepik > right.Qepik;

    public static bool operator <=(Money left, Money right) => left.Qepik <= right.Qepik;

    public static bool operator >=(Money left, Money right) => left.Qepik >= right.Qepik;

    /// <summary>
    /// The part <paramref name="hundredthsOfPercent"/> / 10 000 of this amount (15 = 0.15 %), rounded half-up to a whole qəpik.
    /// Half-up is the domain's rule: 270.00 at 0.15 % is 0.41, where half-even would give 0.40.
    /// </summary>
    public Money PercentHalfUp(int hundredthsOfPercent)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(hundredthsOfPercent);
        var product = (Int128)Qepik * hundredthsOfPercent;
        return new Money((long)((product + 5_000) / 10_000));
    }

    public int CompareTo(Money other) => Qepik.CompareTo(other.Qepik);

    /// <summary>Manat with a dot and two decimals, culture-free: <c>23.50</c>.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Qepik / 100}.{Qepik % 100:00}");
}
