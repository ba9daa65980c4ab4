using System.Buffers;
using System.Collections.Frozen;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Unicode;
using EGovPay.Processing.Catalogue;
using EGovPay.Providers.Osmp;
using Microsoft.AspNetCore.Http;
using NodaTime;

namespace EGovPay.Providers.Simulator;

/// <summary>
/// The provider's end of OSMP: check, getInfo, pay and cancel, by GET and by POST. Well-formed XML even for an unknown command.
/// </summary>
internal sealed class OsmpSide(SimulatorSettings settings, SimulatedBook book, IClock clock)
{
    private const int LongestAccount = 200;
    private static ReadOnlySpan<byte> PaidEnd => "<result>0</result><comment>OK</comment></response>"u8;
    private const string Start = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><response>";
    private static readonly DateTimeZone Baku = DateTimeZoneProviders.Tzdb["Asia/Baku"];

    private readonly FrozenDictionary<int, string> passes = settings.Providers
        .Where(provider => provider.Protocol == "osmp" && SimulatedAccess.For(provider).User is not null)
        .ToFrozenDictionary(
            provider => provider.Id,
            provider => Credentials.BasicValue(
                SimulatedAccess.For(provider).User!, SimulatedAccess.For(provider).Password));

    public async Task ServeAsync(HttpContext context, ProviderSettings provider)
    {
        // Whoever comes without credentials is let in, as a provider that only looks at addresses would; wrong ones are
        // not.
        var pass = context.Request.Headers.Authorization.ToString();
        if (pass.Length > 0 && !string.Equals(pass, passes[provider.Id], StringComparison.Ordinal))
        {
            await SimulatedWire.PlainAsync(context, 401, "not authenticated\n");
            return;
        }

        OsmpParameters asked;
        if (HttpMethods.IsPost(context.Request.Method))
        {
            if (await SimulatedWire.ReadBodyAsync(context.Request) is not { } body)
            {
                await SimulatedWire.PlainAsync(context, 413, "too long\n");
                return;
            }

            asked = OsmpParameters.Read(body);
        }
        else
        {
            asked = OsmpParameters.Read(context.Request.QueryString.Value.AsSpan().TrimStart('?'));
        }

        var serve = asked.Command switch
        {
            "pay" => PayAsync(context, provider, asked),
            "cancel" => CancelAsync(context, provider, asked),
            "check" or "getInfo" => InquireAsync(context, provider, asked),
            _ => AnswerAsync(context, Error(asked.Number, OsmpResult.Other, "unknown command"), Lie.None),
        };
        await serve;
    }

    private async Task PayAsync(HttpContext context, ProviderSettings provider, OsmpParameters asked)
    {
        if (!OsmpText.IsTransaction(asked.Number) || !OsmpText.TryReadSum(asked.Sum, out var qepik) || qepik == 0)
        {
            await AnswerAsync(context, Error(asked.Number, OsmpResult.Other, "txn_id or sum"), Lie.None);
            return;
        }

        if (!IsPlain(asked.Account))
        {
            await AnswerAsync(context, Error(asked.Number, OsmpResult.AccountMalformed, null), Lie.None);
            return;
        }

        _ = long.TryParse(asked.Date, NumberStyles.None, CultureInfo.InvariantCulture, out var date);
        var number = UInt128.Parse(asked.Number, NumberStyles.None, CultureInfo.InvariantCulture);
        var saying = await book.PayAsync(new(provider, number, asked.Account, qepik, date, asked.Service));
        if (await SimulatedWire.LiedAsync(context, saying.OnTheWire, book.Lies))
        {
            return;
        }

        if (saying is { Said: Said.Accepted, OnTheWire: Lie.None or Lie.Late } && !settings.CardServices.Contains(asked.Service))
        {
            await PaidAsync(context, saying.Transaction, asked.Number, qepik);
            return;
        }

        await AnswerAsync(context, Words(saying, asked, qepik), saying.OnTheWire);
    }

    /// <summary>A dialect without the command answers it as any command it does not know.</summary>
    private async Task CancelAsync(HttpContext context, ProviderSettings provider, OsmpParameters asked)
    {
        if (!provider.Reversals || !OsmpText.IsTransaction(asked.Number) || !OsmpText.IsTransaction(asked.Cancel)
            || !OsmpText.TryReadSum(asked.Sum, out var qepik))
        {
            await AnswerAsync(context, Error(asked.Number, OsmpResult.Other, "cancel"), Lie.None);
            return;
        }

        var number = UInt128.Parse(asked.Number, NumberStyles.None, CultureInfo.InvariantCulture);
        var cancel = UInt128.Parse(asked.Cancel, NumberStyles.None, CultureInfo.InvariantCulture);
        var saying = await book.ReverseAsync(provider, number, cancel, asked.Account, qepik);
        if (await SimulatedWire.LiedAsync(context, saying.OnTheWire, book.Lies))
        {
            return;
        }

        var code = saying.Said switch
        {
            Said.Reversed => OsmpResult.Ok,
            Said.Later => OsmpResult.Temporary,
            Said.NotFinished => OsmpResult.NotFinished,
            _ => saying.Code,
        };
        var of = saying.OnTheWire == Lie.AnotherTransaction ? $"9{asked.Number[..Math.Min(19, asked.Number.Length)]}" : asked.Number;
        var sum = OsmpText.Sum(saying.OnTheWire == Lie.AnotherSum ? qepik + 1 : qepik);
        await AnswerAsync(context, $"{Start}<osmp_txn_id>{of}</osmp_txn_id><cancel_txn_id>{asked.Cancel}</cancel_txn_id>"
            + $"<prv_txn>{saying.Transaction}</prv_txn><sum>{sum}</sum><result>{code}</result></response>", saying.OnTheWire);
    }

    /// <summary>The plain OK, which a benchmark asks for thousands of times a second: straight into the connection's buffer.</summary>
    private static async Task PaidAsync(HttpContext context, long transaction, string number, long qepik)
    {
        var response = context.Response;
        Utf8.TryWrite(
            response.BodyWriter.GetSpan(512),
            $"{Start}<osmp_txn_id>{number}</osmp_txn_id><prv_txn>{transaction}</prv_txn><sum>{qepik / 100}.{qepik % 100:00}</sum>",
            out var head);
        response.ContentType = "text/xml; charset=utf-8";
        response.ContentLength = head + PaidEnd.Length;
        response.BodyWriter.Advance(head);
        response.BodyWriter.Write(PaidEnd);
        await response.BodyWriter.FlushAsync();
    }

    private string Words(Saying saying, OsmpParameters asked, long qepik) => saying.Said switch
    {
        Said.Accepted => Paid(saying, asked, qepik),
        Said.Declined => Error(asked.Number, saying.Code, null,
            saying.NotOurs ? "<fields><field1 name=\"route\">not-ours</field1></fields>" : ""),
        Said.UsedDifferently =>
            Error(asked.Number, OsmpResult.Other, "the transaction is known with another sum or account"),
        Said.NotFinished => Error(asked.Number, OsmpResult.NotFinished, null),
        _ => Error(asked.Number, OsmpResult.Temporary, null),
    };

    private string Paid(Saying saying, OsmpParameters asked, long qepik)
    {
        var number = saying.OnTheWire == Lie.AnotherTransaction
            ? $"9{asked.Number[..Math.Min(19, asked.Number.Length)]}" : asked.Number;
        var sum = OsmpText.Sum(saying.OnTheWire == Lie.AnotherSum ? qepik + 1 : qepik);
        var card = settings.CardServices.Contains(asked.Service)
            ? $"<fields><field1 name=\"card-data\">{CardData(asked.Number, qepik)}</field1></fields>"
            : "";
        return $"{Start}<osmp_txn_id>{number}</osmp_txn_id><prv_txn>{saying.Transaction}</prv_txn>"
            + $"<sum>{sum}</sum><result>0</result><comment>OK</comment>{card}</response>";
    }

    /// <summary>What a terminal writes on the card: opaque to us, the same each time for one transaction.</summary>
    internal static string CardData(string number, long qepik) =>
        Convert.ToBase64String(Encoding.ASCII.GetBytes($"CARD:{number}:{qepik}"));

    private async Task InquireAsync(HttpContext context, ProviderSettings provider, OsmpParameters asked)
    {
        var lies = book.Lies;
        var magic = lies.MagicAccounts ? MagicAccounts.Of(asked.Account) : 0;
        if (magic == MagicAccounts.InquiriesFail)
        {
            await SimulatedWire.PlainAsync(context, 503, "not now\n");
            return;
        }

        var code = !IsPlain(asked.Account) ? OsmpResult.AccountMalformed
            : magic is >= 1 and <= 3 ? MagicAccounts.DeclineOf(magic)
            : 0;
        if (code != 0)
        {
            await AnswerAsync(context, Error(asked.Number, code, null), Lie.None);
            return;
        }

        var fields = new StringBuilder(512);
        var count = 0;
        Field("payer", Debts.PayerOf(settings.Seed, provider.Code, asked.Account));
        if (magic == MagicAccounts.OwesNothing)
        {
            Field("due", "0.00");
        }
        else
        {
            var month = clock.GetCurrentInstant().InZone(Baku).Date.ToYearMonth();
            var due = Debts.Of(settings.Seed, provider.Code, asked.Account, month);
            Field("due", OsmpText.Sum(due.Sum(line => line.DueQepik)));
            foreach (var line in due)
            {
                Field($"line:{line.Id}", $"{OsmpText.Sum(line.DueQepik)} {line.Title}");
            }
        }

        await AnswerAsync(context, $"{Start}<osmp_txn_id>{WebUtility.HtmlEncode(asked.Number)}</osmp_txn_id><result>0</result><comment></comment>"
            + $"<fields>{fields}</fields></response>", Lie.None);

        void Field(string name, string value)
        {
            count++;
            fields.Append(CultureInfo.InvariantCulture, $"<field{count} name=\"{name}\">{value}</field{count}>");
        }
    }

    private static string Error(string number, int code, string? comment, string fields = "") =>
        $"{Start}<osmp_txn_id>{WebUtility.HtmlEncode(number)}</osmp_txn_id>"
        + $"<result>{code}</result><comment>{comment}</comment>{fields}</response>";

    private static Task AnswerAsync(HttpContext context, string xml, Lie lie)
    {
        var body = Encoding.UTF8.GetBytes(xml);
        return SimulatedWire.SendAsync(context, 200, "text/xml; charset=utf-8",
            SimulatedWire.CutsOff(lie) ? body.AsMemory(0, body.Length * 2 / 3) : body);
    }

    private static bool IsPlain(string account) =>
        account.Length is > 0 and <= LongestAccount && !account.Any(char.IsControl);
}
