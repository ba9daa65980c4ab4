using System.Collections.Frozen;
using EGovPay.Processing.Catalogue;
using EGovPay.Terminals.Api;

namespace EGovPay.Terminals.Problems;

/// <summary>What a person reads of a provider's no, by the decline's stable name, in three languages.</summary>
public static class DeclineTexts
{
    /// <summary>For a name that is not here.</summary>
    public static readonly Localised Other = new(
        "Təşkilat ödənişi qəbul etmədi", "The organisation did not take the payment", "Организация не приняла платёж");

    /// <summary>Every name that an adapter gives.</summary>
    public static readonly FrozenDictionary<string, Localised> All =
        new Dictionary<string, Localised>(StringComparer.Ordinal)
    {
        ["account-malformed"] = new(
            "Təşkilat hesabın yazılışını tanımadı", "The organisation does not read this account",
            "Организация не распознала счёт"),
        ["account-not-found"] = new(
            "Hesab təşkilatda tapılmadı", "The organisation does not know this account",
            "Счёт не найден в организации"),
        ["account-inactive"] = new("Hesab aktiv deyil", "The account is inactive", "Счёт неактивен"),
        ["account-not-checkable"] = new(
            "Hesab indi yoxlanıla bilmir", "The account cannot be checked now", "Счёт сейчас нельзя проверить"),
        ["amount-too-small"] = new("Məbləğ azdır", "The amount is too small", "Сумма слишком мала"),
        ["amount-too-large"] = new("Məbləğ çoxdur", "The amount is too large", "Сумма слишком велика"),
        ["forbidden-by-provider"] = new(
            "Təşkilat bu ödənişi qadağan edib", "The organisation forbids this payment",
            "Организация запретила этот платёж"),
        ["provider-technical"] = new(
            "Təşkilatda texniki fasilə var", "The organisation has a technical break",
            "В организации технический перерыв"),
        ["provider-refused-signature"] = new(
            "Təşkilat bağlantımızı qəbul etmədi", "The organisation refused our connection",
            "Организация отклонила подключение"),
        ["currency-not-taken"] = new("Valyuta qəbul edilmir", "The currency is not taken", "Валюта не принимается"),
        ["number-ported"] = new(
            "Nömrə başqa operatora keçib; bir azdan yenidən ödəyin",
            "The number has moved to another operator; pay again later",
            "Номер перенесён к другому оператору; заплатите позже снова"),
        ["provider-unavailable"] = new(
            "Təşkilatla əlaqə yaranmadı; heç nə göndərilməyib",
            "The organisation could not be reached; nothing was sent",
            "Связаться с организацией не удалось; ничего не отправлено"),
        ["provider-error"] = Other,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The decline as the contract writes it.</summary>
    public static DeclineJson Describe(string? name, bool transient, string language) => new(
        name ?? "provider-error", All.GetValueOrDefault(name ?? "", Other).In(language), transient);
}
