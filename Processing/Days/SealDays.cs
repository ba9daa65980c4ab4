using EGovPay.Processing.PostgreSql;
using Microsoft.Extensions.Logging;
using NodaTime;
using Npgsql;

namespace EGovPay.Processing.Days;

/// <summary>
/// Seals closed days, one after the other, in the order of days. A closed day does not change, so there is one possible seal: whoever is
/// killed in the middle has written nothing, and any node does it again; two at once come to the same, and one of them writes it.
/// Nothing that a payment needs is locked. Memory grows with agents, not with transfers.
/// </summary>
internal sealed class SealDays(NpgsqlDataSource database, ILogger log)
{
    private static readonly string DueSeal = Sql.Load("Days/DueSeal.sql");
    private static readonly string DayTransfers = Sql.Load("Days/DayTransfers.sql");
    private static readonly string WriteSeal = Sql.Load("Days/WriteSeal.sql");
    private static readonly string FindSeal = Sql.Load("Days/FindSeal.sql");

    /// <summary>Seals the closed days after the last sealed one.</summary>
    /// <param name="most">So many days at most; who has something else to do comes again.</param>
    /// <param name="since">Only days that were closed so long ago: their closer seals them itself, if it lives.</param>
    /// <param name="who">For the record of acts.</param>
    public Task SealDueAsync(int most, TimeSpan since, string who, CancellationToken cancel) => SealDueAsync(most, since, who, null, cancel);

    /// <param name="begin">Hears of each day before it is sealed.</param>
    internal async Task SealDueAsync(int most, TimeSpan since, string who, Func<LocalDate, Task>? begin, CancellationToken cancel)
    {
        LocalDate? before = null;
        while (most-- > 0 && await NextAsync(since, cancel) is { } due && due.Day != before)
        {
            await (begin?.Invoke(due.Day) ?? Task.CompletedTask);
            var (seal, pieces) = await ReckonAsync(due.Day, due.Previous, cancel);
            if (await WriteAsync(seal, pieces, who, cancel))
            {
                Log.DaySealed(log, LocalDateText(seal.Day), seal.Transfers, seal.HashText);
            }

            before = due.Day;
        }
    }

    /// <summary>The seal of a day; null: it has none yet.</summary>
    public async Task<DaySeal?> FindAsync(LocalDate day, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(FindSeal);
        command.Parameters.Add(new NpgsqlParameter<DateOnly> { TypedValue = day.ToDateColumn() });
        await using var row = await command.ExecuteReaderAsync(cancel);
        return await row.ReadAsync(cancel)
            ? new DaySeal(
                row.GetLocalDate(0), row.GetInt16(1), row.GetInt64(2), row.GetInt64(3), row.GetFieldValue<byte[]>(4),
                row.GetFieldValue<byte[]>(5))
            : null;
    }

    /// <summary>What the seal of a day should be, by its transfers.</summary>
    /// <param name="command">A command without text on the connection to read by.</param>
    internal static async Task<(DaySeal Seal, IReadOnlyList<SealPiece> Pieces)> ReckonAsync(
        NpgsqlCommand command, LocalDate day, byte[] previous, CancellationToken cancel)
    {
        command.CommandText = DayTransfers;
        command.CommandTimeout = 0;
        command.Parameters.Add(new NpgsqlParameter<DateOnly> { TypedValue = day.ToDateColumn() });
        using var digest = new SealDigest(day, previous);
        await using var row = await command.ExecuteReaderAsync(cancel);
        while (await row.ReadAsync(cancel))
        {
            digest.Add(new SealedTransfer(
                row.GetInt32(0), row.GetInt64(1), row.GetInt16(2), row.GetInt16(3), row.GetInt32(4), row.GetInt32(5),
                row.GetInt64(6), row.GetLocalDateOrNull(7) is { } window ? SealDigest.Decimal(window) : 0, row.GetInt16(8)));
        }

        return digest.Finish();
    }

    private async Task<(DaySeal Seal, IReadOnlyList<SealPiece> Pieces)> ReckonAsync(
        LocalDate day, byte[] previous, CancellationToken cancel)
    {
        await using var command = database.CreateCommand();
        return await ReckonAsync(command, day, previous, cancel);
    }

    private async Task<(LocalDate Day, byte[] Previous)?> NextAsync(TimeSpan since, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(DueSeal);
        command.Parameters.Add(new NpgsqlParameter<double> { TypedValue = since.TotalSeconds });
        await using var row = await command.ExecuteReaderAsync(cancel);
        return await row.ReadAsync(cancel) ? (row.GetLocalDate(0), row.GetFieldValue<byte[]>(1)) : null;
    }

    /// <summary>False: somebody else was first.</summary>
    private async Task<bool> WriteAsync(DaySeal seal, IReadOnlyList<SealPiece> pieces, string who, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(WriteSeal);
        command.CommandTimeout = 0;
        command.Parameters.Add(new NpgsqlParameter<DateOnly> { TypedValue = seal.Day.ToDateColumn() });
        command.Parameters.Add(new NpgsqlParameter<short> { TypedValue = seal.Version });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = seal.Transfers });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = seal.AmountQepik });
        command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = seal.Previous });
        command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = seal.Hash });
        command.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = [.. pieces.Select(piece => piece.AgentId)] });
        command.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = [.. pieces.Select(piece => piece.Stretch)] });
        command.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = [.. pieces.Select(piece => piece.Transfers)] });
        command.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = [.. pieces.Select(piece => piece.AmountQepik)] });
        command.Parameters.Add(new NpgsqlParameter<byte[][]> { TypedValue = [.. pieces.Select(piece => piece.Hash)] });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = who });
        return await command.ExecuteScalarAsync(cancel) is not null;
    }

    private static string LocalDateText(LocalDate day) => NodaTime.Text.LocalDatePattern.Iso.Format(day);
}
