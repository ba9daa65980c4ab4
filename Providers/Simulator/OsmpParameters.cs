using System.Text;

namespace EGovPay.Providers.Simulator;

/// <summary>The parameters of an OSMP request, from an address or a form, without a dictionary.</summary>
internal struct OsmpParameters
{
    public string Command;
    public string Number;
    public string Account;
    public string Sum;
    public string Date;
    public string Cancel;
    public int Service;

    /// <summary>
    /// Reads <c>name=value&amp;…</c>. Names that are not known are read over; of a repeated name the first counts.
    /// </summary>
    public static OsmpParameters Read(ReadOnlySpan<char> text)
    {
        var read = new OsmpParameters { Command = "", Number = "", Account = "", Sum = "", Date = "", Cancel = "" };
        foreach (var range in text.Split('&'))
        {
            var pair = text[range];
            var equals = pair.IndexOf('=');
            if (equals < 0)
            {
                continue;
            }

            var value = pair[(equals + 1)..];
            switch (pair[..equals])
            {
                case "command" when read.Command.Length == 0:
                    read.Command = value is "pay" ? "pay" : value is "check" ? "check" : Plain(value);
                    break;
                case "txn_id" when read.Number.Length == 0:
                    read.Number = Plain(value);
                    break;
                case "cancel_txn_id" when read.Cancel.Length == 0:
                    read.Cancel = Plain(value);
                    break;
                case "account" when read.Account.Length == 0:
                    read.Account = Plain(value);
                    break;
                case "sum" when read.Sum.Length == 0:
                    read.Sum = Plain(value);
                    break;
                case "txn_date" when read.Date.Length == 0:
                    read.Date = Plain(value);
                    break;
                case "prv_id" when read.Service == 0:
                    _ = int.TryParse(value, System.Globalization.NumberStyles.None, null, out read.Service);
                    break;
                default:
                    break;
            }
        }

        return read;
    }

    /// <summary>Reads the body as a form. Bytes above 127 are not urlencoded and become question marks.</summary>
    public static OsmpParameters Read(ReadOnlySpan<byte> body)
    {
        Span<char> text = body.Length <= 1_024 ? stackalloc char[body.Length] : new char[body.Length];
        Encoding.ASCII.GetChars(body, text);
        return Read(text);
    }

    private static string Plain(ReadOnlySpan<char> value) =>
        value.ContainsAny('%', '+') ? Uri.UnescapeDataString(value.ToString().Replace('+', ' ')) : value.ToString();
}
