using System.Buffers.Binary;
using NodaTime;
using Npgsql;

namespace EGovPay.Settlement.RegistersIn;

/// <summary>
/// Writes lines into <c>register_in_line</c> as the bytes of a binary COPY: what was read is copied once, from the file's buffer into the
/// message to the server.
/// </summary>
internal sealed class RegisterRows : IRegisterSink, IAsyncDisposable
{
    private const string Copy =
        "copy register_in_line (file_id, line, txn, number, amount_qepik, currency, account, day, \"time\", provider_transaction, reversal) "
        + "from stdin (format binary)";

    private const short Columns = 11;
    private const int FlushBytes = 64 * 1024;

    /// <summary>Of a row, at most: its fixed fields, and the texts within their limits.</summary>
    private const int MostRowBytes = 1_024;

    private static readonly LocalDate Epoch = new(2000, 1, 1);

    private readonly NpgsqlRawCopyStream to;
    private readonly long fileId;
    private byte[] buffer = new byte[2 * FlushBytes];
    private byte[] other = new byte[2 * FlushBytes];
    private int filled;

    /// <summary>What was filled before goes to the server while the next is being filled.</summary>
    private Task sending = Task.CompletedTask;
    private LocalDate lastDay = Epoch;
    private int lastDayNumber;
    private bool done;

    private RegisterRows(NpgsqlRawCopyStream to, long fileId)
    {
        (this.to, this.fileId) = (to, fileId);
        // Signature, flags, no extension.
        ReadOnlySpan<byte> signature = [0x50, 0x47, 0x43, 0x4F, 0x50, 0x59, 0x0A, 0xFF, 0x0D, 0x0A, 0x00];
        signature.CopyTo(buffer);
        filled = signature.Length + 8;
    }

    public static async Task<RegisterRows> BeginAsync(NpgsqlConnection connection, long fileId, CancellationToken cancel) =>
        new(await connection.BeginRawBinaryCopyAsync(Copy, cancel), fileId);

    public void Add(in RegisterLine line)
    {
        if (buffer.Length - filled < MostRowBytes)
        {
            Array.Resize(ref buffer, checked(buffer.Length * 2));
        }

        Put(Columns);
        PutLength(8);
        BinaryPrimitives.WriteInt64BigEndian(Take(8), fileId);
        PutLength(4);
        BinaryPrimitives.WriteInt32BigEndian(Take(4), line.Line);
        PutText(line.Txn);
        PutNumber(RegisterText.NumberOf(line.Txn));
        PutNumber(line.AmountQepik);
        PutTextOrNull(line.Currency);
        PutText(line.Account);
        PutLength(4);
        BinaryPrimitives.WriteInt32BigEndian(Take(4), DayNumber(line.Day));
        PutNumber(line.TimeMicroseconds < 0 ? null : line.TimeMicroseconds);
        PutTextOrNull(line.ProviderTransaction);
        PutLength(1);
        Take(1)[0] = line.Reversal ? (byte)1 : (byte)0;
    }

    public ValueTask FlushAsync(CancellationToken cancel) => filled < FlushBytes ? ValueTask.CompletedTask : new ValueTask(SendAsync(cancel));

    /// <summary>Ends the COPY: the rows are in the transaction.</summary>
    public async Task CompleteAsync(CancellationToken cancel)
    {
        Put(-1);
        await SendAsync(cancel);
        await sending;
        await to.DisposeAsync();
        done = true;
    }

    /// <summary>Without <see cref="CompleteAsync"/> the transaction has failed, and is to be rolled back.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!done)
        {
            done = true;
            // Whoever gives up has its reason already.
            await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await to.CancelAsync();
        }
    }

    private async Task SendAsync(CancellationToken cancel)
    {
        await sending;
        (buffer, other) = (other, buffer);
        sending = to.WriteAsync(other.AsMemory(0, filled), cancel).AsTask();
        filled = 0;
    }

    private int DayNumber(LocalDate day)
    {
        if (day != lastDay)
        {
            (lastDay, lastDayNumber) = (day, Period.DaysBetween(Epoch, day));
        }

        return lastDayNumber;
    }

    private Span<byte> Take(int bytes)
    {
        filled += bytes;
        return buffer.AsSpan(filled - bytes, bytes);
    }

    private void Put(short value) => BinaryPrimitives.WriteInt16BigEndian(Take(2), value);

    private void PutLength(int value) => BinaryPrimitives.WriteInt32BigEndian(Take(4), value);

    private void PutText(ReadOnlySpan<byte> text)
    {
        PutLength(text.Length);
        text.CopyTo(Take(text.Length));
    }

    private void PutTextOrNull(ReadOnlySpan<byte> text)
    {
        if (text.Length == 0)
        {
            PutLength(-1);
        }
        else
        {
            PutText(text);
        }
    }

    private void PutNumber(long? value)
    {
        if (value is { } known)
        {
            PutLength(8);
            BinaryPrimitives.WriteInt64BigEndian(Take(8), known);
        }
        else
        {
            PutLength(-1);
        }
    }
}
