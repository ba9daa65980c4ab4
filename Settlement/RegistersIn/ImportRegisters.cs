using System.Globalization;
using EGovPay.Processing;
using EGovPay.Processing.People;
using EGovPay.Processing.PostgreSql;
using EGovPay.Settlement.Incoming;
using EGovPay.Settlement.Mapping;
using NodaTime;
using NodaTime.Text;
using Npgsql;

namespace EGovPay.Settlement.RegistersIn;

/// <summary>Whose register a file is, and of which day.</summary>
/// <param name="Provider">The code, by which its mapping is found.</param>
/// <param name="Day">The provider day that it says to be about; its lines have days of their own.</param>
public sealed record RegisterOf(int ProviderId, string Provider, LocalDate Day);

/// <summary>What came of a register's file.</summary>
/// <param name="Lines">Of an imported file.</param>
/// <param name="TotalQepik">Its lines' sum, less what was taken back.</param>
public sealed record RegisterImport(FileReceipt Receipt, int Lines, long TotalQepik);

/// <summary>
/// Imports providers' registers, each whole or not at all, and once for a day: of the OSMP form, as JSON, or as a table by the provider's
/// mapping. A register whose totals are not those of its lines is refused with the difference.
/// </summary>
public sealed class ImportRegisters(NpgsqlDataSource database, IReadOnlyList<FileMapping> mappings)
{
    private static readonly string AddRegister = Sql.Load("RegistersIn/AddRegister.sql");

    /// <summary>Imports a file. What form it has, its first byte and the provider's mapping say.</summary>
    /// <exception cref="NpgsqlException">The database is away, or refused: nothing was kept.</exception>
    public Task<RegisterImport> FromAsync(IncomingFile file, RegisterOf of, CancellationToken cancel = default) =>
        FromAsync(file, of, beside: null, cancel);

    /// <summary>The same, for somebody who looks at the lines while they go by.</summary>
    /// <param name="beside">Is given each line; what it is given means nothing unless the file is imported.</param>
    internal async Task<RegisterImport> FromAsync(IncomingFile file, RegisterOf of, IRegisterSink? beside, CancellationToken cancel)
    {
        var mapping = mappings.FirstOrDefault(one => one.Use == MappingUse.Register && one.Name == of.Provider);
        RegisterTotals? totals = null;
        var about = string.Create(CultureInfo.InvariantCulture, $"register/{of.ProviderId}/{LocalDatePattern.Iso.Format(of.Day)}");
        var receipt = await new ReceiveFile(database).TakeAsync(FileKind.Register, about, file, Acts.RegisterImport, LoadAsync, cancel);
        return receipt.Verdict == FileVerdict.Imported
            ? new RegisterImport(receipt, totals!.Lines, totals.TotalQepik) : new RegisterImport(receipt, 0, 0);

        async Task<FileLoaded> LoadAsync(FileLoad load, CancellationToken stop)
        {
            var json = IsJson(file.Content);
            var form = json ? ReadJsonRegister.Format : mapping is null ? ReadOsmpRegister.Format : ReadMappedRegister.Format;
            try
            {
                await using var rows = await RegisterRows.BeginAsync(load.Connection, load.FileId, stop);
                IRegisterSink sink = beside is null ? rows : new Both(rows, beside);
                totals = await (json ? ReadJsonRegister.From(load.Content, sink, stop)
                    : mapping is null ? ReadOsmpRegister.From(load.Content, sink, stop)
                    : ReadMappedRegister.From(load.Content, mapping, sink, stop));
                if (Compare(totals) is { } differs)
                {
                    return new FileLoaded(form, differs, []);
                }

                await rows.CompleteAsync(stop);
            }
            catch (RefusedFileException refused)
            {
                return new FileLoaded(form, refused.Refusal, []);
            }

            await AddAsync(load, of, totals, stop);
            return new FileLoaded(form, null, [("provider", of.ProviderId), ("lines", totals.Lines), ("qepik", totals.TotalQepik)]);
        }
    }

    /// <summary>What the file says of itself against what its lines make; null: they agree, or it says nothing.</summary>
    private static FileRefusal? Compare(RegisterTotals totals) =>
        totals.SaidLines is { } lines && lines != totals.Lines
            ? FileRefusal.Whole(
                string.Create(
                    CultureInfo.InvariantCulture, $"The total counts {lines} lines, there are {totals.Lines}: {lines - totals.Lines:+0;-0}."),
                FileFault.TotalsDiffer)
        : totals.SaidTotalQepik is { } said && said != totals.TotalQepik
            ? FileRefusal.Whole(
                $"The total says {Manat(said)}, the lines make {Manat(totals.TotalQepik)}: {Manat(said - totals.TotalQepik)} too much.",
                FileFault.TotalsDiffer)
        : null;

    private static string Manat(long qepik) => string.Create(
        CultureInfo.InvariantCulture, $"{(qepik < 0 ? "-" : "")}{Math.Abs(qepik) / 100}.{Math.Abs(qepik) % 100:00}");

    /// <summary>Looks at what the file begins with; it is read from its beginning all the same.</summary>
    private static bool IsJson(Stream content)
    {
        var at = content.Position;
        Span<byte> first = stackalloc byte[64];
        var length = content.ReadAtLeast(first, first.Length, throwOnEndOfStream: false);
        content.Position = at;
        foreach (var one in first[..length])
        {
            if (one is not (0xEF or 0xBB or 0xBF or (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n'))
            {
                return one is (byte)'[' or (byte)'{';
            }
        }

        return false;
    }

    private static async Task AddAsync(FileLoad load, RegisterOf of, RegisterTotals totals, CancellationToken cancel)
    {
        await using var add = new NpgsqlCommand(AddRegister, load.Connection, load.Transaction);
        add.Parameters.Add(new NpgsqlParameter<long> { TypedValue = load.FileId });
        add.Parameters.Add(new NpgsqlParameter<int> { TypedValue = of.ProviderId });
        add.Parameters.Add(new NpgsqlParameter<DateOnly> { TypedValue = of.Day.ToDateColumn() });
        add.Parameters.Add(new NpgsqlParameter<int> { TypedValue = totals.Lines });
        add.Parameters.Add(new NpgsqlParameter<long> { TypedValue = totals.TotalQepik });
        add.Parameters.Add(new NpgsqlParameter<int?> { TypedValue = totals.SaidLines });
        add.Parameters.Add(new NpgsqlParameter<long?> { TypedValue = totals.SaidTotalQepik });
        await add.ExecuteNonQueryAsync(cancel);
    }

    /// <summary>The database, and whoever looks at the lines beside it.</summary>
    private sealed class Both(RegisterRows rows, IRegisterSink beside) : IRegisterSink
    {
        public void Add(in RegisterLine line)
        {
            rows.Add(line);
            beside.Add(line);
        }

        public ValueTask FlushAsync(CancellationToken cancel) => rows.FlushAsync(cancel);
    }
}
