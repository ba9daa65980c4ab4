using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Payments;
using EGovPay.Settlement.Breaks;
using NodaTime;
using NodaTime.Text;

namespace EGovPay.Settlement.Reconciliation;

/// <summary>Makes breaks of differences, with what each side says: the same facts give the same text, and so the same break.</summary>
internal sealed class RegisterFacts(ProviderSettings provider, DateTimeZone zone, LocalDate day, long fileId)
{
    public NewBreak Of(Payment payment, Difference one, int lines) =>
        New(one.Kind, Number(payment.Number), one.AtRiskQepik, one.Cause, one.Step, one.Line) with
        {
            AgentId = payment.AgentId,
            Number = payment.Number,
            Ours = Ours(payment),
            Theirs = one.Line is null ? null : Theirs(one.Line, lines),
        };

    /// <summary>A line whose number is that of a payment to another provider.</summary>
    public NewBreak OfAnothers(Payment payment, RegisterLineIn line, int lines) =>
        New(BreakKind.MissingHere, line.Txn, Math.Abs(line.AmountQepik), "other-provider", "ask-provider", line) with
        {
            AgentId = payment.AgentId,
            Number = payment.Number,
            Ours = Ours(payment),
            Theirs = Theirs(line, lines),
        };

    /// <summary>A line that is nothing of ours, or nothing that it says.</summary>
    public NewBreak OfNothing(RegisterLineIn line, int lines) =>
        New(
            line.Number is null ? BreakKind.Unidentified : BreakKind.MissingHere, line.Txn, Math.Abs(line.AmountQepik),
            line.Number is null ? "no-number-of-ours" : "number-never-used", "ask-provider", line) with
        {
            Number = line.Number,
            Theirs = Theirs(line, lines),
        };

    /// <summary>A register of which most is nothing of ours.</summary>
    public NewBreak OfNotOurs(string subject, long lines, long strangers) =>
        new(BreakSide.Register, BreakKind.Unidentified, $"{subject}/whole", day, 0, "not-our-register", "get-right-register")
        {
            ProviderId = provider.Id,
            FileId = fileId,
            Theirs = Json(json =>
            {
                json.WriteNumber("lines", lines);
                json.WriteNumber("strangers", strangers);
            }),
        };

    public static string Name(NewBreak one) => $"{one.Kind} {one.Subject}";

    /// <summary>A payment that a line may be.</summary>
    public static string Suggest(string strategy, int agentId, long number) => Json(json =>
    {
        json.WriteString("strategy", strategy);
        json.WriteNumber("agentId", agentId);
        json.WriteString("number", Number(number));
    });

    private NewBreak New(BreakKind kind, string txn, long atRiskQepik, string cause, string step, RegisterLineIn? line) =>
        new(BreakSide.Register, kind, $"{provider.Code}/{txn}", day, atRiskQepik, cause, step)
        {
            ProviderId = provider.Id,
            FileId = fileId,
            Line = line?.Line,
        };

    private string Ours(Payment payment) => Json(json =>
    {
        json.WriteString("number", Number(payment.Number));
        json.WriteString("state", payment.State.ToString());
        json.WriteNumber("amountQepik", payment.AmountQepik);
        json.WriteString("account", payment.Account);
        json.WriteString("providerDay", LocalDatePattern.Iso.Format(payment.AcceptedAt.InZone(zone).Date));
        if (payment.ConfirmedAt is { } at)
        {
            json.WriteString("confirmedDay", LocalDatePattern.Iso.Format(at.InZone(zone).Date));
        }

        json.WriteString("reference", payment.Reference);
        if (payment.ProviderTransaction is { } theirs)
        {
            json.WriteString("providerTransaction", theirs);
        }
    });

    private static string Theirs(RegisterLineIn line, int lines) => Json(json =>
    {
        json.WriteString("txn", line.Txn);
        json.WriteNumber("amountQepik", line.AmountQepik);
        json.WriteString("currency", line.Currency ?? "AZN");
        json.WriteString("account", line.Account);
        json.WriteString("day", LocalDatePattern.Iso.Format(line.Day));
        json.WriteBoolean("reversal", line.Reversal);
        json.WriteNumber("lines", lines);
        if (line.ProviderTransaction is { } theirs)
        {
            json.WriteString("providerTransaction", theirs);
        }
    });

    private static string Json(Action<Utf8JsonWriter> write)
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

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
