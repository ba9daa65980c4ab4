using System.Globalization;
using System.Text;
using System.Text.Json;
using EGovPay.Processing;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Days;
using EGovPay.Processing.PostgreSql;
using EGovPay.Settlement.Breaks;
using EGovPay.Settlement.Incoming;
using EGovPay.Settlement.Payouts;
using EGovPay.Settlement.Reconciliation;
using EGovPay.Settlement.RegistersIn;
using EGovPay.Settlement.Statements;
using EGovPay.Settlement.Terms;
using EGovPay.Terminals.CommandLine;
using NodaTime;
using NodaTime.Text;
using Npgsql;

namespace EGovPay.Terminals.Demo;

/// <summary>What the evening came to.</summary>
/// <param name="Planted">Differences that the simulator put into registers and statements: kind and what it is about.</param>
/// <param name="Found">Breaks that are open about the same days.</param>
/// <param name="PayoutsQepik">Proposed by one person, approved by another, and told to the bank.</param>
/// <param name="Unsealed">Days without a seal that are closed, or in which this run's payments lie.</param>
/// <param name="Ahead">The open day where it has not begun in Baku, because a demo before this one closed today: it stays open.</param>
internal sealed record DemoSettled(
    IReadOnlySet<string> Planted, IReadOnlySet<string> Found, long PayoutsQepik, int Registers, int Entries, IReadOnlyList<LocalDate> Unsealed,
    LocalDate? Ahead)
{
    /// <summary>All that this run posted is closed and sealed.</summary>
    public bool Sealed => Unsealed.Count == 0;

    /// <summary>Breaks that nobody planted.</summary>
    public int FalseBreaks => Found.Count(one => !Planted.Contains(one));

    public bool Good => Planted.SetEquals(Found) && Planted.Count > 0 && PayoutsQepik > 0 && Unsealed.All(day => day == Ahead);
}

/// <summary>
/// The demo's evening: windows closed, payouts made, the day closed and sealed; then providers and the bank, which the simulator plays, send
/// registers and statements from its own record with differences planted in them, and everything is imported and reconciled.
/// </summary>
internal sealed class DemoSettlement(Store store, Engine engine, DemoPeople people, HttpClient http, CatalogueSnapshot catalogue)
{
    /// <summary>A register with fewer lines is sent as it is.</summary>
    private const int FewestToLieIn = 3;

    private static readonly string[] RegisterLies = ["missing", "extra", "changed"];
    private static readonly string DemoProviderDays = Sql.Load("Demo/DemoProviderDays.sql");
    private static readonly string DemoUnsealed = Sql.Load("Demo/DemoUnsealed.sql");
    private static readonly string DemoDeposits = Sql.Load("Demo/DemoDeposits.sql");

    private readonly HashSet<string> planted = new(StringComparer.Ordinal);

    /// <summary>Settles the day of a run.</summary>
    /// <param name="from">The least payment number of the run.</param>
    public static async Task<DemoSettled> RunAsync(
        Store store, DemoPeople people, Uri simulator, CatalogueSnapshot catalogue, long from, CancellationToken cancel)
    {
        await using var engine = await Books.StartEngineAsync(store.ConnectionString, "demo settlement", cancel);
        using var http = new HttpClient { BaseAddress = simulator };
        return await new DemoSettlement(store, engine, people, http, catalogue).RunAsync(from, cancel);
    }

    private async Task<DemoSettled> RunAsync(long from, CancellationToken cancel)
    {
        var today = Baku.DateOf(engine.Clock.GetCurrentInstant());
        var terms = await TermsAsync(today, cancel);
        var before = (await new BreakBook(store.Database).ListAsync(new BreakFilter(Side: BreakSide.Bank), cancel: cancel))
            .Select(one => one.Id).ToHashSet();
        DemoProgress.Say("Payouts, proposed by one person and approved by another …");
        var windows = new SettlementWindows(store.Database);
        foreach (var group in new short[] { 1, 2, 3, 4 })
        {
            await windows.CloseNowAsync(group, cancel);
        }

        var (paid, executed) = await PayOutAsync(today, cancel);
        var ahead = await CloseDayAsync(today, cancel);
        DemoProgress.Say("Registers and statements come in, and are reconciled …");
        var days = await RegistersAsync(from, cancel);
        var entries = await StatementsAsync(terms, today, executed, cancel);
        return new DemoSettled(planted, await FoundAsync(days, before, cancel), paid, days.Count, entries, await UnsealedAsync(from, cancel), ahead);
    }

    private async Task<SettlementTerms> TermsAsync(LocalDate today, CancellationToken cancel)
    {
        if (await TermsStore.TodayAsync(store.Database, engine.Clock, cancel) is null)
        {
            await TermsStore.ApplyAsync(store.Database, ExampleTerms.Read(), today, today, people.Finance, cancel);
        }

        return (await TermsStore.TodayAsync(store.Database, engine.Clock, cancel))!;
    }

    private async Task<(long Qepik, LocalDate Executed)> PayOutAsync(LocalDate today, CancellationToken cancel)
    {
        var executed = await PayoutTerms.ExecutionDayAsync(store.Database, today, cancel);
        var terms = await PayoutTerms.ReadAsync(store.Database, catalogue, today, cancel)
            ?? throw new CommandException("The terms have no account in manat.");
        var round = await new ProposePayouts(store.Database, engine.Proposals, engine.Postings).RoundAsync(people.Finance, terms, executed, cancel: cancel);
        foreach (var proposal in round.Proposals)
        {
            await engine.Decide.ApproveAsync(people.Approver, proposal.ProposalId);
        }

        var export = await new ExportPayouts(store.Database, engine.Clock).RunAsync(
            people.Finance, PayoutFormat.Pain00100109, cancel: cancel);
        if (export.File is not { } file)
        {
            return (0, executed);
        }

        using var content = new ReadOnlyMemoryContent(file.Body);
        (await http.PostAsync(new Uri("/_sim/bank/orders", UriKind.Relative), content, cancel)).EnsureSuccessStatusCode();
        return (file.TotalQepik, executed);
    }

    /// <summary>
    /// Closes the day where it has begun in Baku. Nobody runs ahead of the calendar: what a demo does after another one has closed today lies in
    /// the next day, which then comes back and stays open.
    /// </summary>
    private async Task<LocalDate?> CloseDayAsync(LocalDate today, CancellationToken cancel)
    {
        var open = await engine.Days.OpenDayAsync(cancel);
        if (open > today)
        {
            DemoProgress.Say($"An earlier demo closed today: this day is {LocalDatePattern.Iso.Format(open)}, which has not begun and stays open …");
            return open;
        }

        DemoProgress.Say("The day is closed and sealed …");
        await engine.Days.CloseAsync(open, people.Finance, cancel);
        return null;
    }

    private async Task<List<LocalDate>> UnsealedAsync(long from, CancellationToken cancel)
    {
        await using var look = store.Database.CreateCommand(DemoUnsealed);
        look.Parameters.Add(new NpgsqlParameter<long> { TypedValue = from });
        await using var row = await look.ExecuteReaderAsync(cancel);
        var days = new List<LocalDate>();
        while (await row.ReadAsync(cancel))
        {
            days.Add(row.GetLocalDate(0));
        }

        return days;
    }

    /// <summary>Every provider that is paid online sends a register for each of the run's days; three of them with differences.</summary>
    private async Task<List<(int ProviderId, LocalDate Day)>> RegistersAsync(long from, CancellationToken cancel)
    {
        var days = new List<(ProviderSettings Provider, LocalDate Day, long Payments)>();
        await using (var command = store.Database.CreateCommand(DemoProviderDays))
        {
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = from });
            await using var row = await command.ExecuteReaderAsync(cancel);
            while (await row.ReadAsync(cancel))
            {
                if (catalogue.Provider(row.GetInt32(0)) is { Protocol: not "register" } provider)
                {
                    days.Add((provider, row.GetLocalDate(1), row.GetInt64(2)));
                }
            }
        }

        var reconcile = new ReconcileRegister(engine);
        var import = new ImportRegisters(store.Database, []);
        var lying = 0;
        foreach (var (provider, day, payments) in days)
        {
            var lies = payments >= FewestToLieIn && lying < RegisterLies.Length ? RegisterLies[lying++] : "";
            var query = $"/_sim/register?provider={provider.Code}&day={LocalDatePattern.Iso.Format(day)}&lies={lies}";
            await PlantedAsync(query, provider.Code + "/", cancel);
            using var content = new MemoryStream(await http.GetByteArrayAsync(new Uri(query, UriKind.Relative), cancel));
            var (imported, _) = await reconcile.ImportAsync(
                import, new IncomingFile($"{provider.Code}_{day:uuuuMMdd}.txt", content, FileSource.Command, people.Finance.Login), provider, day,
                cancel);
            Refuse(imported.Receipt, provider.Code);
        }

        return [.. days.Select(one => (one.Provider.Id, one.Day))];
    }

    /// <summary>The bank's statement as camt.053 and, of the same bookings, as MT940: each booking counts once.</summary>
    private async Task<int> StatementsAsync(SettlementTerms terms, LocalDate today, LocalDate executed, CancellationToken cancel)
    {
        await DepositsAsync(terms, cancel);
        var import = new ImportStatements(store.Database, new OurAccounts(terms.Accounts.Select(one => one.Iban)));
        // A bank may book late: of what is missing nothing is said before these days are over, and no statement is believed about days
        // that are to come. So it comes when they are over.
        var to = executed;
        for (var late = 0; late < ReconcileBank.BankDaysLate; late++)
        {
            to = await PayoutTerms.ExecutionDayAsync(store.Database, to.PlusDays(1), cancel);
        }

        var came = to.At(new LocalTime(23, 0)).InZoneLeniently(Baku.Zone).ToInstant();
        var query = $"/_sim/bank/statement?account={terms.Accounts[0].Iban}&from={LocalDatePattern.Iso.Format(today)}"
            + $"&to={LocalDatePattern.Iso.Format(to)}&lies=missing,extra,changed";
        await PlantedAsync(query, "bank/", cancel);
        var entries = 0L;
        foreach (var form in new[] { "camt053", "mt940" })
        {
            using var content = new MemoryStream(await http.GetByteArrayAsync(new Uri($"{query}&form={form}", UriKind.Relative), cancel));
            var imported = await import.FromAsync(
                new IncomingFile($"bank.{form}", content, FileSource.Command, people.Finance.Login) { CameAt = came }, cancel: cancel);
            Refuse(imported.Receipt, form);
            entries += imported.Entries;
        }

        await new ReconcileBank(engine).RunAsync(terms, people.Finance.Login, cancel);
        return (int)entries;
    }

    /// <summary>What agents paid in, the bank knows too.</summary>
    private async Task DepositsAsync(SettlementTerms terms, CancellationToken cancel)
    {
        var lines = new StringBuilder();
        await using (var command = store.Database.CreateCommand(DemoDeposits))
        {
            await using var row = await command.ExecuteReaderAsync(cancel);
            while (await row.ReadAsync(cancel))
            {
                if (terms.Agent(row.GetString(0)).DepositAccounts is [var account, ..])
                {
                    lines.Append(CultureInfo.InvariantCulture,
                        $"{account}\t{row.GetInt64(2)}\t{row.GetString(1)}\t{LocalDatePattern.Iso.Format(row.GetLocalDate(3))}\n");
                }
            }
        }

        using var content = new StringContent(lines.ToString());
        (await http.PostAsync(new Uri("/_sim/bank/deposits", UriKind.Relative), content, cancel)).EnsureSuccessStatusCode();
    }

    private async Task PlantedAsync(string query, string about, CancellationToken cancel)
    {
        var said = await http.GetStringAsync(new Uri(query + "&planted=true", UriKind.Relative), cancel);
        foreach (var line in said.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var parts = line.Split('\t');
            planted.Add($"{parts[0]} {about}{parts[1]}");
        }
    }

    /// <summary>Open breaks with the registers of these days and, new ones, with the bank; named as the planter names them.</summary>
    private async Task<IReadOnlySet<string>> FoundAsync(
        List<(int ProviderId, LocalDate Day)> days, HashSet<long> before, CancellationToken cancel)
    {
        var found = new HashSet<string>(StringComparer.Ordinal);
        foreach (var one in await new BreakBook(store.Database).ListAsync(new BreakFilter(), cancel: cancel))
        {
            if (one.Side == BreakSide.Register && one.ProviderId is { } provider && days.Contains((provider, one.Day)))
            {
                found.Add($"{one.Kind} {one.Subject}");
            }
            else if (one.Side == BreakSide.Bank && !before.Contains(one.Id))
            {
                found.Add($"{one.Kind} bank/{EndToEndId(one.Ours) ?? EndToEndId(one.Theirs) ?? one.Subject}");
            }
        }

        return found;
    }

    private static string? EndToEndId(string? json)
    {
        if (json is null)
        {
            return null;
        }

        using var said = JsonDocument.Parse(json);
        return said.RootElement.TryGetProperty("endToEndId", out var id) ? id.GetString() : null;
    }

    private static void Refuse(FileReceipt receipt, string what)
    {
        if (receipt.Verdict == FileVerdict.Refused)
        {
            throw new CommandException($"The simulator's file of {what} was refused: {receipt.Refusal}");
        }
    }
}
