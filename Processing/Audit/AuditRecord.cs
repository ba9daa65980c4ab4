using System.Globalization;
using EGovPay.Processing.People;

namespace EGovPay.Processing.Audit;

/// <summary>
/// The record of what people did: every entry carries the hash of the one before, and each closed day the record's head of its
/// close. What was changed, removed or slipped in is found at the first entry that does not fit; what was cut off at the end, at the
/// first close that has seen it.
/// </summary>
internal sealed class AuditRecord(Snapshots snapshots, Findings findings)
{
    private const int PageSize = 2_000;

    private static readonly string ReadActs = Sql.Load("Audit/Acts.sql");

    /// <summary>Walks the chain and holds it against the closed days.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        var seals = await SealsAsync(cancel);
        ActEntry? last = null;
        string? broken = null;
        var more = true;
        while (more && broken is null)
        {
            await snapshots.WalkAsync(async () =>
            {
                more = false;
                await using var read = snapshots.Command(ReadActs, last?.Number ?? 0, PageSize);
                await using var row = await read.ExecuteReaderAsync(cancel);
                while (broken is null && await row.ReadAsync(cancel))
                {
                    more = true;
                    var entry = ActRecord.Read(row);
                    findings.Check(Findings.Record);
                    broken = Fault(last, entry, seals);
                    last = entry;
                }
            }, cancel);
        }

        broken ??= seals.Where(seal => seal.Number > (last?.Number ?? 0)).OrderBy(seal => seal.Number)
            .Select(seal => Text(
                $"the record ends at entry {last?.Number ?? 0}, and the close of {seal.Day} had seen entry {seal.Number}"))
            .FirstOrDefault();
        if (broken is not null)
        {
            findings.Fault(Findings.Record, null, null, broken);
        }
    }

    private static string? Fault(ActEntry? before, ActEntry entry, List<Seal> seals)
    {
        if (entry.Number != (before?.Number ?? 0) + 1)
        {
            return Text($"entry {(before?.Number ?? 0) + 1} of the record is missing; entry {entry.Number} follows");
        }

        if (!entry.Previous.AsSpan().SequenceEqual(before?.Hash ?? ActEntry.NoPredecessor))
        {
            return Text($"entry {entry.Number} of the record does not follow the one before it");
        }

        if (!entry.Reckon().AsSpan().SequenceEqual(entry.Hash))
        {
            return Text($"entry {entry.Number} of the record was changed");
        }

        return seals.Exists(seal => seal.Number == entry.Number && !seal.Hash.AsSpan().SequenceEqual(entry.Hash))
            ? Text($"entry {entry.Number} of the record is not the one that a day was closed on")
            : null;
    }

    private async Task<List<Seal>> SealsAsync(CancellationToken cancel)
    {
        var seals = new List<Seal>();
        await using var read = snapshots.Command(
            "select to_char(day, 'YYYY-MM-DD'), act_number, act_hash from business_day where closed_at is not null order by day");
        await using var row = await read.ExecuteReaderAsync(cancel);
        while (await row.ReadAsync(cancel))
        {
            if (!row.IsDBNull(1) && !row.IsDBNull(2))
            {
                seals.Add(new Seal(row.GetString(0), row.GetInt64(1), row.GetFieldValue<byte[]>(2)));
            }
            else if (seals.Count > 0)
            {
                // Days that were closed before there was a record have none; after the first that has one, each has.
                findings.Fault(Findings.Record, null, null, $"the closed day {row.GetString(0)} does not say where the record stood");
            }
        }

        return seals;
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private sealed record Seal(string Day, long Number, byte[] Hash);
}
