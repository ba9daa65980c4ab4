using System.Globalization;
using System.Text.Json;
using EGovPay.Processing.Days;
using EGovPay.Processing.PostgreSql;
using NodaTime;
using NodaTime.Text;

namespace EGovPay.Processing.Audit;

/// <summary>
/// The seals of closed days, reckoned again from the transfers, a day at a time. Each follows the one before by its hash, and the record of
/// acts knows it too: a seal that was written anew to fit other transfers does not fit that.
/// </summary>
internal sealed class AuditSeals(Snapshots snapshots, Findings findings)
{
    private static readonly string ReadSeals = Sql.Load("Audit/Seals.sql");
    private static readonly string ReadPieces = Sql.Load("Audit/SealPieces.sql");

    public async Task RunAsync(CancellationToken cancel)
    {
        var days = new List<SealedDay>();
        await snapshots.WalkAsync(async () => days = await DaysAsync(cancel), cancel);
        var last = days.FindLastIndex(day => day.Seal is not null || day.Recorded is not null);
        // Nothing, where the one before is gone: what it was is not known.
        var before = SealDigest.NoPredecessor;
        for (var i = 0; i <= last; i++)
        {
            var (day, closed, seal, recorded) = days[i];
            if (seal is null)
            {
                // After the last seal a day waits for its own. Days that were closed before there were seals got theirs in order.
                if (closed)
                {
                    Wrong(day, "has no seal, and it or a later day was sealed");
                    before = recorded;
                }

                continue;
            }

            if (!closed)
            {
                Wrong(day, "is sealed and is not closed");
            }

            if (before is not null && !before.AsSpan().SequenceEqual(seal.Previous))
            {
                Wrong(day, "has a seal that does not follow the one of the day before");
            }

            // An entry that is gone is a fault of the record, and found there.
            if (recorded is not null && !recorded.AsSpan().SequenceEqual(seal.Hash))
            {
                Wrong(day, "has another seal than the record of acts says");
            }

            if (seal.Version != SealDigest.Version)
            {
                Wrong(day, Text($"has a seal of version {seal.Version}, which this program does not know"));
            }
            else
            {
                try
                {
                    await snapshots.WalkAsync(() => ReckonAsync(seal, cancel), cancel);
                }
                catch (Exception beyond) when (beyond is OverflowException or InvalidDataException)
                {
                    Wrong(day, "has transfers whose amounts cannot be summed, or of a window on no date that there is");
                }
            }

            before = seal.Hash;
        }
    }

    private async Task ReckonAsync(DaySeal seal, CancellationToken cancel)
    {
        await using var read = snapshots.Command("");
        var (now, pieces) = await SealDays.ReckonAsync(read, seal.Day, seal.Previous, cancel);
        findings.Check(Findings.Seals, now.Transfers);
        var differ = Differing(seal.Day, await PiecesAsync(seal.Day, cancel), pieces);
        if (differ.Count > 0)
        {
            findings.Fault(Findings.Seals, differ.Count, differ);
        }

        if (!now.Hash.AsSpan().SequenceEqual(seal.Hash) || now.Transfers != seal.Transfers || now.AmountQepik != seal.AmountQepik)
        {
            Wrong(seal.Day, Text(
                $"has {now.Transfers} transfers over {now.AmountQepik} qəpik and was sealed with {seal.Transfers} over ")
                + Text($"{seal.AmountQepik}; ") + (differ.Count > 0 ? "its seal does not fit them" : "the seal itself was changed"));
        }
    }

    private static List<AuditOffender> Differing(
        LocalDate day, Dictionary<(int, long), SealPiece> then, IReadOnlyList<SealPiece> now)
    {
        var differ = new List<AuditOffender>();
        foreach (var piece in now)
        {
            then.Remove((piece.AgentId, piece.Stretch), out var sealedPiece);
            if (sealedPiece is null || !sealedPiece.Hash.AsSpan().SequenceEqual(piece.Hash)
                || sealedPiece.Transfers != piece.Transfers || sealedPiece.AmountQepik != piece.AmountQepik)
            {
                differ.Add(Offender(day, sealedPiece, piece));
            }
        }

        differ.AddRange(then.Values.Select(gone => Offender(day, gone, null)));
        return differ;
    }

    private static AuditOffender Offender(LocalDate day, SealPiece? then, SealPiece? now)
    {
        var where = (now ?? then)!;
        var (count, amount) = (now?.Transfers ?? 0, now?.AmountQepik ?? 0);
        var (sealedCount, sealedAmount) = (then?.Transfers ?? 0, then?.AmountQepik ?? 0);
        var what = count < sealedCount ? Text($"{sealedCount - count} transfers are missing")
            : count > sealedCount ? Text($"{count - sealedCount} transfers were added")
            : "a transfer was changed";
        var first = where.Stretch * SealDigest.StretchLength;
        return new AuditOffender(where.AgentId, null, Text(
            $"{Text(day)}, numbers {first} to {first + SealDigest.StretchLength - 1}: {what}; {amount} qəpik, sealed with {sealedAmount}"));
    }

    private async Task<Dictionary<(int, long), SealPiece>> PiecesAsync(LocalDate day, CancellationToken cancel)
    {
        var pieces = new Dictionary<(int, long), SealPiece>();
        await using var read = snapshots.Command(ReadPieces, day.ToDateColumn());
        await using var row = await read.ExecuteReaderAsync(cancel);
        while (await row.ReadAsync(cancel))
        {
            var piece = new SealPiece(
                row.GetInt32(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3), row.GetFieldValue<byte[]>(4));
            pieces.Add((piece.AgentId, piece.Stretch), piece);
        }

        return pieces;
    }

    private async Task<List<SealedDay>> DaysAsync(CancellationToken cancel)
    {
        var days = new List<SealedDay>();
        await using var read = snapshots.Command(ReadSeals);
        await using var row = await read.ExecuteReaderAsync(cancel);
        while (await row.ReadAsync(cancel))
        {
            var day = row.GetLocalDate(0);
            days.Add(new SealedDay(
                day, !row.IsDBNull(1) && row.GetBoolean(1),
                row.IsDBNull(2) ? null : new DaySeal(
                    day, row.GetInt16(2), row.GetInt64(3), row.GetInt64(4), row.GetFieldValue<byte[]>(5),
                    row.GetFieldValue<byte[]>(6)),
                row.IsDBNull(7) ? null : HashIn(row.GetString(7))));
        }

        return days;
    }

    /// <summary>The hash that an entry of the record carries; what cannot be read is no seal's.</summary>
    private static byte[] HashIn(string details)
    {
        try
        {
            using var read = JsonDocument.Parse(details);
            return Convert.FromHexString(read.RootElement.GetProperty("hash").GetString() ?? "");
        }
        catch (Exception unreadable) when (unreadable is JsonException or FormatException or KeyNotFoundException
            or InvalidOperationException)
        {
            return [];
        }
    }

    private void Wrong(LocalDate day, string what) => findings.Fault(Findings.Seals, null, null, $"the day {Text(day)} {what}");

    private static string Text(LocalDate day) => LocalDatePattern.Iso.Format(day);

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private sealed record SealedDay(LocalDate Day, bool Closed, DaySeal? Seal, byte[]? Recorded);
}
