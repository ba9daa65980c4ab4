using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using EGovPay.Settlement.Mapping;
using NodaTime;

namespace EGovPay.Settlement.RegistersIn;

/// <summary>
/// Reads a register in JSON, part by part: a list of objects, or an object with the list <c>lines</c> and, before or after it, <c>total</c>
/// {<c>count</c>, <c>amount</c> or <c>amountQepik</c>}. A line: <c>txn</c>, <c>date</c>, <c>time</c>, <c>account</c>, <c>amount</c> (manat) or
/// <c>amountQepik</c>, <c>currency</c>, <c>providerTransaction</c>, <c>reversal</c>. What else stands there is left alone. Amounts are digits and
/// never pass through a floating-point number.
/// </summary>
internal sealed class ReadJsonRegister
{
    public const string Format = "json";

    private const int BufferBytes = 256 * 1024;
    private const int MostLineBytes = 64 * 1024;
    private const int MostTextBytes = 1_024;

    private readonly IRegisterSink sink;
    private readonly byte[] texts = new byte[3 * MostTextBytes];
    private JsonReaderState state = new(new JsonReaderOptions { MaxDepth = 8 });
    private Place place = Place.Beginning;
    private string property = "";
    private int newlines;
    private int count;
    private long sum;
    private int? saidCount;
    private long? saidQepik;

    private bool wrapped;
    private bool listed;

    private ReadJsonRegister(IRegisterSink sink) => this.sink = sink;

    private enum Place
    {
        Beginning,

        /// <summary>Within the object around the list.</summary>
        Around,

        /// <summary>Within the list.</summary>
        Lines,
        End,
    }

    /// <summary>Reads a file to its end.</summary>
    /// <exception cref="RefusedFileException">What is wrong with it, and where.</exception>
    public static async Task<RegisterTotals> From(Stream file, IRegisterSink sink, CancellationToken cancel)
    {
        var reading = new ReadJsonRegister(sink);
        var buffer = new byte[BufferBytes];
        var filled = 0;
        var first = true;
        while (true)
        {
            var read = await file.ReadAsync(buffer.AsMemory(filled), cancel);
            filled += read;
            if (first && filled < Encoding.UTF8.Preamble.Length && read > 0)
            {
                continue;
            }

            if (first && buffer.AsSpan(0, filled).StartsWith(Encoding.UTF8.Preamble))
            {
                // The mark that some editors put before UTF-8.
                filled -= Encoding.UTF8.Preamble.Length;
                buffer.AsSpan(Encoding.UTF8.Preamble.Length, filled).CopyTo(buffer);
            }

            first = false;
            var used = reading.Take(buffer.AsSpan(0, filled), last: read == 0);
            if (read == 0)
            {
                return reading.End();
            }

            reading.newlines += buffer.AsSpan(0, used).Count((byte)'\n');
            buffer.AsSpan(used, filled - used).CopyTo(buffer);
            filled -= used;
            if (filled > MostLineBytes)
            {
                throw RefusedFileException.At(reading.newlines + 1, 0, "", $"One line of the register has more than {MostLineBytes} bytes.");
            }

            await sink.FlushAsync(cancel);
        }
    }

    private int Take(ReadOnlySpan<byte> part, bool last)
    {
        var reader = new Utf8JsonReader(part, last, state);
        try
        {
            while (true)
            {
                var before = reader;
                if (!reader.Read())
                {
                    break;
                }

                if (!Step(ref reader, part))
                {
                    // Not all of it is here yet: it is read again with more.
                    reader = before;
                    break;
                }
            }
        }
        catch (JsonException wrong)
        {
            throw RefusedFileException.At(
                // The reader counts from the file's beginning.
                checked((int)(wrong.LineNumber ?? 0)) + 1, checked((int)(wrong.BytePositionInLine ?? 0)) + 1, "",
                "The JSON is not well formed, or ends too early.");
        }

        state = reader.CurrentState;
        return (int)reader.BytesConsumed;
    }

    /// <returns>False: what begins here is not in the buffer to its end.</returns>
    private bool Step(ref Utf8JsonReader reader, ReadOnlySpan<byte> part)
    {
        switch (place)
        {
            case Place.Beginning when reader.TokenType == JsonTokenType.StartArray:
                place = Place.Lines;
                return true;
            case Place.Beginning when reader.TokenType == JsonTokenType.StartObject:
                (place, wrapped) = (Place.Around, true);
                return true;
            case Place.Around when reader.TokenType == JsonTokenType.PropertyName:
                property = reader.ValueSpan.Length <= 40 ? reader.GetString()! : "";
                return true;
            case Place.Around when reader.TokenType == JsonTokenType.EndObject:
                place = Place.End;
                return true;
            case Place.Around when property == "lines" && reader.TokenType == JsonTokenType.StartArray:
                place = listed ? throw Fault(part, reader.TokenStartIndex, "lines", "The list stands there twice.") : Place.Lines;
                return true;
            case Place.Around:
                return Around(ref reader, part);
            case Place.Lines when reader.TokenType == JsonTokenType.EndArray:
                listed = true;
                place = wrapped ? Place.Around : Place.End;
                return true;
            case Place.Lines when reader.TokenType == JsonTokenType.StartObject:
                return Line(ref reader, part);
            default:
                throw Fault(part, reader.TokenStartIndex, "", "A register is a list of objects, or an object with the list \"lines\".");
        }
    }

    private bool Around(ref Utf8JsonReader reader, ReadOnlySpan<byte> part)
    {
        var at = reader.TokenStartIndex;
        var value = reader;
        if (!reader.TrySkip())
        {
            return false;
        }

        if (property != "total")
        {
            return true;
        }

        if (value.TokenType != JsonTokenType.StartObject)
        {
            throw Fault(part, at, "total", "The total is an object with \"count\" and \"amount\" or \"amountQepik\".");
        }

        while (value.Read() && value.TokenType == JsonTokenType.PropertyName)
        {
            var name = value.GetString();
            value.Read();
            switch (name)
            {
                case "count":
                    saidCount = Whole(value) is { } lines and <= int.MaxValue ? (int)lines
                        : throw Fault(part, value.TokenStartIndex, "total", "The count is no whole number.");
                    break;
                case "amount" or "amountQepik":
                    saidQepik = Amount(value, name == "amountQepik") ?? throw Fault(part, value.TokenStartIndex, "total", "That is no amount.");
                    break;
                default:
                    value.TrySkip();
                    break;
            }
        }

        return true;
    }

    private bool Line(ref Utf8JsonReader reader, ReadOnlySpan<byte> part)
    {
        var at = reader.TokenStartIndex;
        var value = reader;
        if (!reader.TrySkip())
        {
            return false;
        }

        if (++count > RegisterText.MostLines)
        {
            throw Fault(part, at, "", $"There are more than {RegisterText.MostLines} lines.");
        }

        var found = new Found();
        while (value.Read() && value.TokenType == JsonTokenType.PropertyName)
        {
            One(ref value, part, ref found);
        }

        Add(part, at, found);
        return true;
    }

    /// <summary>Where the texts of one line lie in the scratch buffer, and its other values.</summary>
    private ref struct Found
    {
        public int Txn;
        public int Account;
        public int Theirs;
        public long? Qepik;
        public LocalDate? Day;
        public long? Time;
        public string? Currency;
        public bool Reversal;
    }

    private void One(ref Utf8JsonReader value, ReadOnlySpan<byte> part, ref Found found)
    {
        var name = value;
        value.Read();
        var at = value.TokenStartIndex;
        if (name.ValueTextEquals("txn"u8))
        {
            found.Txn = Text(value, 0) ?? throw Fault(part, at, "txn", "That is no transaction number.");
        }
        else if (name.ValueTextEquals("account"u8))
        {
            found.Account = Text(value, 1) ?? throw Fault(part, at, "account", "That is no account.");
        }
        else if (name.ValueTextEquals("providerTransaction"u8))
        {
            found.Theirs = value.TokenType == JsonTokenType.Null ? 0
                : Text(value, 2) ?? throw Fault(part, at, "providerTransaction", "That is no transaction number.");
        }
        else if (name.ValueTextEquals("amount"u8) || name.ValueTextEquals("amountQepik"u8))
        {
            found.Qepik = found.Qepik is not null ? throw Fault(part, at, "amount", "The amount stands there twice.")
                : Amount(value, name.ValueTextEquals("amountQepik"u8)) is { } amount and <= RegisterText.MostQepik ? amount
                : throw Fault(part, at, "amount", "That is no amount such as \"10.40\" manat.");
        }
        else if (name.ValueTextEquals("date"u8))
        {
            found.Day = value.TokenType == JsonTokenType.String && RegisterText.TryReadDay(value.ValueSpan, out var day) ? day
                : throw Fault(part, at, "date", "That is no date such as \"2026-11-20\".");
        }
        else if (name.ValueTextEquals("time"u8))
        {
            found.Time = value.TokenType == JsonTokenType.Null ? null
                : value.TokenType == JsonTokenType.String && RegisterText.TryReadTime(value.ValueSpan, out var time) ? time
                : throw Fault(part, at, "time", "That is no time such as \"09:30:00\".");
        }
        else if (name.ValueTextEquals("currency"u8))
        {
            found.Currency = value.TokenType == JsonTokenType.String && value.ValueSpan.Length == 3
                && Statements.BankAmount.IsCurrency(Encoding.Latin1.GetString(value.ValueSpan)) ? value.GetString()
                : throw Fault(part, at, "currency", "That is no currency: three capital letters.");
        }
        else if (name.ValueTextEquals("reversal"u8))
        {
            found.Reversal = value.TokenType is JsonTokenType.True or JsonTokenType.False ? value.GetBoolean()
                : throw Fault(part, at, "reversal", "That is neither true nor false.");
        }
        else
        {
            value.TrySkip();
        }
    }

    private void Add(ReadOnlySpan<byte> part, long at, Found found)
    {
        if (found.Txn == 0 || found.Account == 0 || found.Qepik is not { } qepik || found.Day is not { } day)
        {
            throw Fault(part, at, "", "A line has \"txn\", \"date\", \"account\" and \"amount\" or \"amountQepik\"; one of them is missing.");
        }

        Check(part, at, 0, found.Txn, RegisterText.MostTxn, "txn");
        Check(part, at, 1, found.Account, RegisterText.MostAccount, "account");
        Check(part, at, 2, found.Theirs, RegisterText.MostTxn, "providerTransaction");
        sum += found.Reversal ? -qepik : qepik;
        sink.Add(new RegisterLine
        {
            Line = count,
            Txn = texts.AsSpan(0, found.Txn),
            AmountQepik = qepik,
            Currency = found.Currency is null or "AZN" ? [] : Encoding.ASCII.GetBytes(found.Currency),
            Account = texts.AsSpan(MostTextBytes, found.Account),
            Day = day,
            TimeMicroseconds = found.Time ?? -1,
            ProviderTransaction = texts.AsSpan(2 * MostTextBytes, found.Theirs),
            Reversal = found.Reversal,
        });
    }

    private void Check(ReadOnlySpan<byte> part, long at, int slot, int length, int most, string field)
    {
        if (RegisterText.Fault(texts.AsSpan(slot * MostTextBytes, length), most) is { } wrong && (length > 0 || slot < 2))
        {
            throw Fault(part, at, field, wrong);
        }
    }

    private RegisterTotals End() => place == Place.End
        ? listed ? new RegisterTotals(Format, count, sum, saidCount, saidQepik)
            : throw RefusedFileException.At(newlines + 1, 0, "lines", "There is no list of lines.")
        : throw RefusedFileException.At(newlines + 1, 0, "", "The file ends too early.");

    /// <summary>Keeps a text, or a number as it is written, until its line is whole.</summary>
    /// <returns>Its length, or null where it is none.</returns>
    private int? Text(in Utf8JsonReader value, int slot)
    {
        var to = texts.AsSpan(slot * MostTextBytes, MostTextBytes);
        if (value.ValueSpan.Length is 0 or > MostTextBytes)
        {
            return null;
        }

        if (value.TokenType == JsonTokenType.Number && !value.ValueSpan.ContainsAny((byte)'.', (byte)'e', (byte)'E'))
        {
            value.ValueSpan.CopyTo(to);
            return value.ValueSpan.Length;
        }

        if (value.TokenType != JsonTokenType.String)
        {
            return null;
        }

        if (value.ValueIsEscaped)
        {
            try
            {
                return value.CopyString(to);
            }
            catch (InvalidOperationException)
            {
                // Half of a pair of letters.
                return null;
            }
        }

        value.ValueSpan.CopyTo(to);
        return Utf8.IsValid(value.ValueSpan) ? value.ValueSpan.Length : null;
    }

    private static long? Amount(in Utf8JsonReader value, bool qepik) =>
        value.TokenType is not (JsonTokenType.Number or JsonTokenType.String) ? null
        : qepik ? Whole(value)
        : RegisterText.TryReadManat(value.ValueSpan, out var read) ? read : null;

    private static long? Whole(in Utf8JsonReader value) =>
        value.TokenType == JsonTokenType.Number && value.ValueSpan.Length <= 18
        && Utf8Parser.TryParse(value.ValueSpan, out long number, out var used) && used == value.ValueSpan.Length && number >= 0 ? number : null;

    private RefusedFileException Fault(ReadOnlySpan<byte> part, long at, string where, string text)
    {
        var before = part[..(int)at];
        return RefusedFileException.At(LineOf(part, at), before.Length - before.LastIndexOf((byte)'\n'), where, text);
    }

    /// <summary>Of the file, from 1; counted only for what is wrong.</summary>
    private int LineOf(ReadOnlySpan<byte> part, long at) => newlines + part[..(int)at].Count((byte)'\n') + 1;
}
