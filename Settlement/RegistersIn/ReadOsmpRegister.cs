using System.Buffers;
using System.Text;
using System.Text.Unicode;
using EGovPay.Settlement.Mapping;

namespace EGovPay.Settlement.RegistersIn;

/// <summary>
/// Reads a register of the OSMP form: <c>txn_id date time account sum</c> with tabs between, in some dialects the
/// currency after them, and <c>Total: count amount</c> last. Over bytes,
/// because it is the form of the large ones. Accounts that are no UTF-8 are taken for windows-1251.
/// </summary>
internal static class ReadOsmpRegister
{
    public const string Format = "osmp-tab";

    private const int BufferBytes = 256 * 1024;
    private const int MostLineBytes = 4 * 1024;

    private static ReadOnlySpan<byte> Total => "Total:"u8;

    /// <summary>Reads a file to its end.</summary>
    /// <exception cref="RefusedFileException">What is wrong with it, and where.</exception>
    public static async Task<RegisterTotals> From(Stream file, IRegisterSink sink, CancellationToken cancel)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            var state = new State(sink);
            var filled = 0;
            while (true)
            {
                var read = await file.ReadAsync(buffer.AsMemory(filled, BufferBytes - filled), cancel);
                filled += read;
                var used = state.Take(buffer.AsSpan(0, filled), last: read == 0);
                if (read == 0)
                {
                    return state.End();
                }

                buffer.AsSpan(used, filled - used).CopyTo(buffer);
                filled -= used;
                if (filled > MostLineBytes)
                {
                    throw RefusedFileException.At(state.Line + 1, 0, "", $"The line is longer than {MostLineBytes} bytes.");
                }

                await sink.FlushAsync(cancel);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private sealed class State(IRegisterSink sink)
    {
        private long sum;
        private int count;
        private (int Count, long Qepik)? said;

        /// <summary>Of the file, from 1: the last one that was read.</summary>
        public int Line { get; private set; }

        /// <summary>Takes the whole lines of a part.</summary>
        /// <returns>How many bytes were taken.</returns>
        public int Take(ReadOnlySpan<byte> part, bool last)
        {
            var used = 0;
            while (true)
            {
                var rest = part[used..];
                var end = rest.IndexOf((byte)'\n');
                if (end < 0)
                {
                    if (last && rest.Length > 0)
                    {
                        One(rest);
                    }

                    return last ? part.Length : used;
                }

                One(rest[..end]);
                used += end + 1;
            }
        }

        public RegisterTotals End()
        {
            if (said is not { } total)
            {
                throw RefusedFileException.At(Math.Max(1, Line), 0, "Total:", "The last line, with the totals, is missing: the file may be cut off.");
            }

            return new RegisterTotals(Format, count, sum, total.Count, total.Qepik);
        }

        private void One(ReadOnlySpan<byte> line)
        {
            Line++;
            line = line is [.., (byte)'\r'] ? line[..^1] : line;
            line = Line == 1 && line.StartsWith(Encoding.UTF8.Preamble) ? line[Encoding.UTF8.Preamble.Length..] : line;
            if (line.Length == 0)
            {
                return;
            }

            if (said is not null)
            {
                throw RefusedFileException.At(Line, 1, "", "Something stands after the line of totals.");
            }

            if (line.Length > MostLineBytes)
            {
                throw RefusedFileException.At(Line, 0, "", $"The line is longer than {MostLineBytes} bytes.");
            }

            if (line.StartsWith(Total))
            {
                said = ReadTotal(line[Total.Length..]);
                return;
            }

            if (++count > RegisterText.MostLines)
            {
                throw RefusedFileException.At(Line, 0, "", $"There are more than {RegisterText.MostLines} lines.");
            }

            Read(line);
        }

        private void Read(ReadOnlySpan<byte> line)
        {
            var rest = line;
            var txn = Field(ref rest);
            var date = Field(ref rest);
            var time = Field(ref rest);
            var account = Field(ref rest);
            var amount = Field(ref rest);
            var currency = Field(ref rest);
            if (line.Count((byte)'\t') is not (4 or 5))
            {
                throw RefusedFileException.At(
                    Line, 0, "",
                    $"The line has {line.Count((byte)'\t') + 1} fields; it has 5 with a tab between, or 6: txn_id date time account sum ccy.");
            }

            if (currency.Length > 0 && (currency.Length != 3 || currency.ContainsAnyExceptInRange((byte)'A', (byte)'Z')))
            {
                throw RefusedFileException.At(Line, 6, "ccy", $"'{RegisterText.Shown(currency)}' is no currency: three capital letters.");
            }

            RegisterText.Check(txn, RegisterText.MostTxn, Line, 1, "txn_id");
            RegisterText.Check(account, RegisterText.MostAccount, Line, 4, "account");
            if (!RegisterText.TryReadDay(date, out var day))
            {
                throw RefusedFileException.At(Line, 2, "date", $"'{RegisterText.Shown(date)}' is no date such as 2026-11-20.");
            }

            if (!RegisterText.TryReadTime(time, out var microseconds))
            {
                throw RefusedFileException.At(Line, 3, "time", $"'{RegisterText.Shown(time)}' is no time such as 09:30:00.");
            }

            if (!RegisterText.TryReadManat(amount, out var qepik) || qepik > RegisterText.MostQepik)
            {
                throw RefusedFileException.At(Line, 5, "sum", $"'{RegisterText.Shown(amount)}' is no sum such as 10.40.");
            }

            sum += qepik;
            sink.Add(new RegisterLine
            {
                Line = Line, Txn = Readable(txn), AmountQepik = qepik, Account = Readable(account), Day = day, TimeMicroseconds = microseconds,
                Currency = currency.SequenceEqual("AZN"u8) ? [] : currency,
            });
        }

        private static ReadOnlySpan<byte> Field(ref ReadOnlySpan<byte> rest)
        {
            var end = rest.IndexOf((byte)'\t');
            var field = end < 0 ? rest : rest[..end];
            rest = end < 0 ? [] : rest[(end + 1)..];
            return field;
        }

        private (int Count, long Qepik) ReadTotal(ReadOnlySpan<byte> text)
        {
            text = text.Trim(" \t"u8);
            var gap = text.IndexOfAny((byte)' ', (byte)'\t');
            var lines = gap > 0 ? text[..gap] : [];
            var amount = gap > 0 ? text[gap..].Trim(" \t"u8) : [];
            return System.Buffers.Text.Utf8Parser.TryParse(lines, out int of, out var used) && used == lines.Length && of >= 0
                && RegisterText.TryReadManat(amount, out var qepik)
                ? (of, qepik)
                : throw RefusedFileException.At(Line, 1, "Total:", $"'{RegisterText.Shown(text)}' is not a number of lines and a sum.");
        }

        private static ReadOnlySpan<byte> Readable(ReadOnlySpan<byte> text) =>
            Utf8.IsValid(text) ? text : Encoding.UTF8.GetBytes(OldCyrillic.Value.GetString(text));
    }

    private static readonly Lazy<Encoding> OldCyrillic = new(() =>
    {
        Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);
        return Encoding.GetEncoding(1251);
    });
}
