using EGovPay.Providers.Osmp;
using EGovPay.Terminals.Api;
using Microsoft.AspNetCore.WebUtilities;

namespace EGovPay.Terminals.OsmpIn;

/// <summary>
/// An OSMP request as terminal software sends it, read strictly. <c>txn_date</c>, <c>trm_id</c> and <c>ccy</c> are
/// not compared.
/// </summary>
/// <param name="Command">check or pay.</param>
/// <param name="Transaction">The caller's number, 1–20 digits, as text.</param>
/// <param name="Service">Our five-digit code, from <c>prv_id</c> or <c>service</c>.</param>
/// <param name="SumQepik">What the provider gets, without our fee; null only with check.</param>
/// <param name="Data">Everything else by name: <c>data1</c>… are the service's further fields in order, or they go by
/// their own names.</param>
internal sealed record OsmpAsked(
    string Command, string Transaction, string Service, string Account, long? SumQepik,
    IReadOnlyDictionary<string, string> Data)
{
    private const int MostParameters = 64;

    /// <summary>The reference that a transaction is kept under.</summary>
    public string Reference => Plain.OsmpPrefix + Transaction;

    /// <summary>
    /// Reads a query or a form. Null: it is malformed; <paramref name="transaction"/> is given back where it can be
    /// read.
    /// </summary>
    public static OsmpAsked? Read(string text, out string transaction)
    {
        transaction = "";
        var read = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var pair in new QueryStringEnumerable(text))
        {
            var value = pair.DecodeValue().ToString();
            if (read.Count == MostParameters || !Plain.IsPlain(value)
                || value.Contains('\uFFFD', StringComparison.Ordinal)
                || !read.TryAdd(pair.DecodeName().ToString(), value))
            {
                // Which of two sums was meant is not ours to choose.
                return null;
            }
        }

        string Of(string name) => read.GetValueOrDefault(name, "");
        if (OsmpText.IsTransaction(Of("txn_id")))
        {
            transaction = Of("txn_id");
        }

        var service = Of("service").Length > 0 ? Of("service") : Of("prv_id");
        var command = Of("command");
        long? sum = null;
        if (Of("sum").Length > 0 || command == "pay")
        {
            if (!OsmpText.TryReadSum(Of("sum"), out var qepik))
            {
                return null;
            }

            sum = qepik;
        }

        return command is "check" or "pay" && transaction.Length > 0 && service.Length is > 0 and <= 16
            && Of("account").Length is > 0 and <= 200
            ? new OsmpAsked(command, transaction, service, Of("account"), sum, read)
            : null;
    }
}
