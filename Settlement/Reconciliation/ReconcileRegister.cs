using EGovPay.Processing;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.PostgreSql;
using EGovPay.Settlement.Breaks;
using EGovPay.Settlement.Incoming;
using EGovPay.Settlement.RegistersIn;
using EGovPay.Settlement.Terms;
using NodaTime;
using Npgsql;

namespace EGovPay.Settlement.Reconciliation;

/// <summary>What a comparison with a register found.</summary>
/// <param name="Lines">Of the register.</param>
/// <param name="Matched">Payments of which both sides say the same.</param>
/// <param name="Settled">Of them, those that were unknown until the register showed them.</param>
/// <param name="InFlight">Payments that are not final: a later comparison judges them.</param>
/// <param name="Breaks">Differences, each of them a break; one that was known, or that people accepted, is counted too.</param>
/// <param name="Closed">Breaks of earlier comparisons that are gone.</param>
public sealed record Reconciled(
    long Id, long Lines, long Matched, long Settled, long InFlight, long Breaks, long Closed);

/// <summary>
/// Compares our ledger with a provider's register of a day: exact by number, or by a reference where everything else is equal too; the other
/// strategies only suggest.
/// What is found is written in one transaction, with what is gone; a run that dies leaves nothing, and one that is repeated finds the
/// same. Two at once come one after the other.
/// </summary>
public sealed class ReconcileRegister(Engine engine)
{
    /// <summary>Registers of so many days before and after are looked into for what this one does not have.</summary>
    private const int DaysAround = 10;

    private static readonly string RegistersInForce = Sql.Load("Reconciliation/RegistersInForce.sql");
    private static readonly string CloseGone = Sql.Load("Reconciliation/CloseGone.sql");

    private readonly SettleUnknown settle = new(engine);

    /// <summary>The strategies, in their order; null: those of the terms that are in force.</summary>
    public IReadOnlyList<MatchStrategy>? Strategies { get; init; }

    /// <summary>How our side is read; otherwise in tests.</summary>
    internal ReadingLimits Limits { get; init; } = ReadingLimits.Usual;

    /// <summary>Compares a provider's day with the last register that came for it. Null: none came.</summary>
    /// <param name="day">In the provider's zone.</param>
    /// <param name="by">Who runs it: a login, or the name of a job.</param>
    public async Task<Reconciled?> RunAsync(ProviderSettings provider, LocalDate day, string by, CancellationToken cancel = default)
    {
        await using var turn = await Turn.TakeAsync(engine.Database, provider.Id, cancel);
        return await CompareAsync(turn.Connection, provider, day, by, read: null, engine.Clock.GetCurrentInstant(), cancel);
    }

    /// <summary>
    /// Imports a register and compares with it in one pass over the file: its lines are held against our payments while they go to the
    /// database. What was imported before is compared again; of what is refused nothing is compared.
    /// </summary>
    public async Task<(RegisterImport Import, Reconciled? Found)> ImportAsync(
        ImportRegisters import, IncomingFile file, ProviderSettings provider, LocalDate day, CancellationToken cancel = default)
    {
        var began = engine.Clock.GetCurrentInstant();
        await using var turn = await Turn.TakeAsync(engine.Database, provider.Id, cancel);
        var read = await ReadRegister.BeginAsync(engine.Database, DayOf(provider, day), Limits, parts: 1, part: 0, cancel);
        var imported = await import.FromAsync(file, new RegisterOf(provider.Id, provider.Code, day), read, cancel);
        return (imported, imported.Receipt.Verdict == FileVerdict.Refused ? null : await CompareAsync(
            turn.Connection, provider, day, file.By, imported.Receipt.Verdict == FileVerdict.Imported ? read : null, began, cancel));
    }

    private static RegisterDay DayOf(ProviderSettings provider, LocalDate day)
    {
        var zone = DateTimeZoneProviders.Tzdb[provider.Zone];
        return new RegisterDay(
            provider.Id, day, zone.AtStartOfDay(day).ToInstant(), zone.AtStartOfDay(day.PlusDays(1)).ToInstant());
    }

    /// <param name="read">With a file that was imported now: both sides, already held against each other. Null: they are read.</param>
    private async Task<Reconciled?> CompareAsync(
        NpgsqlConnection connection, ProviderSettings provider, LocalDate day, string by, ReadRegister? read, Instant began,
        CancellationToken cancel)
    {
        var registers = await RegistersAsync(connection, provider.Id, day, cancel);
        if (registers.FirstOrDefault(one => one.Day == day) is not { FileId: > 0 } mine)
        {
            return null;
        }

        long[] others = [.. registers.Where(one => one.FileId != mine.FileId).Select(one => one.FileId)];
        var strategies = Strategies
            ?? ((await TermsStore.TodayAsync(engine.Database, engine.Clock, cancel))?.Strategies ?? MatchStrategies.Usual).Register;
        // What came before its day was over says nothing of what came after it; a day later nothing more is to be waited for.
        var of = DayOf(provider, day);
        Instant? spokenTo = mine.At < of.To && engine.Clock.GetCurrentInstant() < of.To + NodaTime.Duration.FromDays(1) ? mine.At : null;
        CompareParts Work() => new(engine, settle, provider, of, mine.FileId, others, strategies, spokenTo);
        var work = Work();
        for (var parts = 1; !await ComparePartsAsync(work, connection, read, parts, began, by, cancel);)
        {
            parts *= 2;
            work = Work();
        }

        return work.Result;
    }

    /// <summary>All parts, in one transaction of what is written; false: more of them are needed.</summary>
    private async Task<bool> ComparePartsAsync(
        CompareParts work, NpgsqlConnection connection, ReadRegister? ready, int parts, Instant began, string by, CancellationToken cancel)
    {
        await using var writing = await connection.BeginTransactionAsync(cancel);
        for (var part = 0; part < parts; part++)
        {
            var read = ready ?? await ReadRegister.BeginAsync(engine.Database, work.Of, Limits, parts, part, cancel);
            if (read is null)
            {
                return false;
            }

            if (ready is null)
            {
                await read.LinesAsync(engine.Database, work.FileId, cancel);
            }

            if (await work.IsNotOursAsync(read, cancel))
            {
                await writing.RollbackAsync(cancel);
                await RefuseAsync(work, connection, read, began, by, cancel);
                return true;
            }

            await OpenBreaks.AddAsync(connection, await work.JudgeAsync(read, cancel), cancel);
        }

        await OpenBreaks.AddAsync(connection, work.JudgeRest(), cancel);
        work.Closed = await CloseGoneAsync(connection, work, by, cancel);
        work.Id = await Reconciliations.EnterAsync(
            connection, ReconciliationKind.Register, work.Subject, began, work.Result, work.FileId, by, cancel);
        await writing.CommitAsync(cancel);
        return true;
    }

    /// <summary>One break says that it is not ours: it says nothing of our payments, and closes nothing. The right one closes this.</summary>
    private static async Task RefuseAsync(
        CompareParts work, NpgsqlConnection connection, ReadRegister read, Instant began, string by, CancellationToken cancel)
    {
        await using var writing = await connection.BeginTransactionAsync(cancel);
        await OpenBreaks.AddAsync(connection, [work.Refuse(read)], cancel);
        work.Id = await Reconciliations.EnterAsync(
            connection, ReconciliationKind.Register, work.Subject, began, work.Result, work.FileId, by, cancel);
        await writing.CommitAsync(cancel);
    }

    private static async Task<int> CloseGoneAsync(
        NpgsqlConnection connection, CompareParts work, string by, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(CloseGone, connection) { CommandTimeout = 0 };
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = work.Of.ProviderId });
        command.Parameters.Add(new NpgsqlParameter<DateOnly> { TypedValue = work.Of.Day.ToDateColumn() });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = by });
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. work.Names] });
        command.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = [.. work.TurnedUp] });
        return await command.ExecuteNonQueryAsync(cancel);
    }

    private static async Task<List<(long FileId, LocalDate Day, Instant At)>> RegistersAsync(
        NpgsqlConnection connection, int providerId, LocalDate day, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(RegistersInForce, connection);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = providerId });
        command.Parameters.Add(new NpgsqlParameter<DateOnly> { TypedValue = day.PlusDays(-DaysAround).ToDateColumn() });
        command.Parameters.Add(new NpgsqlParameter<DateOnly> { TypedValue = day.PlusDays(DaysAround).ToDateColumn() });
        var registers = new List<(long, LocalDate, Instant)>();
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
        {
            registers.Add((reader.GetInt64(0), reader.GetLocalDate(1), reader.GetInstant(2)));
        }

        return registers;
    }
}
