using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using EGovPay.Processing.Catalogue;
using EGovPay.Providers.Osmp;
using NodaTime;
using NodaTime.Text;

namespace EGovPay.Providers.Register;

/// <summary>The lines of a register in the form that its provider's mapping says.</summary>
internal sealed class WriteMappedRegister(RegisterOf register, RegisterMapping mapping)
{
    private static readonly JsonWriterOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly DateTimeZone zone = DateTimeZoneProviders.Tzdb[register.Zone];
    private bool first = true;

    /// <summary>A letter that the encoding does not have refuses the file: a question mark would be another text.</summary>
    public static Encoding EncodingOf(RegisterMapping mapping)
    {
        if (mapping.Encoding == "utf-8")
        {
            return new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
        }

        Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);
        return Encoding.GetEncoding(mapping.Encoding, EncoderFallback.ExceptionFallback, DecoderFallback.ExceptionFallback);
    }

    public void Head(TextWriter text)
    {
        switch (mapping.Layout)
        {
            case RegisterLayout.Csv when mapping.Header:
                text.WriteLine(string.Join(mapping.Separator, mapping.Columns!.Select(column => Cell(column.Name))));
                break;
            case RegisterLayout.Json:
                text.Write("{\"provider\":\"" + register.Provider + "\",\"bankDay\":\"" + LocalDatePattern.Iso.Format(register.BankDay)
                    + "\",\"cutOff\":\"" + register.CutOff + "\",\"zone\":\"" + register.Zone + "\",\"payments\":[");
                break;
        }
    }

    public void Line(TextWriter text, RegisterLine line)
    {
        var at = line.At.InZone(zone).LocalDateTime;
        switch (mapping.Layout)
        {
            case RegisterLayout.Osmp:
                if (line.Account.AsSpan().ContainsAny("\t\r\n"))
                {
                    throw new InvalidDataException(string.Create(
                        CultureInfo.InvariantCulture, $"The account of payment {line.Number} cannot stand in a line."));
                }

                text.WriteLine($"{Number(line.Number)}\t{Date(at)}\t{Time(at)}\t{line.Account}\t{Sum(line.AmountQepik)}");
                break;
            case RegisterLayout.Csv:
                text.WriteLine(string.Join(mapping.Separator, mapping.Columns!.Select(column => Cell(Value(column.Is, line, at)))));
                break;
            default:
                text.Write((first ? "\n" : ",\n") + Object(line, at));
                first = false;
                break;
        }
    }

    /// <param name="byBudget">Count and sum by budget level and code; of payments without them, empty texts.</param>
    public void End(
        TextWriter text, int count, long amountQepik, SortedDictionary<(string Level, string Code), (int Count, long AmountQepik)> byBudget)
    {
        switch (mapping.Layout)
        {
            case RegisterLayout.Osmp:
                text.WriteLine($"Total: {Number(count)} {Sum(amountQepik)}");
                break;
            case RegisterLayout.Csv when mapping.Totals:
                foreach (var ((level, code), (lines, amount)) in byBudget.Where(one => one.Key.Code.Length > 0))
                {
                    text.WriteLine(string.Join(mapping.Separator, "SUBTOTAL", level, code, Number(lines), Sum(amount)));
                }

                text.WriteLine(string.Join(mapping.Separator, "TOTAL", Number(count), Sum(amountQepik)));
                break;
            case RegisterLayout.Json:
                text.Write($"\n],\"count\":{Number(count)},\"totalQepik\":{Number(amountQepik)}}}\n");
                break;
        }
    }

    private string Value(string what, RegisterLine line, LocalDateTime at) => what switch
    {
        "number" => Number(line.Number),
        "date" => Date(at),
        "time" => Time(at),
        "account" => line.Account,
        "amount" => Sum(line.AmountQepik),
        "amount-qepik" => Number(line.AmountQepik),
        "service" => line.ServiceCode.ToString("00000", CultureInfo.InvariantCulture),
        "budget-level" => line.BudgetLevel ?? "",
        "budget-code" => line.BudgetCode ?? "",
        _ => line.Fields.Where(field => field.Name == what["field:".Length..]).Select(field => field.Value).FirstOrDefault() ?? "",
    };

    /// <summary>In quotes where it would end or break its cell otherwise.</summary>
    private string Cell(string value) =>
        value.Contains(mapping.Separator, StringComparison.Ordinal) || value.AsSpan().ContainsAny("\"\r\n")
            ? $"\"{value.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : value;

    private static string Object(RegisterLine line, LocalDateTime at)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, Json))
        {
            json.WriteStartObject();
            json.WriteString("number", Number(line.Number));
            json.WriteString("at", at.ToString("uuuu-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture));
            json.WriteString("service", line.ServiceCode.ToString("00000", CultureInfo.InvariantCulture));
            json.WriteString("account", line.Account);
            json.WriteNumber("amountQepik", line.AmountQepik);
            if (line.BudgetCode is not null)
            {
                json.WriteString("budgetLevel", line.BudgetLevel);
                json.WriteString("budgetCode", line.BudgetCode);
            }

            if (line.Fields.Count > 0)
            {
                json.WriteStartObject("fields");
                foreach (var field in line.Fields)
                {
                    json.WriteString(field.Name, field.Value);
                }

                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }

    private string Sum(long qepik) => OsmpText.Sum(qepik).Replace('.', mapping.Layout == RegisterLayout.Osmp ? '.' : mapping.DecimalSign);

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Date(LocalDateTime at) => LocalDatePattern.Iso.Format(at.Date);

    private static string Time(LocalDateTime at) => at.ToString("HH:mm:ss", CultureInfo.InvariantCulture);
}
