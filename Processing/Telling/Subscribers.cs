using EGovPay.Processing.Agents;
using EGovPay.Processing.Payments;

namespace EGovPay.Processing.Telling;

/// <summary>By what payers are told; without either nobody's address is kept.</summary>
public readonly record struct PayerChannels(bool Email, bool Sms);

/// <summary>
/// Who will hear of a payment, decided once, at its acceptance: its agent, its provider, its payer. Only such a payment writes outbox
/// rows; which receivers there are then is found out when it is told.
/// </summary>
/// <param name="providerSubscribed">Does this provider want to hear of the payments to it?</param>
public sealed class Subscribers(Func<int, bool> providerSubscribed, PayerChannels channels)
{
    /// <summary>What is kept of the address that a payer left: no more than there is a channel for; null: nothing.</summary>
    public Contact? Keep(Contact? contact)
    {
        var (email, phone) = (channels.Email ? contact?.Email : null, channels.Sms ? contact?.Phone : null);
        return email is null && phone is null ? null : new Contact(email, phone, contact?.Language);
    }

    /// <summary>Does anybody want to hear of a payment of this terminal to this provider?</summary>
    /// <param name="kept">What <see cref="Keep"/> left.</param>
    public bool Hear(Terminal terminal, int providerId, Contact? kept) =>
        kept is not null || terminal.Subscribed || providerSubscribed(providerId);
}
