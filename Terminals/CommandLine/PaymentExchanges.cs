using System.Globalization;
using System.Text;
using System.Text.Json;
using EGovPay.Processing;
using EGovPay.Processing.Payments;
using EGovPay.Processing.Receipts;
using Npgsql;

namespace EGovPay.Terminals.CommandLine;

/// <summary>
/// What a provider was asked about a payment and what it answered, as it is kept where the answer was not plainly good: secrets were
/// masked when it was kept, and the payer's account and fields are masked here, unless all is asked for.
/// </summary>
internal sealed class PaymentExchanges
{
    /// <summary>The last so many are shown; a provider may have been asked for days.</summary>
    public const int Most = 20;

    /// <summary>Characters shown of a request, and of an answer.</summary>
    private const int LongestShown = 2_000;

    private static readonly string Statement = Sql.Load("CommandLine/PaymentExchanges.sql");

    private readonly List<(short Step, int Milliseconds, string Request, string? Answer)> exchanges = [];

    private PaymentExchanges()
    {
    }

    /// <param name="full">Nothing is masked or cut.</param>
    public static async Task<PaymentExchanges> ReadAsync(
        NpgsqlDataSource database, Payment payment, bool full, CancellationToken cancel)
    {
        var found = new PaymentExchanges();
        await using var command = database.CreateCommand(Statement);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = payment.AgentId });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = payment.Number });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = Most });
        await using var row = await command.ExecuteReaderAsync(cancel);
        while (await row.ReadAsync(cancel))
        {
            string? Shown(int column) => row.IsDBNull(column) ? null
                : full ? row.GetString(column) : Cut(Masked(row.GetString(column), payment));
            found.exchanges.Add((row.GetInt16(0), row.GetInt32(1), Shown(2)!, Shown(3)));
        }

        return found;
    }

    public void Write(Utf8JsonWriter line)
    {
        line.WriteStartArray("exchanges");
        foreach (var (step, milliseconds, request, answer) in exchanges)
        {
            line.WriteStartObject();
            line.WriteNumber("step", step);
            line.WriteNumber("elapsedMs", milliseconds);
            line.WriteString("request", request);
            line.WriteString("answer", answer);
            line.WriteEndObject();
        }

        line.WriteEndArray();
    }

    public async Task SayAsync(TextWriter output)
    {
        foreach (var (step, milliseconds, request, answer) in exchanges)
        {
            await output.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture, $"Step {step}, asked (>) and answered (<) in {milliseconds} ms:"));
            await SayAsync(output, '>', request);
            await SayAsync(output, '<', answer ?? "(nothing)");
        }
    }

    /// <summary>Nothing that a provider wrote moves the cursor of who reads it.</summary>
    private static async Task SayAsync(TextWriter output, char side, string text)
    {
        foreach (var line in text.TrimEnd().Split('\n'))
        {
            var plain = new StringBuilder("  ").Append(side).Append(' ');
            foreach (var letter in line.TrimEnd('\r'))
            {
                plain.Append(char.IsControl(letter) ? '\uFFFD' : letter);
            }

            await output.WriteLineAsync(plain.ToString());
        }
    }

    private static string Masked(string text, Payment payment)
    {
        foreach (var secret in payment.Fields.Select(field => field.Value).Append(payment.Account)
            .Where(value => value.Length > 3).OrderByDescending(value => value.Length))
        {
            text = text.Replace(secret, Mask.Account(secret), StringComparison.Ordinal)
                .Replace(Uri.EscapeDataString(secret), Mask.Account(secret), StringComparison.Ordinal);
        }

        return text;
    }

    private static string Cut(string text)
    {
        if (text.Length <= LongestShown)
        {
            return text;
        }

        var end = char.IsHighSurrogate(text[LongestShown - 1]) ? LongestShown - 1 : LongestShown;
        return $"{text.AsSpan(0, end)}… ({text.Length - end} more: --full)";
    }
}
