using System.Globalization;
using System.Security.Cryptography;
using EGovPay.Processing;
using EGovPay.Processing.Ledger;
using EGovPay.Processing.People;
using EGovPay.Settlement.Reconciliation;
using Npgsql;

namespace EGovPay.Settlement.Payouts;

/// <summary>What came of a bank's answer.</summary>
/// <param name="Refused">Line and reason; null: the file was read.</param>
/// <param name="Before">It was read before; nothing was changed.</param>
/// <param name="Told">Payouts of which it says something.</param>
/// <param name="Untold">Payouts of the same file of ours of which it says nothing.</param>
/// <param name="Returned">Payouts whose money was put back now.</param>
public sealed record PaymentStatusImport(string? Refused, bool Before, int Told, int Untold, IReadOnlyList<long> Returned);

/// <summary>
/// Takes what a bank says of our payout files (pain.002). What is refused goes back into the payables in the ledger, once, and its windows
/// are free for the next payout, which has a new id. What is refused as a repetition goes nowhere: the bank has the money's order already.
/// </summary>
/// <param name="postings">Null: nothing is put back here.</param>
public sealed class ImportPaymentStatus(NpgsqlDataSource database, Postings? postings)
{
    /// <summary>A bank's answer is small; a longer file is none.</summary>
    public const int LongestFile = 64 * 1024 * 1024;

    private const int MostInAFile = 100_000;
    private const int MostReturns = 1_000;

    /// <summary>Lines that wait for the journal together: it takes them in a few commits.</summary>
    private const int PostedAtOnce = 256;

    private static readonly string PayoutsOfFile = Sql.Load("Payouts/PayoutsOfFile.sql");
    private static readonly string EnterRefusedFile = Sql.Load("Payouts/EnterRefusedFile.sql");
    private static readonly string EnterStatuses = Sql.Load("Payouts/EnterStatuses.sql");
    private static readonly string PayoutsToReturn = Sql.Load("Payouts/PayoutsToReturn.sql");
    private static readonly string PayoutMovements = Sql.Load("Payouts/PayoutMovements.sql");
    private static readonly string ReturnPayout = Sql.Load("Payouts/ReturnPayout.sql");

    /// <summary>Imports a file. Again: nothing changes, and what a lost process left is finished.</summary>
    /// <param name="source">command, folder or http.</param>
    public async Task<PaymentStatusImport> RunAsync(
        Person by, string name, ReadOnlyMemory<byte> file, string source, CancellationToken cancel = default)
    {
        if (!by.May(Acts.PayoutStatusImport))
        {
            throw new InvalidOperationException(
                $"'{Acts.PayoutStatusImport.Name}' is for {Acts.PayoutStatusImport.RolesText}; {by.Login} is none.");
        }

        var entered = await EnterAsync(by.Login, name, file, source, cancel);
        return entered.Refused is null ? entered with { Returned = await FinishReturnsAsync(cancel) } : entered;
    }

    /// <summary>Enters what a file says, and puts nothing back yet: <see cref="FinishReturnsAsync"/> does, whoever comes by.</summary>
    /// <param name="by">A login; of a job, the engine.</param>
    /// <param name="source">command, folder or http.</param>
    internal async Task<PaymentStatusImport> EnterAsync(
        string by, string name, ReadOnlyMemory<byte> file, string source, CancellationToken cancel = default)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(file.Length, LongestFile, nameof(file));
        using var bytes = new MemoryStream(file.ToArray());
        var reading = ReadPain002.From(bytes);
        var hash = SHA256.HashData(file.Span);
        var members = reading.Report is { } read ? await MembersAsync(read.OriginalMessageId, cancel) : [];
        if (Refusal(reading, members) is { } refused)
        {
            await using var enter = database.CreateCommand(EnterRefusedFile);
            Add(enter, name);
            Add(enter, hash);
            Add(enter, (long)file.Length);
            Add(enter, source);
            Add(enter, by);
            Add(enter, refused);
            await enter.ExecuteNonQueryAsync(cancel);
            return new PaymentStatusImport(refused, false, 0, 0, []);
        }

        var report = reading.Report!;
        var told = members.Select(one => (one.Id, Status: report.Of(one.EndToEndId, one.Block))).Where(one => one.Status is not null).ToList();
        await using var command = database.CreateCommand(EnterStatuses);
        Add(command, name);
        Add(command, hash);
        Add(command, (long)file.Length);
        Add(command, $"pain.002.001.{report.Edition}");
        Add(command, source);
        Add(command, by);
        Add(command, told.Select(one => one.Id).ToArray());
        Add(command, told.Select(one => Text(one.Status!.Level)).ToArray());
        Add(command, told.Select(one => one.Status!.Code).ToArray());
        Add(command, told.Select(one => Text(one.Status!.Verdict)).ToArray());
        Add(command, told.Select(one => Reason(one.Status!)).ToArray());
        var entered = await command.ExecuteScalarAsync(cancel) is long;
        return new PaymentStatusImport(null, !entered, told.Count, members.Count - told.Count, []);
    }

    /// <summary>Puts back what banks refused, wherever that was begun and not finished. Any number of nodes may do it at once.</summary>
    /// <returns>The payouts that were finished now.</returns>
    /// <exception cref="RoundFailedException">One could not be put back; all others were.</exception>
    public async Task<IReadOnlyList<long>> FinishReturnsAsync(CancellationToken cancel = default)
    {
        var ledger = postings ?? throw new InvalidOperationException("Without postings nothing is put back.");
        var returned = new List<long>();
        var round = new WholeRound();
        foreach (var (id, _) in await DueAsync(null, cancel))
        {
            await round.TryAsync(
                ProposePayouts.Reference(id),
                async () =>
                {
                    if (await ReturnAsync(ledger, id, cancel))
                    {
                        returned.Add(id);
                    }
                },
                cancel);
        }

        round.End();
        return returned;
    }

    private async Task<List<(long Id, string Why)>> DueAsync(long? only, CancellationToken cancel)
    {
        var due = new List<(long Id, string Why)>();
        await using var command = database.CreateCommand(PayoutsToReturn);
        Add(command, MostReturns);
        Add(command, only);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
        {
            due.Add((reader.GetInt64(0), reader.IsDBNull(2) ? reader.GetString(1) : $"{reader.GetString(1)}: {reader.GetString(2)}"));
        }

        return due;
    }

    /// <summary>
    /// Puts one back, in the turn of those who compare with banks: what a statement says of it meanwhile comes before or after, and is looked at
    /// again before. False: it stands otherwise by now.
    /// </summary>
    private async Task<bool> ReturnAsync(Postings ledger, long id, CancellationToken cancel)
    {
        await using var turn = await Turn.TakeAsync(database, Turn.OfBanks, cancel);
        if (await DueAsync(id, cancel) is not [var (_, why)])
        {
            return false;
        }

        foreach (var few in (await BackAsync(id, cancel)).Chunk(PostedAtOnce))
        {
            var posted = await Task.WhenAll(few.Select(posting => ledger.PostAsync(posting, "engine", null, why)));
            if (posted.Contains(PostResult.Different))
            {
                throw new InvalidOperationException($"The return of payout {id} stands with another amount or other accounts.");
            }
        }

        await using var command = database.CreateCommand(ReturnPayout);
        Add(command, id);
        Add(command, why);
        return await command.ExecuteScalarAsync(cancel) is long;
    }

    private static string? Refusal(PaymentStatusReading reading, List<(long Id, string EndToEndId, string? Block)> members)
    {
        if (reading.Refusal is { } refusal)
        {
            return string.Create(CultureInfo.InvariantCulture, $"line {refusal.Line}: {refusal.Text}");
        }

        var report = reading.Report!;
        if (members.Count == 0)
        {
            return $"It is about the message \"{report.OriginalMessageId}\", and no file of ours has that id.";
        }

        foreach (var status in report.Statuses)
        {
            if (status.BlockId is { } block && members.TrueForAll(one => one.Block != block))
            {
                return string.Create(CultureInfo.InvariantCulture, $"line {status.Line}: our file has no block \"{block}\".");
            }

            if (status.EndToEndId is { } id && !members.Exists(one => one.EndToEndId == id && one.Block == status.BlockId))
            {
                return string.Create(
                    CultureInfo.InvariantCulture, $"line {status.Line}: block \"{status.BlockId}\" of our file has no transfer \"{id}\".");
            }
        }

        return null;
    }

    private async Task<List<(long Id, string EndToEndId, string? Block)>> MembersAsync(string messageId, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(PayoutsOfFile);
        Add(command, messageId);
        Add(command, MostInAFile);
        var members = new List<(long, string, string?)>();
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
        {
            members.Add((reader.GetInt64(0), reader.GetString(1), reader.IsDBNull(2) ? null : reader.GetString(2)));
        }

        return members.Count < MostInAFile ? members : throw new InvalidOperationException(
            $"The file of ours with the id {messageId} has {MostInAFile} payouts or more, and not all of them can be looked at.");
    }

    private async Task<List<Posting>> BackAsync(long payoutId, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(PayoutMovements);
        Add(command, ProposePayouts.Reference(payoutId));
        Add(command, Proposals.MostPostings + 1);
        Add(command, payoutId);
        var back = new List<Posting>();
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
        {
            back.Add(new Posting(
                reader.GetInt32(0), Debit: reader.GetInt32(2), Credit: reader.GetInt32(1), reader.GetInt64(3), Posting.PayoutReturned,
                ProposePayouts.Reference(payoutId)));
        }

        return back.Count <= Proposals.MostPostings ? back : throw new InvalidOperationException(
            $"Payout {payoutId} has more than {Proposals.MostPostings} postings, and a part of it would stay where it is.");
    }

    private static void Add<T>(NpgsqlCommand command, T value) =>
        command.Parameters.Add(new NpgsqlParameter<T> { TypedValue = value });

    private static string Text(PaymentStatusLevel level) => level switch
    {
        PaymentStatusLevel.Group => "group",
        PaymentStatusLevel.Block => "block",
        _ => "transfer",
    };

    private static string Text(PaymentVerdict verdict) => verdict switch
    {
        PaymentVerdict.Accepted => "accepted",
        PaymentVerdict.Settled => "settled",
        PaymentVerdict.Rejected => "rejected",
        PaymentVerdict.Repeated => "repeated",
        _ => "pending",
    };

    private static string? Reason(PaymentStatus status) => status.Reasons.Count == 0 ? null : string.Join("; ", status.Reasons.Select(
        one => one.Code is null ? one.Text : one.Text is null ? one.Code : $"{one.Code} {one.Text}"));
}
