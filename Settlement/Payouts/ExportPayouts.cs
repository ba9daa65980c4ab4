using System.Security.Cryptography;
using EGovPay.Processing;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.People;
using EGovPay.Processing.PostgreSql;
using NodaTime;
using Npgsql;

namespace EGovPay.Settlement.Payouts;

/// <summary>How a bank is told of payouts.</summary>
public enum PayoutFormat
{
    Pain00100109,
    Pain00100103,

    /// <summary>The "DM" lines of a bank's corporate channel.</summary>
    DomesticLines,
}

/// <summary>A file for a bank.</summary>
/// <param name="New">It was made now; false: it was made before and these are its bytes.</param>
public sealed record PayoutFile(
    string MessageId, PayoutFormat Format, int Payouts, long TotalQepik, string Sha256, ReadOnlyMemory<byte> Body, bool New);

/// <summary>What came of exporting: a file, or why there is none.</summary>
/// <param name="File">Null where something cannot be expressed, or nothing waits.</param>
/// <param name="Withdrawn">Payouts that were taken back now: the terms name another account than they do.</param>
public sealed record PayoutExport(PayoutFile? File, IReadOnlyList<PayoutFault> Faults, IReadOnlyList<long> Withdrawn);

/// <summary>
/// Makes the files in which banks are told of approved payouts. A file is written into the database first, with what is in it, in one commit;
/// whoever asks for a payout's file again gets the same bytes under the same message id.
/// </summary>
public sealed class ExportPayouts(NpgsqlDataSource database, IClock clock)
{
    /// <summary>Payouts of one file at most.</summary>
    private const int MostInAFile = 10_000;

    private const int AttemptLimit = 8;

    private static readonly string ExportablePayouts = Sql.Load("Payouts/ExportablePayouts.sql");
    private static readonly string EnterPayoutFile = Sql.Load("Payouts/EnterPayoutFile.sql");
    private static readonly string FindPayoutFile = Sql.Load("Payouts/FindPayoutFile.sql");

    /// <summary>The word for a format, as on the command line and in the database.</summary>
    public static string Text(PayoutFormat format) => format switch
    {
        PayoutFormat.Pain00100109 => "pain.001.001.09",
        PayoutFormat.Pain00100103 => "pain.001.001.03",
        PayoutFormat.DomesticLines => "dm-csv",
        _ => throw new ArgumentOutOfRangeException(nameof(format), format, "No such format."),
    };

    /// <summary>The format of this word, or null.</summary>
    public static PayoutFormat? Find(string text) =>
        Enum.GetValues<PayoutFormat>().Cast<PayoutFormat?>().FirstOrDefault(one => Text(one!.Value) == text);

    /// <summary>A file that was made before; null: there is none.</summary>
    public async Task<PayoutFile?> AgainAsync(string? messageId, long? payoutId, CancellationToken cancel = default)
    {
        await using var command = database.CreateCommand(FindPayoutFile);
        command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = messageId });
        command.Parameters.Add(new NpgsqlParameter<long?> { TypedValue = payoutId });
        await using var reader = await command.ExecuteReaderAsync(cancel);
        return await reader.ReadAsync(cancel)
            ? new PayoutFile(
                reader.GetString(0), Find(reader.GetString(1))!.Value, reader.GetInt32(2), reader.GetInt64(3),
                Convert.ToHexStringLower(reader.GetFieldValue<byte[]>(4)), reader.GetFieldValue<byte[]>(5), New: false)
            : null;
    }

    /// <summary>Makes a file of all approved payouts that are in none.</summary>
    /// <param name="payoutId">Only this one; where it is in a file already, that file comes back.</param>
    public async Task<PayoutExport> RunAsync(
        Person by, PayoutFormat format, PayoutLetters letters = PayoutLetters.Real,
        PayoutRemittance remittance = PayoutRemittance.Unstructured, long? payoutId = null, CancellationToken cancel = default)
    {
        if (!by.May(Acts.PayoutExport))
        {
            throw new InvalidOperationException($"'{Acts.PayoutExport.Name}' is for {Acts.PayoutExport.RolesText}; {by.Login} is none.");
        }

        var withdrawn = new List<long>();
        for (var attempt = 0; attempt < AttemptLimit; attempt++)
        {
            withdrawn.AddRange(await WithdrawReplaced.RunAsync(database, cancel));
            if (payoutId is { } one && await AgainAsync(null, one, cancel) is { } before)
            {
                return new PayoutExport(before, [], withdrawn);
            }

            var waiting = await WaitingAsync(payoutId, cancel);
            if (waiting.Count == 0)
            {
                return new PayoutExport(null, [], withdrawn);
            }

            var now = clock.GetCurrentInstant();
            var today = Baku.DateOf(now);
            var messageId = ProposePayouts.NewId("EGPF", today);
            // No bank executes anything yesterday, nor on a day that is none of its own.
            var first = await PayoutTerms.ExecutionDayAsync(database, today, cancel);
            waiting = [.. waiting.Select(each => each.Order.ExecutionDay >= today
                ? each : each with { Order = each.Order with { ExecutionDay = first } })];
            var orders = waiting.Select(each => each.Order).ToList();
            using var body = new MemoryStream();
            var faults = format == PayoutFormat.DomesticLines
                ? WriteDomesticLines.To(body, today, orders)
                : WritePain001.To(body, new Pain001Message(
                    messageId, now, format == PayoutFormat.Pain00100109 ? Pain001Edition.V9 : Pain001Edition.V3, letters, remittance), orders);
            if (faults.Count > 0)
            {
                return new PayoutExport(null, faults, withdrawn);
            }

            var blocks = format == PayoutFormat.DomesticLines ? null : WritePain001.BlocksOf(messageId, orders);
            if (await EnterAsync(by, messageId, format, waiting, blocks, body.ToArray(), cancel) is { } file)
            {
                return new PayoutExport(file, [], withdrawn);
            }
        }

        throw new InvalidOperationException($"Payouts were exported by others {AttemptLimit} times meanwhile.");
    }

    /// <returns>Null: one of them is in another file by now, or was taken back.</returns>
    private async Task<PayoutFile?> EnterAsync(
        Person by, string messageId, PayoutFormat format, List<WaitingPayout> waiting,
        IReadOnlyDictionary<string, string>? blocks, byte[] body, CancellationToken cancel)
    {
        var hash = SHA256.HashData(body);
        var total = waiting.Sum(each => each.Order.AmountQepik);
        await using var connection = await database.OpenConnectionAsync(cancel);
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(new NpgsqlBatchCommand(WithdrawReplaced.HoldDecisions));
        var command = new NpgsqlBatchCommand(EnterPayoutFile);
        batch.BatchCommands.Add(command);
        void Add<T>(T value) => command.Parameters.Add(new NpgsqlParameter<T> { TypedValue = value });
        Add(messageId);
        Add(Text(format));
        Add(total);
        Add(hash);
        Add(body);
        Add(by.Login);
        Add(waiting.Select(each => each.Id).ToArray());
        Add(waiting.Select(each => blocks?[each.Order.EndToEndId]).ToArray());
        Add(waiting.Select(each => each.Order.ExecutionDay.ToDateColumn()).ToArray());
        var providers = (await CatalogueStore.LatestOrEmbeddedAsync(database, cancel)).Providers;
        Add(providers.Select(one => one.Id).ToArray());
        Add(providers.Select(one => one.Code).ToArray());
        try
        {
            return await batch.ExecuteNonQueryAsync(cancel) > 0
                ? new PayoutFile(messageId, format, waiting.Count, total, Convert.ToHexStringLower(hash), body, New: true) : null;
        }
        catch (PostgresException taken) when (taken is
            { SqlState: "23505", ConstraintName: "payout_in_file_pkey" } or { SqlState: "23514", ConstraintName: "payout_taken_back" })
        {
            return null;
        }
    }

    private async Task<List<WaitingPayout>> WaitingAsync(long? payoutId, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(ExportablePayouts);
        command.Parameters.Add(new NpgsqlParameter<long?> { TypedValue = payoutId });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = MostInAFile });
        var waiting = new List<WaitingPayout>();
        await using var reader = await command.ExecuteReaderAsync(cancel);
        string? Text(int at) => reader.IsDBNull(at) ? null : reader.GetString(at);
        BankParty Party(int at) => new(reader.GetString(at), Text(at + 1), reader.GetString(at + 2), Text(at + 3), Text(at + 4));
        while (await reader.ReadAsync(cancel))
        {
            waiting.Add(new WaitingPayout(reader.GetInt64(0), new PayoutOrder(
                reader.GetString(1), reader.GetInt64(2), reader.GetLocalDate(3), Party(4), Party(9), reader.GetString(14),
                Text(15) is { } level ? new BudgetLine(level, reader.GetString(16)) : null)));
        }

        return waiting;
    }

    private sealed record WaitingPayout(long Id, PayoutOrder Order);
}
