using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using EGovPay.Providers.Osmp;
using NodaTime;
using NodaTime.Text;

namespace EGovPay.Providers.Register;

/// <summary>A register that lies in its folder.</summary>
/// <param name="Sha256">Of the file, lower-case hexadecimal: what was sent can be proved.</param>
/// <param name="WasThere">It had been written before, with the same content.</param>
public sealed record WrittenRegister(string Path, int Count, long AmountQepik, string Sha256, bool WasThere);

/// <summary>
/// Writes the register of one provider and settlement window from its lines. Written again from the same lines it is
/// the same file, byte by byte; one that is there and differs is never overwritten.
/// </summary>
public static class WriteRegister
{
    private static readonly LocalDatePattern Date = LocalDatePattern.Iso;
    private static readonly LocalTimePattern Time = LocalTimePattern.CreateWithInvariantCulture("HH:mm:ss");

    /// <param name="lines">
    /// Confirmed payments only, ascending by number: so a number that is there twice is seen.
    /// </param>
    /// <exception cref="InvalidDataException">
    /// Lines are not ascending, an account cannot stand in a line, or the window's register is there with another
    /// content.
    /// </exception>
    /// <exception cref="EncoderFallbackException">A letter is not in the encoding that the provider's mapping says.</exception>
    public static async Task<WrittenRegister> RunAsync(
        RegisterFolder folder, RegisterOf register, IAsyncEnumerable<RegisterLine> lines, CancellationToken cancel)
    {
        var path = folder.OutPath(register.Provider, register.FileName);
        var totals = new Totals();
        var writing = new Writing(register);
        var part = await WholeFile.WritePartAsync(path, async stream =>
        {
            await using var text = new StreamWriter(
                stream, register.Mapping is { } mapping ? WriteMappedRegister.EncodingOf(mapping) : new UTF8Encoding(false), 1 << 16,
                leaveOpen: true) { NewLine = "\n" };
            writing.Head(text);
            await foreach (var line in lines.WithCancellation(cancel))
            {
                totals.Add(line);
                writing.Line(text, line);
            }

            writing.End(text, totals);
        });
        var hash = await HashAsync(part, cancel);
        if (!File.Exists(path))
        {
            WholeFile.Publish(part, path);
            return new(path, totals.Count, totals.AmountQepik, hash, WasThere: false);
        }

        var before = await HashAsync(path, cancel);
        File.Delete(part);
        return before == hash
            ? new(path, totals.Count, totals.AmountQepik, hash, WasThere: true)
            : throw new InvalidDataException(
                $"The register {register.FileName} is there with another content: a window never changes.");
    }

    internal static async Task<string> HashAsync(string path, CancellationToken cancel)
    {
        await using var file = File.OpenRead(path);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancel));
    }

    /// <summary>Counts and sums, whole and by budget level and code.</summary>
    private sealed class Totals
    {
        private long last = long.MinValue;

        public int Count { get; private set; }

        public long AmountQepik { get; private set; }

        public SortedDictionary<(string Level, string Code), (int Count, long AmountQepik)> ByBudget { get; } = [];

        public void Add(RegisterLine line)
        {
            if (line.Number <= last)
            {
                throw new InvalidDataException($"The register's lines are not ascending at payment {line.Number}.");
            }

            last = line.Number;
            Count++;
            AmountQepik = checked(AmountQepik + line.AmountQepik);
            var key = (line.BudgetLevel ?? "", line.BudgetCode ?? "");
            var (count, amount) = ByBudget.GetValueOrDefault(key);
            ByBudget[key] = (count + 1, checked(amount + line.AmountQepik));
        }
    }

    private sealed class Writing(RegisterOf register)
    {
        private readonly DateTimeZone zone = DateTimeZoneProviders.Tzdb[register.Zone];
        private readonly WriteMappedRegister? mapped = register.Mapping is { } mapping ? new(register, mapping) : null;

        public void Head(StreamWriter text)
        {
            if (mapped is not null)
            {
                mapped.Head(text);
                return;
            }

            if (register.Form == RegisterForm.Csv)
            {
                text.WriteLine(
                    $"H,{register.Provider},{Date.Format(register.BankDay)},{register.CutOff},{register.Zone}");
            }
        }

        public void Line(StreamWriter text, RegisterLine line)
        {
            if (mapped is not null)
            {
                mapped.Line(text, line);
                return;
            }

            var at = line.At.InZone(zone).LocalDateTime;
            var number = line.Number.ToString(CultureInfo.InvariantCulture);
            if (line.Account.AsSpan().ContainsAny("\t\r\n"))
            {
                throw new InvalidDataException($"The account of payment {number} cannot stand in a line.");
            }

            if (register.Form == RegisterForm.Tab)
            {
                text.Write($"{number}\t{Date.Format(at.Date)}\t{Time.Format(at.TimeOfDay)}\t{line.Account}\t");
                text.WriteLine(OsmpText.Sum(line.AmountQepik));
                return;
            }

            var fields = string.Join(';', line.Fields.Select(field => $"{field.Name}={field.Value}"));
            text.Write($"L,{number},{Date.Format(at.Date)},{Time.Format(at.TimeOfDay)},{line.ServiceCode},");
            text.Write($"{Quoted(line.Account)},{OsmpText.Sum(line.AmountQepik)},");
            text.Write($"{line.BudgetLevel},{line.BudgetCode},");
            text.WriteLine(Quoted(fields));
        }

        public void End(StreamWriter text, Totals totals)
        {
            if (mapped is not null)
            {
                mapped.End(text, totals.Count, totals.AmountQepik, totals.ByBudget);
                return;
            }

            if (register.Form == RegisterForm.Tab)
            {
                text.WriteLine($"Total: {totals.Count} {OsmpText.Sum(totals.AmountQepik)}");
                return;
            }

            foreach (var ((level, code), (count, amount)) in totals.ByBudget)
            {
                text.WriteLine($"T,{level},{code},{count},{OsmpText.Sum(amount)}");
            }

            text.WriteLine($"Z,{totals.Count},{OsmpText.Sum(totals.AmountQepik)}");
        }

        private static string Quoted(string value) =>
            value.AsSpan().ContainsAny(",\"\r\n")
                ? $"\"{value.Replace("\"", "\"\"", StringComparison.Ordinal)}\""
                : value;
    }
}
