using EGovPay.Processing;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.PostgreSql;
using EGovPay.Settlement.Breaks;
using EGovPay.Settlement.Netting;
using NodaTime;
using Npgsql;

namespace EGovPay.Settlement.Windows;

/// <summary>
/// Reads a settlement window on three sides. The ledger's net is held against what the providers' registers say of the same payments, against
/// what is paid out for it, and that against what banks booked; each difference is laid to what is awaited, to breaks, or left as a rest.
/// </summary>
public sealed class ReadWindows(NpgsqlDataSource database)
{
    private const int Most = 100_000;

    /// <summary>A million payments and their registers are read, not looked up.</summary>
    private const int Seconds = 300;

    private static readonly string WindowRegisters = Sql.Load("Windows/WindowRegisters.sql");
    private static readonly string WindowPayouts = Sql.Load("Windows/WindowPayouts.sql");

    /// <summary>The window of each provider that has anything in it, by provider.</summary>
    /// <param name="group">1 to 4.</param>
    /// <param name="providerId">Only this one; null: all.</param>
    public async Task<IReadOnlyList<WindowView>> RunAsync(
        CatalogueSnapshot catalogue, short group, LocalDate bankDay, int? providerId = null, CancellationToken cancel = default)
    {
        var cut = await new ReadNetting(database).CutAsync(
            NettingScope.Window(group, bankDay), NettingCut.Budget, Most, cancel);
        var lines = Whole(cut).Where(row => row.ProviderId is not null && (providerId is null || row.ProviderId == providerId))
            .GroupBy(row => row.ProviderId!.Value);
        var isClosed = await IsClosedAsync(group, bankDay, cancel);
        var registers = await RegistersAsync(catalogue, group, bankDay, cancel);
        var payouts = await PayoutsAsync(group, bankDay, cancel);
        return
        [
            .. lines.OrderBy(one => one.Key).Select(one =>
                Of(one.Key, group, bankDay, isClosed, [.. one], [.. registers[one.Key]], [.. payouts[one.Key]])),
        ];
    }

    /// <summary>There is such a window, whatever is in it.</summary>
    public async Task<bool> IsThereAsync(short group, LocalDate bankDay, CancellationToken cancel = default)
    {
        await using var command = database.CreateCommand(
            "select exists (select from settlement_window w where w.cutoff_group = $1 and w.bank_day = $2)");
        command.Parameters.Add(new NpgsqlParameter<short> { TypedValue = group });
        command.Parameters.Add(new NpgsqlParameter<DateOnly> { TypedValue = bankDay.ToDateColumn() });
        return (bool)(await command.ExecuteScalarAsync(cancel))!;
    }

    private static WindowView Of(
        int providerId, short group, LocalDate bankDay, bool isClosed, List<NettingRow> lines, List<RegisterRow> registers, List<PayoutRow> payouts)
    {
        var sums = lines.Select(one => one.Sums).Aggregate((one, other) => one + other);
        var net = sums.NetQepik;
        var byRegister = registers.Sum(one => one.Difference);
        var register = new WindowLeg(
            net + byRegister, byRegister, registers.Where(one => !one.Came).Sum(one => one.Difference),
            registers.Where(one => one.Break is not null).Sum(one => one.Difference));

        var parts = payouts.DistinctBy(one => one.PayoutId).ToList();
        var approved = parts.Where(one => one.Approved).ToList();
        var paid = approved.Sum(one => one.PartQepik);
        // Each line of a closed window is in one living payout, or in none yet.
        var unpaid = lines.Where(line => !parts.Exists(part => part.IsOf(line))).Sum(line => line.Sums.NetQepik);
        var payout = new WindowLeg(
            paid, paid - net, -unpaid - parts.Where(one => !one.Approved).Sum(one => one.PartQepik), 0);

        var bank = approved.Sum(one => BankOf(one, payouts));
        var silent = approved.Where(one => !one.Booked && payouts.TrueForAll(each => each.PayoutId != one.PayoutId || each.Break is null))
            .Sum(one => -one.PartQepik);
        var breaks = payouts.Where(one => one is { Break: not null, Approved: true }).ToList();
        var explained = breaks.DistinctBy(one => one.PayoutId).Sum(one => BankOf(one, payouts) - one.PartQepik);
        return new WindowView(
            providerId, group, bankDay, isClosed, sums, register, payout, new WindowLeg(bank, bank - paid, silent, explained),
            [
                .. registers.Where(one => one.Break is not null).Select(one => one.Break! with { EffectQepik = one.Difference }),
                .. breaks.Select(one => one.Break!),
            ],
            [.. parts.Select(one => one.PayoutId)]);
    }

    /// <summary>
    /// What banks booked of a payout's part: the part, and whatever they booked of the whole payout too much or too little. What is in question
    /// otherwise (missing, given back, of another currency) is not booked.
    /// </summary>
    private static long BankOf(PayoutRow part, List<PayoutRow> all)
    {
        var about = all.Where(one => one.PayoutId == part.PayoutId && one.Break is not null).Select(one => one.Break!).ToList();
        var isBooked = part.Booked || about.Exists(one => one.Kind is BreakKind.OverAmount or BreakKind.UnderAmount or BreakKind.WrongAccount
            or BreakKind.WrongDay or BreakKind.Duplicate or BreakKind.MissingHere);
        return isBooked && !about.Exists(one => one.Kind is BreakKind.PayoutRejected or BreakKind.CurrencyDiffers)
            ? part.PartQepik + about.Sum(one => one.EffectQepik) : 0;
    }

    private async Task<bool> IsClosedAsync(short group, LocalDate bankDay, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(
            "select exists (select from settlement_window w where w.cutoff_group = $1 and w.bank_day = $2 and w.closes_at <= now())");
        command.Parameters.Add(new NpgsqlParameter<short> { TypedValue = group });
        command.Parameters.Add(new NpgsqlParameter<DateOnly> { TypedValue = bankDay.ToDateColumn() });
        return (bool)(await command.ExecuteScalarAsync(cancel))!;
    }

    private async Task<ILookup<int, RegisterRow>> RegistersAsync(
        CatalogueSnapshot catalogue, short group, LocalDate bankDay, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(WindowRegisters);
        command.CommandTimeout = Seconds;
        command.Parameters.Add(new NpgsqlParameter<short> { TypedValue = group });
        command.Parameters.Add(new NpgsqlParameter<DateOnly> { TypedValue = bankDay.ToDateColumn() });
        command.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = [.. catalogue.Providers.Select(one => one.Id)] });
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. catalogue.Providers.Select(one => one.Zone)] });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = Most });
        var rows = new List<RegisterRow>();
        await using var row = await command.ExecuteReaderAsync(cancel);
        while (await row.ReadAsync(cancel))
        {
            rows.Add(new RegisterRow(
                row.GetInt32(0), row.GetBoolean(1), row.IsDBNull(2) ? null : Break(row, 2, BreakSide.Register, row.GetInt64(5)), row.GetInt64(5)));
        }

        return Whole(rows).ToLookup(one => one.ProviderId);
    }

    private async Task<ILookup<int, PayoutRow>> PayoutsAsync(short group, LocalDate bankDay, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(WindowPayouts);
        command.CommandTimeout = Seconds;
        command.Parameters.Add(new NpgsqlParameter<short> { TypedValue = group });
        command.Parameters.Add(new NpgsqlParameter<DateOnly> { TypedValue = bankDay.ToDateColumn() });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = Most });
        var rows = new List<PayoutRow>();
        await using var row = await command.ExecuteReaderAsync(cancel);
        while (await row.ReadAsync(cancel))
        {
            rows.Add(new PayoutRow(
                row.GetInt32(0), row.GetInt64(1), row.GetString(2), row.GetString(3), row.GetInt64(4), row.GetBoolean(5), row.GetBoolean(6),
                row.IsDBNull(7) ? null : Break(row, 7, BreakSide.Bank, Effect(row))));
        }

        return Whole(rows).ToLookup(one => one.ProviderId);
    }

    private static IReadOnlyList<TRow> Whole<TRow>(IReadOnlyList<TRow> rows) => rows.Count < Most ? rows
        : throw new InvalidOperationException($"The window has {Most} rows or more of a kind, and a part of them would not add up.");

    private static long Effect(NpgsqlDataReader row) => Enum.Parse<BreakKind>(row.GetString(8)) switch
    {
        BreakKind.OverAmount or BreakKind.Duplicate => row.GetInt64(10),
        BreakKind.UnderAmount => -row.GetInt64(10),
        _ => 0,
    };

    private static WindowBreak Break(NpgsqlDataReader row, int at, BreakSide side, long effect) => new(
        row.GetInt64(at), side, Enum.Parse<BreakKind>(row.GetString(at + 1)),
        Enum.Parse<BreakState>(row.GetString(at + 2), ignoreCase: true), effect);

    /// <summary>What registers say otherwise of some payments.</summary>
    /// <param name="Came">False: none came for their day.</param>
    private sealed record RegisterRow(int ProviderId, bool Came, WindowBreak? Break, long Difference);

    /// <summary>A payout that carries the window, once for each break about it.</summary>
    private sealed record PayoutRow(
        int ProviderId, long PayoutId, string BudgetLevel, string BudgetCode, long PartQepik, bool Approved, bool Booked, WindowBreak? Break)
    {
        public bool IsOf(NettingRow line) =>
            BudgetLevel == (line.BudgetLevel ?? "") && BudgetCode == (line.BudgetCode ?? "");
    }
}
