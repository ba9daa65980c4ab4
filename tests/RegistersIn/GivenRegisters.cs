using System.Text;
using EGovPay.Settlement.Incoming;
using EGovPay.Settlement.Mapping;
using EGovPay.Settlement.RegistersIn;
using EGovPay.Tests.PostgreSql;
using NodaTime;

namespace EGovPay.Tests.RegistersIn;

/// <summary>What a sink was given, as values.</summary>
internal sealed record SeenLine(
    int Line, string Txn, long Qepik, string Currency, string Account, LocalDate Day, long Time, string Theirs, bool Reversal);

/// <summary>Keeps the lines that a reader finds.</summary>
internal sealed class SeenLines : IRegisterSink
{
    public List<SeenLine> Lines { get; } = [];

    public void Add(in RegisterLine line) => Lines.Add(new SeenLine(
        line.Line, Text(line.Txn), line.AmountQepik, Text(line.Currency), Text(line.Account), line.Day, line.TimeMicroseconds,
        Text(line.ProviderTransaction), line.Reversal));

    public ValueTask FlushAsync(CancellationToken cancel) => ValueTask.CompletedTask;

    private static string Text(ReadOnlySpan<byte> text) => Encoding.UTF8.GetString(text);
}

/// <summary>A file that comes a few bytes at a time, so that every border of a part is met.</summary>
internal sealed class Dripping(byte[] bytes, int most) : MemoryStream(bytes)
{
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        base.ReadAsync(buffer[..Math.Min(buffer.Length, most)], cancellationToken);

    public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(buffer.Length, most)]);

    public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(count, most));
}

internal static class Given
{
    public static readonly RegisterOf Azersu = new(7, "azersu", new LocalDate(2026, 11, 20));

    private static int files;

    public static Task<RegisterImport> ImportAsync(TestDatabase database, string text, params FileMapping[] mappings) =>
        ImportAsync(database, Encoding.UTF8.GetBytes(text), mappings);

    public static Task<RegisterImport> ImportAsync(TestDatabase database, byte[] bytes, params FileMapping[] mappings) =>
        new ImportRegisters(database.DataSource, mappings).FromAsync(
            new IncomingFile($"azersu_20261120-{Interlocked.Increment(ref files)}.txt", new MemoryStream(bytes), FileSource.Command, "aysel"), Azersu);
}
