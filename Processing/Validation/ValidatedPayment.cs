using EGovPay.Processing.Catalogue;

namespace EGovPay.Processing.Validation;

/// <summary>
/// What validation says of a payment request: a refusal, or all that was decided about it. A value; it lies on the
/// stack.
/// </summary>
public readonly struct ValidatedPayment
{
    private ValidatedPayment(Refused? refused, Service? service, ServiceRule? rule)
    {
        Refused = refused;
        Service = service!;
        Rule = rule!;
        Account = "";
        FeeRule = FeeRule.None;
    }

    /// <summary>Why not; null when the request is good.</summary>
    public Refused? Refused { get; }

    /// <summary>True when there is no refusal; the members below are set then.</summary>
    public bool Good => Refused is null;

    /// <summary>The service that is paid.</summary>
    public Service Service { get; }

    /// <summary>Its rule in force now.</summary>
    public ServiceRule Rule { get; }

    /// <summary>The account in its normal form.</summary>
    public string Account { get; private init; }

    /// <summary>The fee rule that applies: the quote's where there is one, else the rule's.</summary>
    public FeeRule FeeRule { get; private init; }

    /// <summary>What the provider gets.</summary>
    public Money Amount { get; private init; }

    /// <summary>What the payer pays on top of the amount.</summary>
    public Money PayerFee { get; private init; }

    /// <summary>What the provider owes for it, taken at settlement; never on the payer's receipt.</summary>
    public Money ProviderFee { get; private init; }

    /// <summary>Amount and payer's fee.</summary>
    public Money Total => Amount + PayerFee;

    internal static ValidatedPayment No(
        Refusal why, string? field, long? feeQepik = null, long? totalQepik = null) =>
        new(new Refused(why, field, feeQepik, totalQepik), null, null);

    internal static ValidatedPayment No(Refused refused) => new(refused, null, null);

    internal static ValidatedPayment Yes(Service service, ServiceRule rule, string account, FeeRule fee, Money amount)
    {
        var due = fee.For(amount);
        return new ValidatedPayment(null, service, rule)
        {
            Account = account,
            FeeRule = fee,
            Amount = amount,
            PayerFee = fee.PaidBy == FeePaidBy.Payer ? due : Money.Zero,
            ProviderFee = fee.PaidBy == FeePaidBy.Provider ? due : Money.Zero,
        };
    }
}

/// <summary>What validation says of an inquiry: a refusal, or what is to be asked.</summary>
public readonly struct ValidatedInquiry
{
    internal ValidatedInquiry(Refused refused)
    {
        Refused = refused;
        Service = null!;
        Rule = null!;
        Account = "";
    }

    internal ValidatedInquiry(Service service, ServiceRule rule, string account)
    {
        Service = service;
        Rule = rule;
        Account = account;
    }

    /// <summary>Why not; null when the inquiry may be asked.</summary>
    public Refused? Refused { get; }

    /// <summary>True when there is no refusal; the members below are set then.</summary>
    public bool Good => Refused is null;

    /// <summary>The service that is asked about.</summary>
    public Service Service { get; }

    /// <summary>Its rule in force now.</summary>
    public ServiceRule Rule { get; }

    /// <summary>The account in its normal form.</summary>
    public string Account { get; }
}
