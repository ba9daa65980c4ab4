using System.Globalization;
using System.Security.Cryptography;
using EGovPay.Processing;
using EGovPay.Processing.People;
using NodaTime;
using Npgsql;

namespace EGovPay.Settlement.Incoming;

/// <summary>What a file is given as; what it holds, its content says.</summary>
public enum FileKind
{
    Statement,
    Register,
    Acquirer,
}

/// <summary>By which way a file came.</summary>
public enum FileSource
{
    Command,
    Folder,
    Http,
}

/// <summary>A file that somebody gives us.</summary>
/// <param name="Name">Without its folder; for people.</param>
/// <param name="Content">Seekable, and nobody else's while it is read.</param>
/// <param name="By">Login of who gives it; of a job, the engine.</param>
public sealed record IncomingFile(string Name, Stream Content, FileSource Source, string By)
{
    /// <summary>Who imports what lies in the folder.</summary>
    public const string Engine = "engine";

    /// <summary>When it came; null: now. A demo tells of days that are still to come.</summary>
    public Instant? CameAt { get; init; }
}

/// <summary>How it ended.</summary>
public enum FileVerdict
{
    Imported,

    /// <summary>The very same bytes were imported before, about the same: nothing changed.</summary>
    KnownBefore,

    /// <summary>Nothing of it was kept but that it came.</summary>
    Refused,
}

/// <summary>Of what kind a fault of a file is, for whoever says it in another language.</summary>
public enum FileFault
{
    /// <summary>It stands there and cannot be read.</summary>
    Malformed,
    Empty,
    TooLarge,
    NotRecognised,
    NotWellFormed,
    Missing,

    /// <summary>A document of another kind.</summary>
    Another,
    TotalsDiffer,
    NoMapping,
    SeveralMappings,
    Changed,
}

/// <summary>Where a file is wrong, and why.</summary>
/// <param name="Line">From 1; 0: the file as a whole.</param>
/// <param name="Column">From 1; 0 where only the line is known. In characters or bytes, or the number of a CSV's column.</param>
/// <param name="Where">Element, tag or column; may be empty.</param>
public sealed record FileRefusal(int Line, int Column, string Where, string Text, FileFault What = FileFault.Malformed)
{
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{(Line > 0 ? $"line {Line}{(Column > 0 ? $", column {Column}" : "")}: " : "")}{(Where.Length > 0 ? Where + ": " : "")}{Text}");

    public static FileRefusal Whole(string text, FileFault what = FileFault.Malformed) => new(0, 0, "", text, what);
}

/// <summary>What became of a file.</summary>
/// <param name="FileId">Of an imported file, or of the one known before; null with refused.</param>
public sealed record FileReceipt(FileVerdict Verdict, long? FileId, string Sha256, long Bytes, string? Format, FileRefusal? Refusal);

/// <summary>What a loading has to do with: the transaction that the file is imported in.</summary>
/// <param name="Content">The file from its beginning; read to its end.</param>
public sealed record FileLoad(long FileId, Stream Content, NpgsqlConnection Connection, NpgsqlTransaction Transaction);

/// <summary>What a loading says at its end.</summary>
/// <param name="Format">What the file turned out to be.</param>
/// <param name="Refusal">Null: all of it was loaded.</param>
/// <param name="Figures">For the record of acts: how many of what.</param>
/// <param name="Finish">The last step before the commit, where others have to wait; or nothing.</param>
public sealed record FileLoaded(
    string? Format, FileRefusal? Refusal, IReadOnlyList<(string Name, long Value)> Figures, Func<CancellationToken, Task>? Finish = null);

/// <summary>
/// The one way in for files: each is one transaction, imported whole or not at all, and the same bytes about the same once. Files of one hash wait for each
/// other; no other two do until their last step.
/// </summary>
public sealed class ReceiveFile(NpgsqlDataSource database)
{
    /// <summary>The largest file that is read, bytes.</summary>
    public const long MostBytes = 4L << 30;

    private const int MostNameCharacters = 200;
    private const int MostReasonCharacters = 1_000;
    private const int HashLock = 7320;

    private static readonly string AddFile = Sql.Load("Incoming/AddFile.sql");
    private static readonly string AddRefused = Sql.Load("Incoming/AddRefused.sql");

    /// <summary>Takes a file in.</summary>
    /// <param name="about">What it is about where its bytes need not say so (an empty register is the same of every day); else empty.</param>
    /// <param name="load">Puts into the transaction what the file holds, or refuses it; what it has put there is then undone.</param>
    /// <exception cref="NpgsqlException">The database is away, or refused: nothing was kept.</exception>
    public async Task<FileReceipt> TakeAsync(
        FileKind kind, string about, IncomingFile file, Act act, Func<FileLoad, CancellationToken, Task<FileLoaded>> load,
        CancellationToken cancel)
    {
        var (hash, bytes) = await HashAsync(file.Content, cancel);
        var sha256 = Convert.ToHexStringLower(hash);
        if (bytes is 0 or > MostBytes)
        {
            var why = bytes == 0 ? FileRefusal.Whole("The file is empty.", FileFault.Empty)
                : FileRefusal.Whole($"The file has {bytes} bytes; at most {MostBytes} are read.", FileFault.TooLarge);
            return await RefuseAsync(kind, file, act, new FileReceipt(FileVerdict.Refused, null, sha256, bytes, null, why), hash, cancel);
        }

        await using var connection = await database.OpenConnectionAsync(cancel);
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        if (await BeginAsync(connection, transaction, hash, about, cancel) is { } known)
        {
            return new FileReceipt(FileVerdict.KnownBefore, known, sha256, bytes, null, null);
        }

        var id = await TakeNumberAsync(connection, transaction, cancel);
        using var hashing = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await using var content = new HashedStream(file.Content, hashing);
        var loaded = await load(new FileLoad(id, content, connection, transaction), cancel);
        var refusal = loaded.Refusal;
        if (refusal is null)
        {
            await content.CopyToAsync(Stream.Null, cancel);
            refusal = hashing.GetHashAndReset().AsSpan().SequenceEqual(hash)
                ? null : FileRefusal.Whole("The file changed while it was read. Give it again when it is whole.", FileFault.Changed);
        }

        var receipt = new FileReceipt(
            refusal is null ? FileVerdict.Imported : FileVerdict.Refused, refusal is null ? id : null, sha256, bytes, loaded.Format, refusal);
        if (refusal is not null)
        {
            await transaction.RollbackAsync(CancellationToken.None);
            await transaction.DisposeAsync();
            await connection.DisposeAsync();
            return await RefuseAsync(kind, file, act, receipt, hash, cancel);
        }

        await EndAsync(kind, about, file, act, receipt, hash, loaded, connection, transaction, cancel);
        return receipt;
    }

    private static async Task<(byte[] Hash, long Bytes)> HashAsync(Stream content, CancellationToken cancel)
    {
        content.Position = 0;
        var hash = await SHA256.HashDataAsync(content, cancel);
        var bytes = content.Position;
        content.Position = 0;
        return (hash, bytes);
    }

    /// <summary>The number of the file that these bytes were before, or null: then this is the only transaction about them.</summary>
    private static async Task<long?> BeginAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, byte[] hash, string about, CancellationToken cancel)
    {
        // Whoever imports the same file waits for its end; a holder that says nothing for a minute is ended by the server.
        await using (var settings = new NpgsqlCommand(
            "set local idle_in_transaction_session_timeout = '60s'; set local synchronous_commit = on", connection, transaction))
        {
            await settings.ExecuteNonQueryAsync(cancel);
        }

        await using (var wait = new NpgsqlCommand("select pg_advisory_xact_lock($1, $2)", connection, transaction) { CommandTimeout = 0 })
        {
            wait.Parameters.Add(new NpgsqlParameter<int> { TypedValue = HashLock });
            wait.Parameters.Add(new NpgsqlParameter<int> { TypedValue = BitConverter.ToInt32(hash) });
            await wait.ExecuteNonQueryAsync(cancel);
        }

        await using var find = new NpgsqlCommand(
            "select file_id from settlement_file where sha256 = $1 and about = $2 and refused_because is null", connection, transaction);
        find.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = hash });
        find.Parameters.Add(new NpgsqlParameter<string> { TypedValue = about });
        return await find.ExecuteScalarAsync(cancel) as long?;
    }

    private static async Task<long> TakeNumberAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, CancellationToken cancel)
    {
        await using var take = new NpgsqlCommand(
            "select nextval(pg_get_serial_sequence('settlement_file', 'file_id'))", connection, transaction);
        return (long)(await take.ExecuteScalarAsync(cancel))!;
    }

    private static async Task EndAsync(
        FileKind kind, string about, IncomingFile file, Act act, FileReceipt receipt, byte[] hash, FileLoaded loaded,
        NpgsqlConnection connection, NpgsqlTransaction transaction, CancellationToken cancel)
    {
        // From here on others wait.
        await using (var brief = new NpgsqlCommand(
            "set local idle_in_transaction_session_timeout = '3s'", connection, transaction))
        {
            await brief.ExecuteNonQueryAsync(cancel);
        }

        if (loaded.Finish is { } finish)
        {
            await finish(cancel);
        }

        await using (var add = Command(AddFile, connection, transaction, kind, file, receipt, hash))
        {
            add.Parameters.Add(new NpgsqlParameter<long> { TypedValue = receipt.FileId!.Value });
            add.Parameters.Add(new NpgsqlParameter<string> { TypedValue = about });
            add.Parameters.Add(new NpgsqlParameter<DateTime?> { TypedValue = file.CameAt?.ToDateTimeUtc() });
            await add.ExecuteNonQueryAsync(cancel);
        }

        (string, object?)[] details =
        [
            ("name", Shown(file.Name)), ("sha256", receipt.Sha256), ("format", receipt.Format), ("source", Text(file.Source)),
            .. loaded.Figures.Select(figure => (figure.Name, (object?)figure.Value)),
        ];
        await ActRecord.AppendAsync(
            connection, transaction, file.By, act.Name, FormattableString.Invariant($"file {receipt.FileId}"), ActRecord.Details(details));
        await transaction.CommitAsync(cancel);
    }

    /// <summary>Keeps that it came; the same refusal of the same bytes is kept once.</summary>
    private async Task<FileReceipt> RefuseAsync(
        FileKind kind, IncomingFile file, Act act, FileReceipt receipt, byte[] hash, CancellationToken cancel)
    {
        var why = receipt.Refusal!.ToString();
        why = why.Length <= MostReasonCharacters ? why : why[..MostReasonCharacters];
        await using var connection = await database.OpenConnectionAsync(cancel);
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        await using var add = Command(AddRefused, connection, transaction, kind, file, receipt, hash);
        add.Parameters.Add(new NpgsqlParameter<string> { TypedValue = Storable(why) });
        if (await add.ExecuteScalarAsync(cancel) is long id)
        {
            await ActRecord.AppendAsync(
                connection, transaction, file.By, act.Name, FormattableString.Invariant($"file {id}"),
                ActRecord.Details(("name", Shown(file.Name)), ("sha256", receipt.Sha256), ("refused", true)));
        }

        await transaction.CommitAsync(cancel);
        return receipt;
    }

    private static NpgsqlCommand Command(
        string sql, NpgsqlConnection connection, NpgsqlTransaction transaction, FileKind kind, IncomingFile file, FileReceipt receipt, byte[] hash)
    {
        var add = new NpgsqlCommand(sql, connection, transaction);
        add.Parameters.Add(new NpgsqlParameter<string> { TypedValue = Text(kind) });
        add.Parameters.Add(new NpgsqlParameter<string> { TypedValue = Shown(file.Name) });
        add.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = hash });
        add.Parameters.Add(new NpgsqlParameter<long> { TypedValue = receipt.Bytes });
        add.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = receipt.Format });
        add.Parameters.Add(new NpgsqlParameter<string> { TypedValue = Text(file.Source) });
        add.Parameters.Add(new NpgsqlParameter<string> { TypedValue = file.By });
        return add;
    }

    /// <summary>As it is kept: without its folder and what cannot be shown.</summary>
    private static string Shown(string name)
    {
        var clean = Storable(Path.GetFileName(name));
        clean = string.Concat(clean.Select(letter => char.IsControl(letter) ? '?' : letter));
        return clean.Length switch
        {
            0 => "?",
            > MostNameCharacters => clean[..MostNameCharacters],
            _ => clean,
        };
    }

    /// <summary>Without what no text column holds.</summary>
    internal static string Storable(string text)
    {
        if (text.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') >= 0)
        {
            // Halves of a pair become the mark for what cannot be read.
            text = System.Text.Encoding.UTF8.GetString(System.Text.Encoding.UTF8.GetBytes(text));
        }

        return text.Contains('\0', StringComparison.Ordinal) ? text.Replace('\0', ' ') : text;
    }

    private static string Text(FileKind kind) => kind switch
    {
        FileKind.Statement => "statement",
        FileKind.Register => "register",
        _ => "acquirer",
    };

    private static string Text(FileSource source) => source switch
    {
        FileSource.Command => "command",
        FileSource.Folder => "folder",
        _ => "http",
    };
}
