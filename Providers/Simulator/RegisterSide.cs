using System.Globalization;
using System.Text;
using EGovPay.Processing.Catalogue;
using EGovPay.Providers.Osmp;
using Microsoft.AspNetCore.Http;

namespace EGovPay.Providers.Simulator;

/// <summary>
/// The receiver's end of a register delivery: <c>PUT {address}/{file}</c> in either form. Totals that do not fit refuse
/// the file whole (422) and credit nothing; else every line is credited once, and the acknowledgement says which were
/// not.
/// </summary>
internal sealed class RegisterSide(SimulatedBook book)
{
    private const int LongestFile = 64 * 1024 * 1024;

    public async Task ServeAsync(HttpContext context, ProviderSettings provider)
    {
        if (!HttpMethods.IsPut(context.Request.Method))
        {
            await SimulatedWire.PlainAsync(context, 405, "PUT a register\n");
            return;
        }

        if (await SimulatedWire.ReadBodyAsync(context.Request, LongestFile) is not { } body)
        {
            await SimulatedWire.PlainAsync(context, 413, "too long\n");
            return;
        }

        var orders = new List<PayOrder>();
        if (Read(provider, Encoding.UTF8.GetString(body), orders) is { } fault)
        {
            await SimulatedWire.PlainAsync(context, 422, $"{fault}\n");
            return;
        }

        await SimulatedWire.PlainAsync(context, 200, await TakeAsync(orders));
    }

    private async Task<string> TakeAsync(List<PayOrder> orders)
    {
        // All at once: the record writes them in one group.
        var taken = orders.Select(order => book.TakeRegisterLineAsync(order).AsTask()).ToArray();
        var codes = await Task.WhenAll(taken);
        var text = new StringBuilder(orders.Count * 32);
        var accepted = (Count: 0, Qepik: 0L);
        var rejected = (Count: 0, Qepik: 0L);
        for (var i = 0; i < codes.Length; i++)
        {
            if (codes[i] == 0)
            {
                accepted = (accepted.Count + 1, accepted.Qepik + orders[i].AmountQepik);
                text.Append(CultureInfo.InvariantCulture, $"{orders[i].Number}\taccepted\n");
            }
            else
            {
                rejected = (rejected.Count + 1, rejected.Qepik + orders[i].AmountQepik);
                text.Append(CultureInfo.InvariantCulture,
                    $"{orders[i].Number}\trejected\t{OsmpResult.Of(codes[i])!.DeclineName}\n");
            }
        }

        return text.Append(CultureInfo.InvariantCulture,
            $"Total: {accepted.Count} {OsmpText.Sum(accepted.Qepik)} ")
            .Append(CultureInfo.InvariantCulture, $"{rejected.Count} {OsmpText.Sum(rejected.Qepik)}\n").ToString();
    }

    /// <summary>What is wrong with the file, or null.</summary>
    private static string? Read(ProviderSettings provider, string text, List<PayOrder> orders)
    {
        var total = "";
        var at = 0;
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            at++;
            if (total.Length > 0)
            {
                return $"line {at}: something follows the total";
            }

            if (line.StartsWith("Total: ", StringComparison.Ordinal) || line.StartsWith("Z,", StringComparison.Ordinal))
            {
                total = line[(line[0] == 'Z' ? 2 : 7)..].Replace(' ', ',');
            }
            else if (line.StartsWith("L,", StringComparison.Ordinal) || char.IsAsciiDigit(line[0]))
            {
                if (Order(provider, line) is not { } order)
                {
                    return $"line {at} cannot be read";
                }

                orders.Add(order);
            }
        }

        var sum = orders.Sum(order => order.AmountQepik);
        return total == string.Create(CultureInfo.InvariantCulture, $"{orders.Count},{OsmpText.Sum(sum)}")
            ? null : "the control totals do not fit the lines";
    }

    private static PayOrder? Order(ProviderSettings provider, string line)
    {
        // TAB: number date time account sum. CSV: L number date time service account sum …; accounts hold no commas or
        // quotes.
        var parts = line[0] == 'L' ? line[2..].Split(',') : line.Split('\t');
        var service = 0;
        if (line[0] == 'L')
        {
            if (parts.Length < 6
                || !int.TryParse(parts[3], NumberStyles.None, CultureInfo.InvariantCulture, out service))
            {
                return null;
            }

            parts = [.. parts[..3], parts[4], parts[5]];
        }

        return parts.Length == 5 && OsmpText.IsTransaction(parts[0]) && OsmpText.TryReadSum(parts[4], out var qepik)
            && long.TryParse(
                $"{parts[1]}{parts[2]}".Replace("-", "", StringComparison.Ordinal).Replace(":", "", StringComparison.Ordinal),
                NumberStyles.None, CultureInfo.InvariantCulture, out var date)
            ? new PayOrder(
                provider, UInt128.Parse(parts[0], CultureInfo.InvariantCulture), parts[3], qepik, date, service)
            : null;
    }
}
