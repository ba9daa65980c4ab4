using System.Globalization;
using System.Security.Cryptography;
using EGovPay.Processing;
using EGovPay.Processing.Catalogue;
using EGovPay.Settlement.Acquirers;
using EGovPay.Settlement.Payouts;
using EGovPay.Settlement.RegistersIn;
using EGovPay.Settlement.Statements;
using EGovPay.Settlement.Terms;
using NodaTime;
using Npgsql;

namespace EGovPay.Settlement.Incoming;

/// <summary>What became of one file of the folder.</summary>
/// <param name="Path">Within the folder, with slashes.</param>
/// <param name="Verdict">Null: it could not be opened or moved; it is tried again in the next round.</param>
/// <param name="Reason">Why it was refused, or could not be taken.</param>
public sealed record FolderFile(string Path, FileVerdict? Verdict, long? FileId, string? Reason);

/// <summary>What one round over the folder did.</summary>
/// <param name="Elsewhere">Another process is at it in this moment: nothing was done here.</param>
/// <param name="Waiting">Files that are not complete yet.</param>
public sealed record FolderRound(IReadOnlyList<FolderFile> Files, int Waiting, bool Elsewhere);

/// <summary>
/// The watched folder: <c>statements/</c>, <c>registers/PROVIDER/</c> (or <c>registers/</c> with names that say whose they are),
/// <c>acquirers/NAME/</c> and <c>statuses/</c>, which is what banks say of payouts. A complete file is imported and then moved to
/// <c>done/</c>, or to <c>refused/</c> with its reason beside it. The import commits before the move; a file that is found again is known by
/// its bytes and only moved. A file is complete when it was renamed into place, or nobody has written to it for a while; names that begin
/// with a dot or end as unfinished ones do are left alone.
/// </summary>
/// <param name="folder">Absolute; made where it is missing.</param>
public sealed class ImportFolder(NpgsqlDataSource database, string folder, IClock clock)
{
    /// <summary>Without a change for so long, a file is complete.</summary>
    public static readonly Duration Quiet = Duration.FromSeconds(10);

    private const int MostFiles = 500;
    private const int FolderLock = 7322;
    private const string Statements = "statements";
    private const string Statuses = "statuses";
    private const string Done = "done";
    private const string Refused = "refused";

    private static readonly string[] Unfinished = [".part", ".partial", ".tmp", ".filepart", ".crdownload", ".reason"];

    /// <summary>Looks once, imports what is complete, oldest first, at most 500 files.</summary>
    /// <exception cref="NpgsqlException">The database is away: what was not imported stays where it is.</exception>
    public Task<FolderRound> RoundAsync(CancellationToken cancel = default) => RoundAsync(null, cancel);

    /// <summary>The same, and tells how far it is.</summary>
    public async Task<FolderRound> RoundAsync(TellProgress? tell, CancellationToken cancel = default)
    {
        foreach (var kind in new[] { Statements, Statuses, "registers", "acquirers" })
        {
            Directory.CreateDirectory(Path.Combine(folder, kind));
        }

        var (complete, waiting) = Look();
        if (complete.Count == 0)
        {
            return new FolderRound([], waiting, Elsewhere: false);
        }

        // One process at a time moves files; the lock ends with its connection, so also with the process.
        await using var holder = await database.OpenConnectionAsync(cancel);
        await using (var take = new NpgsqlCommand("select pg_try_advisory_lock($1, 0)", holder))
        {
            take.Parameters.Add(new NpgsqlParameter<int> { TypedValue = FolderLock });
            if (await take.ExecuteScalarAsync(cancel) is not true)
            {
                return new FolderRound([], waiting, Elsewhere: true);
            }
        }

        try
        {
            // What was there before the lock may have been moved since.
            (complete, waiting) = Look();
            var terms = await TermsStore.TodayAsync(database, clock, cancel);
            var catalogue = await CatalogueStore.LatestOrEmbeddedAsync(database, cancel);
            var done = new List<FolderFile>();
            foreach (var file in complete)
            {
                cancel.ThrowIfCancellationRequested();
                if (tell is not null)
                {
                    // Banks put accounts into names of files.
                    await tell(100 * done.Count / complete.Count, string.Create(
                        CultureInfo.InvariantCulture, $"file {done.Count + 1} of {complete.Count}, {Kind(file)}, {file.Length / 1024} KiB"));
                }

                done.Add(await TakeAsync(file, terms, catalogue, cancel));
            }

            return new FolderRound(done, waiting, Elsewhere: false);
        }
        finally
        {
            await using var leave = new NpgsqlCommand("select pg_advisory_unlock($1, 0)", holder);
            leave.Parameters.Add(new NpgsqlParameter<int> { TypedValue = FolderLock });
            await leave.ExecuteNonQueryAsync(CancellationToken.None);
        }
    }

    private (List<FileInfo> Complete, int Waiting) Look()
    {
        var now = clock.GetCurrentInstant();
        var found = new List<FileInfo>();
        var waiting = 0;
        foreach (var at in Places())
        {
            foreach (var file in at.EnumerateFiles())
            {
                // A link may lead anywhere; what is no file has no end.
                if (file.Name[0] == '.' || file.LinkTarget is not null || file.Attributes.HasFlag(FileAttributes.Device)
                    || Unfinished.Any(end => file.Name.EndsWith(end, StringComparison.OrdinalIgnoreCase)))
                {
                    continue;
                }

                if (now - Written(file) < Quiet)
                {
                    waiting++;
                    continue;
                }

                found.Add(file);
            }
        }

        var complete = found.OrderBy(Written).ThenBy(file => file.FullName, StringComparer.Ordinal).Take(MostFiles).ToList();
        return (complete, waiting + found.Count - complete.Count);
    }

    private IEnumerable<DirectoryInfo> Places()
    {
        yield return new DirectoryInfo(Path.Combine(folder, Statements));
        yield return new DirectoryInfo(Path.Combine(folder, Statuses));
        foreach (var kind in new[] { "registers", "acquirers" })
        {
            var at = new DirectoryInfo(Path.Combine(folder, kind));
            yield return at;
            foreach (var inner in at.EnumerateDirectories().Where(one => one.LinkTarget is null && one.Name[0] != '.'))
            {
                yield return inner;
            }
        }
    }

    private async Task<FolderFile> TakeAsync(FileInfo file, SettlementTerms? terms, CatalogueSnapshot catalogue, CancellationToken cancel)
    {
        var path = Path.GetRelativePath(folder, file.FullName).Replace('\\', '/');
        var (bytes, written) = (file.Length, Written(file));
        try
        {
            FileReceipt? receipt = null;
            string? reason;
            // What has no bytes is not opened: a pipe would be waited for.
            await using (var content = bytes == 0 ? (Stream)new MemoryStream() : Open(file))
            {
                var given = new IncomingFile(file.Name, content, FileSource.Folder, IncomingFile.Engine);
                (receipt, reason) = await ImportAsync(path, given, terms, catalogue, cancel);
            }

            reason ??= receipt?.Refusal?.ToString();
            file.Refresh();
            if (!file.Exists || file.Length != bytes || Written(file) != written)
            {
                return new FolderFile(path, null, receipt?.FileId, "It changed while it was read; it stays where it is.");
            }

            Move(path, file, receipt, reason);
            return new FolderFile(path, receipt?.Verdict ?? FileVerdict.Refused, receipt?.FileId, reason);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return new FolderFile(path, null, null, unreadable.Message);
        }
    }

    private string Kind(FileInfo file) => Path.GetRelativePath(folder, file.FullName).Split(Path.DirectorySeparatorChar)[0];

    private static FileStream Open(FileInfo file) => new(
        file.FullName, new FileStreamOptions { Options = FileOptions.SequentialScan, BufferSize = 1 << 16, Share = FileShare.ReadWrite | FileShare.Delete });

    /// <summary>Imports as the folder says what it is; without a receipt it cannot be said whose it is, and the reason says so.</summary>
    private async Task<(FileReceipt? Receipt, string? Reason)> ImportAsync(
        string path, IncomingFile given, SettlementTerms? terms, CatalogueSnapshot catalogue, CancellationToken cancel)
    {
        var mappings = terms?.Mappings ?? [];
        var parts = path.Split('/');
        switch (parts[0])
        {
            case Statuses:
                return (await StatusAsync(given, cancel), null);
            case Statements:
                return ((await new ImportStatements(database, OurAccounts.Of(terms), mappings).FromAsync(given, cancel: cancel)).Receipt, null);
            case "acquirers" when parts.Length == 3:
                return ((await new ImportAcquirers(database, mappings).FromAsync(given, parts[1], cancel)).Receipt, null);
            case "acquirers":
                return (null, "A report lies in a folder with its acquirer's name.");
            default:
                return RegisterName.Of(catalogue, given.Name, parts.Length == 3 ? parts[1] : null, null, out var why) is { } of
                    ? ((await new ImportRegisters(database, mappings).FromAsync(given, of, cancel)).Receipt, null)
                    : (null, why);
        }
    }

    /// <summary>What a bank says of payouts is entered; what it refused is put back by the ledger's own, who is not here.</summary>
    private async Task<FileReceipt> StatusAsync(IncomingFile given, CancellationToken cancel)
    {
        if (given.Content.Length > ImportPaymentStatus.LongestFile)
        {
            return new FileReceipt(
                FileVerdict.Refused, null, "", given.Content.Length, null, FileRefusal.Whole("It is larger than any bank's answer."));
        }

        var bytes = new byte[given.Content.Length];
        await given.Content.ReadExactlyAsync(bytes, cancel);
        var entered = await new ImportPaymentStatus(database, null).EnterAsync(given.By, given.Name, bytes, "folder", cancel);
        return new FileReceipt(
            entered.Refused is not null ? FileVerdict.Refused : entered.Before ? FileVerdict.KnownBefore : FileVerdict.Imported, null,
            Convert.ToHexStringLower(SHA256.HashData(bytes)), bytes.Length, "pain.002",
            entered.Refused is { } why ? FileRefusal.Whole(why) : null);
    }

    private void Move(string path, FileInfo file, FileReceipt? receipt, string? reason)
    {
        var refused = receipt is null || receipt.Verdict == FileVerdict.Refused;
        var to = Path.Combine(folder, refused ? Refused : Done, path);
        Directory.CreateDirectory(Path.GetDirectoryName(to)!);
        if (File.Exists(to))
        {
            // Another of the same name lies there: this one is told by its bytes, and the same bytes by nothing.
            to += "~" + (receipt is { Sha256: { Length: > 0 } hash } ? hash[..12]
                : clock.GetCurrentInstant().ToUnixTimeTicks().ToString(CultureInfo.InvariantCulture));
        }

        if (refused)
        {
            File.WriteAllText(to + ".reason", (reason ?? "") + "\n");
        }

        File.Move(file.FullName, to, overwrite: true);
    }

    private static Instant Written(FileInfo file) => Instant.FromDateTimeUtc(file.LastWriteTimeUtc);
}
