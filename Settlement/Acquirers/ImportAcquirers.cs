using System.Globalization;
using EGovPay.Processing;
using EGovPay.Processing.People;
using EGovPay.Processing.PostgreSql;
using EGovPay.Settlement.Incoming;
using EGovPay.Settlement.Mapping;
using Npgsql;
using NpgsqlTypes;

namespace EGovPay.Settlement.Acquirers;

/// <summary>What came of an acquirer's file: sums of an imported one; what was taken from us is negative in them.</summary>
public sealed record AcquirerImport(FileReceipt Receipt, int Lines, long GrossQepik, long FeeQepik, long NetQepik);

/// <summary>
/// Imports card acquirers' reports by their mappings: sales and what was taken back, with gross, fee and net. In each line and in total
/// gross less fee is net, or the file is refused with the difference.
/// </summary>
public sealed class ImportAcquirers(NpgsqlDataSource database, IReadOnlyList<FileMapping> mappings)
{
    private const int MostLines = 5_000_000;
    private const int MostText = 64;

    /// <summary>Of one line: with as many lines as there may be, the sum is still a long.</summary>
    private const long MostQepik = 99_999_999_999;

    private const string Copy =
        "copy acquirer_line (file_id, line, kind, rrn, approval, masked_pan, gross_qepik, fee_qepik, net_qepik, day) from stdin (format binary)";

    private static readonly string AddAcquirer = Sql.Load("Acquirers/AddAcquirer.sql");

    /// <summary>The mapping of an acquirer, or null: its files cannot be read.</summary>
    public FileMapping? MappingOf(string acquirer) =>
        mappings.FirstOrDefault(one => one.Use == MappingUse.Acquirer && one.Name == acquirer);

    /// <summary>Imports a file; an acquirer without a mapping is refused.</summary>
    /// <exception cref="NpgsqlException">The database is away, or refused: nothing was kept.</exception>
    public async Task<AcquirerImport> FromAsync(IncomingFile file, string acquirer, CancellationToken cancel = default)
    {
        var mapping = MappingOf(acquirer);
        var sums = new Sums();
        var receipt = await new ReceiveFile(database).TakeAsync(
            FileKind.Acquirer, "acquirer/" + ReceiveFile.Storable(acquirer), file, Acts.RegisterImport, LoadAsync, cancel);
        return receipt.Verdict == FileVerdict.Imported
            ? new AcquirerImport(receipt, sums.Lines, sums.Gross, sums.Fee, sums.Net) : new AcquirerImport(receipt, 0, 0, 0, 0);

        async Task<FileLoaded> LoadAsync(FileLoad load, CancellationToken stop)
        {
            if (mapping is null)
            {
                return new FileLoaded(null, FileRefusal.Whole($"The terms have no mapping for the acquirer '{acquirer}'.", FileFault.NoMapping), []);
            }

            try
            {
                await ReadAsync(load, mapping, sums, stop);
            }
            catch (RefusedFileException refused)
            {
                return new FileLoaded("csv", refused.Refusal, []);
            }

            await using var add = new NpgsqlCommand(AddAcquirer, load.Connection, load.Transaction);
            add.Parameters.Add(new NpgsqlParameter<long> { TypedValue = load.FileId });
            add.Parameters.Add(new NpgsqlParameter<string> { TypedValue = acquirer });
            add.Parameters.Add(new NpgsqlParameter<int> { TypedValue = sums.Lines });
            add.Parameters.Add(new NpgsqlParameter<long> { TypedValue = sums.Gross });
            add.Parameters.Add(new NpgsqlParameter<long> { TypedValue = sums.Fee });
            add.Parameters.Add(new NpgsqlParameter<long> { TypedValue = sums.Net });
            await add.ExecuteNonQueryAsync(stop);
            return new FileLoaded("csv", null, [("lines", sums.Lines), ("grossQepik", sums.Gross), ("netQepik", sums.Net)]);
        }
    }

    private static async Task ReadAsync(FileLoad load, FileMapping mapping, Sums sums, CancellationToken cancel)
    {
        using var rows = new MappedRows(load.Content, mapping);
        await using var copy = await load.Connection.BeginBinaryImportAsync(Copy, cancel);
        while (rows.Next())
        {
            if (++sums.Lines > MostLines)
            {
                throw RefusedFileException.At(rows.Line, 0, "", $"There are more than {MostLines} lines.");
            }

            var kind = Kind(rows, mapping);
            var (gross, fee, net) = Amounts(rows, mapping, kind);
            (sums.Gross, sums.Fee, sums.Net) = (sums.Gross + gross, sums.Fee + fee, sums.Net + net);
            await copy.StartRowAsync(cancel);
            await copy.WriteAsync(load.FileId, NpgsqlDbType.Bigint, cancel);
            await copy.WriteAsync(rows.Line, NpgsqlDbType.Integer, cancel);
            await copy.WriteAsync(kind, NpgsqlDbType.Text, cancel);
            foreach (var text in new[] { Text(rows, "rrn"), Text(rows, "approval"), Masked(rows) })
            {
                await (text is null ? copy.WriteNullAsync(cancel) : copy.WriteAsync(text, NpgsqlDbType.Text, cancel));
            }

            foreach (var amount in new[] { gross, fee, net })
            {
                await copy.WriteAsync(amount, NpgsqlDbType.Bigint, cancel);
            }

            await copy.WriteAsync(rows.Day("date").Date.ToDateColumn(), NpgsqlDbType.Date, cancel);
        }

        Compare(rows, mapping, sums);
        await copy.CompleteAsync(cancel);
    }

    private static string Kind(MappedRows rows, FileMapping mapping)
    {
        if (!rows.Has("kind"))
        {
            return rows.Amount("gross") < 0 ? "refund" : "sale";
        }

        return mapping.Words.TryGetValue(rows.Some("kind"), out var kind) ? kind
            : throw rows.Fault("kind", "The mapping does not say what this word means.");
    }

    private static (long Gross, long Fee, long Net) Amounts(MappedRows rows, FileMapping mapping, string kind)
    {
        var (gross, fee, net) = (rows.Amount("gross"), rows.Amount("fee"), rows.Amount("net"));
        if (Math.Abs(gross) > MostQepik || Math.Abs(fee) > MostQepik || Math.Abs(net) > MostQepik)
        {
            throw rows.Fault("gross", "The amount is larger than any card's payment.");
        }

        if (gross - fee != net)
        {
            throw rows.Fault(
                "net",
                $"{Manat(gross)} less {Manat(fee)} is {Manat(gross - fee)}, and {Manat(net)} stands there: {Manat(net - gross + fee)} more.");
        }

        if (mapping.Unsigned && kind != "sale")
        {
            (gross, fee, net) = (-gross, -fee, -net);
        }

        return (gross < 0) == (kind != "sale") || gross == 0 ? (gross, fee, net)
            : throw rows.Fault("gross", kind == "sale" ? "A sale is not negative."
                : $"A {kind} is negative here; the mapping may say that the file writes it without a sign.");
    }

    private static void Compare(MappedRows rows, FileMapping mapping, Sums sums)
    {
        if (rows.SaidCount is { } count && count != sums.Lines)
        {
            throw RefusedFileException.At(rows.Line, 0, "totals", string.Create(
                CultureInfo.InvariantCulture, $"The last line counts {count} lines, there are {sums.Lines}."));
        }

        // Which of the three the last line sums up differs from acquirer to acquirer; with signs left out it may be none.
        if (rows.SaidAmount is { } said && said != sums.Net && said != sums.Gross && !mapping.Unsigned)
        {
            throw RefusedFileException.At(
                rows.Line, 0, "totals",
                $"The last line says {Manat(said)}; gross is {Manat(sums.Gross)} and net {Manat(sums.Net)}: {Manat(said - sums.Net)} more than net.");
        }
    }

    private static string? Text(MappedRows rows, string field) => rows.Text(field) switch
    {
        "" => null,
        { Length: > MostText } => throw rows.Fault(field, $"It is longer than {MostText} characters."),
        var text => ReceiveFile.Storable(text),
    };

    /// <summary>A card's number is kept as its first six and last four digits, also where the acquirer writes more of it.</summary>
    private static string? Masked(MappedRows rows)
    {
        var text = Text(rows, "pan")?.Replace(" ", "", StringComparison.Ordinal);
        return text is { Length: > 10 } ? string.Concat(text.AsSpan(0, 6), new string('*', text.Length - 10), text.AsSpan(text.Length - 4)) : text;
    }

    private static string Manat(long qepik) => string.Create(
        CultureInfo.InvariantCulture, $"{(qepik < 0 ? "-" : "")}{Math.Abs(qepik) / 100}.{Math.Abs(qepik) % 100:00}");

    private sealed class Sums
    {
        public int Lines { get; set; }

        public long Gross { get; set; }

        public long Fee { get; set; }

        public long Net { get; set; }
    }
}
