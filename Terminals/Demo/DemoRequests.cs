using System.Buffers;
using System.Globalization;
using System.Text.Json;
using EGovPay.Processing;
using EGovPay.Processing.Catalogue;

namespace EGovPay.Terminals.Demo;

/// <summary>What the demo's terminals write.</summary>
internal static class DemoRequests
{
    public static ReadOnlyMemory<byte> ShiftOpened(string cashier, long floatQepik) => Write(64, json =>
    {
        json.WriteString("cashier"u8, cashier);
        json.WriteNumber("floatQepik"u8, floatQepik);
    });

    public static ReadOnlyMemory<byte> ShiftClosed(long countedCashQepik) =>
        Write(64, json => json.WriteNumber("countedCashQepik"u8, countedCashQepik));

    public static ReadOnlyMemory<byte> ReversalBody(string reason) =>
        Write(64, json => json.WriteString("reason"u8, reason));

    /// <summary>The payer pays in cash; see <see cref="PaymentBody"/>.</summary>
    public static bool IsCash(Planned payer) => payer.Choice % 10 < 7;

    public static ReadOnlyMemory<byte> InquiryBody(Planned payer)
    {
        var body = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteString("service"u8, payer.Service.CodeText);
            json.WriteString("account"u8, payer.Account);
            WriteFields(json, payer.Service);
            json.WriteEndObject();
        }

        return body.WrittenMemory;
    }

    public static ReadOnlyMemory<byte> PaymentBody(
        Planned payer, long amountQepik, string? inquiry, string? service = null, string? account = null,
        long extraQepik = 0)
    {
        var fee = FeeOf(payer.Rule, amountQepik);
        var body = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteString("service"u8, service ?? payer.Service.CodeText);
            json.WriteString("account"u8, account ?? payer.Account);
            WriteFields(json, payer.Service);
            json.WriteNumber("amountQepik"u8, amountQepik);
            json.WriteNumber("totalQepik"u8, checked(amountQepik + fee + extraQepik));
            if (inquiry is not null)
            {
                json.WriteString("inquiry"u8, inquiry);
            }

            switch (payer.Choice % 10)
            {
                case < 7:
                    json.WriteString("tender"u8, "cash"u8);
                    break;
                case < 9:
                    json.WriteString("tender"u8, "card"u8);
                    json.WriteString("rrn"u8, payer.Choice.ToString("000000000000", CultureInfo.InvariantCulture));
                    json.WriteString("maskedPan"u8, "416973******1234"u8);
                    break;
                default:
                    json.WriteString("tender"u8, "account"u8);
                    break;
            }

            json.WriteEndObject();
        }

        return body.WrittenMemory;
    }

    private static void WriteFields(Utf8JsonWriter json, Service service)
    {
        if (service.Fields.Count < 2)
        {
            return;
        }

        json.WriteStartObject("fields"u8);
        for (var i = 1; i < service.Fields.Count; i++)
        {
            json.WriteString(service.Fields[i].Name, service.Fields[i].Example);
        }

        json.WriteEndObject();
    }

    /// <summary>The payer's fee by the rule in force, as a terminal counts it from the catalogue.</summary>
    public static long FeeOf(ServiceRule rule, long amountQepik) =>
        rule.Fee.PaidBy == FeePaidBy.Payer ? rule.Fee.For(new Money(amountQepik)).Qepik : 0;

    private static ReadOnlyMemory<byte> Write(int size, Action<Utf8JsonWriter> write)
    {
        var body = new ArrayBufferWriter<byte>(size);
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        return body.WrittenMemory;
    }
}
