using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using EGovPay.Settlement.Breaks;
using NodaTime;
using NodaTime.Text;

namespace EGovPay.Settlement.Reconciliation;

/// <summary>Makes breaks of differences with banks, with what each side says: the same facts give the same text, and so the same break.</summary>
internal static class BankTexts
{
    /// <param name="last">The day of what has none.</param>
    public static NewBreak BreakOf(BankDifference one, LocalDate last)
    {
        var subject = one.Entry is { } entry
            ? string.Create(CultureInfo.InvariantCulture, $"{entry.Account}/{entry.StatementId}.{entry.EntryNo}")
                + (one.Payout is { } named ? $"/{named.EndToEndId}" : "")
            : one.Payout?.EndToEndId ?? $"{one.Deposit!.Agent}/{one.Deposit.Reference}";
        return new NewBreak(
            BreakSide.Bank, one.Kind, subject, one.Entry?.Day ?? one.Payout?.Day ?? one.Deposit?.Day ?? last, one.AtRiskQepik, one.Cause,
            one.Step)
        {
            ProviderId = one.Payout?.ProviderId,
            AgentId = one.Deposit?.AgentId,
            PayoutId = one.Payout?.Id,
            FileId = one.Entry?.FileId,
            Line = one.Entry is { Line: > 0 } lined ? lined.Line : null,
            StatementId = one.Entry?.StatementId,
            EntryNo = one.Entry?.EntryNo,
            Ours = Ours(one),
            Theirs = one.Entry is { } said ? Theirs(said) : null,
            Suggestion = one.SuggestedAgent is { } agent ? Json(json =>
            {
                json.WriteString("agent", agent);
                json.WriteNumber("amountQepik", one.Entry!.AmountQepik);
                json.WriteString("reference", one.Entry.BankReference ?? one.Entry.OwnReference);
            }) : null,
        };
    }

    public static string Json(Action<Utf8JsonWriter> write)
    {
        var text = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(text))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(text.WrittenSpan);
    }

    public static void Write(Utf8JsonWriter json, string name, long? number)
    {
        if (number is { } there)
        {
            json.WriteNumber(name, there);
        }
        else
        {
            json.WriteNull(name);
        }
    }

    public static string Theirs(BankEntry entry) => Json(json =>
    {
        json.WriteNumber("amountQepik", entry.AmountQepik);
        json.WriteString("currency", entry.Currency);
        json.WriteString("account", entry.Account);
        json.WriteString("counterparty", entry.Counterparty);
        json.WriteString("day", LocalDatePattern.Iso.Format(entry.Day));
        json.WriteString("reference", entry.BankReference ?? entry.OwnReference);
        json.WriteString("endToEndId", entry.EndToEndId);
        json.WriteBoolean("reversal", entry.Reversal);
    });

    private static string? Ours(BankDifference one) => one.Payout is { } payout ? Json(json =>
    {
        json.WriteNumber("payout", payout.Id);
        json.WriteNumber("amountQepik", payout.AmountQepik);
        json.WriteString("account", payout.Creditor);
        json.WriteString("endToEndId", payout.EndToEndId);
        json.WriteString("day", LocalDatePattern.Iso.Format(payout.Day));
    }) : one.Deposit is { } deposit ? Json(json =>
    {
        json.WriteString("agent", deposit.Agent);
        json.WriteNumber("amountQepik", deposit.AmountQepik);
        json.WriteString("reference", deposit.Reference);
        json.WriteString("day", LocalDatePattern.Iso.Format(deposit.Day));
    }) : null;
}
