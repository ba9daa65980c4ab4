using System.Buffers;
using System.Text.Unicode;
using Microsoft.Win32.SafeHandles;

namespace EGovPay.Providers.Simulator;

/// <summary>One line of the record, as it is read back.</summary>
/// <param name="Kind">
/// A: asked, not credited (yet). C: credited. D: declined, with the code. R: taken back. K: kept in spite of a reversal, with the code.
/// </param>
/// <param name="Date">The caller's accounting date as yyyyMMddHHmmss, or 0.</param>
/// <param name="Cancel">With R and K: the reversal's own number, or 0.</param>
internal readonly record struct RecordLine(
    char Kind, string Provider, UInt128 Number, long Transaction, long AmountQepik, long Date, int Service, int Code,
        string Account, UInt128 Cancel = default);

/// <summary>
/// The simulator's own book: an append-only file, a line for each first question, credit and refusal. Lines that arrive
/// together are written together, and nobody is answered before the line is with the operating system (or on the disk,
/// with fsync): kill -9 loses nothing that was answered. A torn last line is cut off when the file is opened again.
/// </summary>
internal sealed class RecordFile : IAsyncDisposable
{
    private readonly SafeFileHandle file;
    private readonly bool fsync;
    private readonly Lock gate = new();
    private readonly SemaphoreSlim work = new(0, 1);
    private readonly Task writer;

    private ArrayBufferWriter<byte> pending = new(64 * 1024);
    private ArrayBufferWriter<byte> written = new(64 * 1024);
    private TaskCompletionSource group = NewGroup();
    private Task writing = Task.CompletedTask;
    private long length;
    private bool closing;

    private RecordFile(SafeFileHandle file, long length, bool fsync)
    {
        this.file = file;
        this.length = length;
        this.fsync = fsync;
        writer = Task.Run(WriteGroupsAsync);
    }

    /// <summary>
    /// Opens or makes the file, hands each whole line to <paramref name="read"/>, and cuts off what is torn.
    /// </summary>
    public static RecordFile Open(string path, bool fsync, Action<RecordLine> read)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        var whole = ReadLines(path, read);
        var handle = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        RandomAccess.SetLength(handle, whole);
        return new RecordFile(handle, whole, fsync);
    }

    /// <summary>Adds a line; the task ends when it is written.</summary>
    public Task Append(in RecordLine line)
    {
        lock (gate)
        {
            Write(pending, line);
            if (pending.WrittenCount > 0 && work.CurrentCount == 0)
            {
                work.Release();
            }

            return group.Task;
        }
    }

    /// <summary>Ends when everything that was added so far is written.</summary>
    public Task WrittenAsync()
    {
        lock (gate)
        {
            return pending.WrittenCount > 0 ? group.Task : writing;
        }
    }

    public async ValueTask DisposeAsync()
    {
        lock (gate)
        {
            closing = true;
            if (work.CurrentCount == 0)
            {
                work.Release();
            }
        }

        await writer;
        file.Dispose();
        work.Dispose();
    }

    private static TaskCompletionSource NewGroup() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task WriteGroupsAsync()
    {
        while (true)
        {
            await work.WaitAsync();
            TaskCompletionSource done;
            bool last;
            lock (gate)
            {
                (pending, written) = (written, pending);
                done = group;
                group = NewGroup();
                writing = done.Task;
                last = closing;
            }

            try
            {
                RandomAccess.Write(file, written.WrittenSpan, length);
                length += written.WrittenCount;
                if (fsync)
                {
                    RandomAccess.FlushToDisk(file);
                }

                done.SetResult();
            }
            catch (IOException fault)
            {
                done.SetException(fault);
            }

            written.ResetWrittenCount();
            if (last)
            {
                return;
            }
        }
    }

    private static void Write(ArrayBufferWriter<byte> to, in RecordLine line)
    {
        var space = 160 + (4 * line.Account.Length) + line.Provider.Length;
        Utf8.TryWrite(
            to.GetSpan(space),
            $"{line.Kind}\t{line.Provider}\t{line.Number}\t{line.Transaction}\t{line.AmountQepik}\t{line.Date}\t",
            out var head);
        to.Advance(head);
        Utf8.TryWrite(to.GetSpan(space), $"{line.Service}\t{line.Code}\t{line.Account}", out var rest);
        to.Advance(rest);
        if (line.Kind is 'R' or 'K')
        {
            Utf8.TryWrite(to.GetSpan(space), $"\t{line.Cancel}", out var cancel);
            to.Advance(cancel);
        }

        to.Write("\n"u8);
    }

    /// <summary>Reads the whole lines; the length of the file up to the end of the last of them.</summary>
    private static long ReadLines(string path, Action<RecordLine> read)
    {
        if (!File.Exists(path))
        {
            return 0;
        }

        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16);
        var buffer = new byte[1 << 16];
        long whole = 0;
        var kept = 0;
        int count;
        while ((count = stream.Read(buffer, kept, buffer.Length - kept)) > 0)
        {
            var filled = kept + count;
            var from = 0;
            int end;
            while ((end = buffer.AsSpan(from, filled - from).IndexOf((byte)'\n')) >= 0)
            {
                if (Parse(System.Text.Encoding.UTF8.GetString(buffer, from, end)) is not { } line)
                {
                    throw new InvalidDataException(
                        $"The record {path} is damaged at byte {whole}: it is not ours to mend.");
                }

                read(line);
                from += end + 1;
                whole += end + 1;
            }

            buffer.AsSpan(from, filled - from).CopyTo(buffer);
            kept = filled - from;
            if (kept == buffer.Length)
            {
                throw new InvalidDataException($"The record {path} has a line that is too long at byte {whole}.");
            }
        }

        return whole;
    }

    private static RecordLine? Parse(string text)
    {
        var parts = text.Split('\t');
        var culture = System.Globalization.CultureInfo.InvariantCulture;
        UInt128 cancel = default;
        return parts is [{ Length: 1 } kind, var provider, _, _, _, _, _, _, var account, ..]
            && (kind is "R" or "K" ? parts.Length == 10 && UInt128.TryParse(parts[9], culture, out cancel) : parts.Length == 9)
            && UInt128.TryParse(parts[2], culture, out var number)
            && long.TryParse(parts[3], culture, out var transaction)
            && long.TryParse(parts[4], culture, out var amount)
            && long.TryParse(parts[5], culture, out var date)
            && int.TryParse(parts[6], culture, out var service)
            && int.TryParse(parts[7], culture, out var code)
            ? new RecordLine(kind[0], provider, number, transaction, amount, date, service, code, account, cancel)
            : null;
    }
}
