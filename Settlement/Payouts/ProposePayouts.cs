using System.Globalization;
using System.Security.Cryptography;
using EGovPay.Processing;
using EGovPay.Processing.Days;
using EGovPay.Processing.Ledger;
using EGovPay.Processing.People;
using EGovPay.Processing.PostgreSql;
using NodaTime;
using Npgsql;
using NpgsqlTypes;

namespace EGovPay.Settlement.Payouts;

/// <summary>What came of looking for payouts.</summary>
/// <param name="Proposals">Proposals that were made now.</param>
/// <param name="Carried">Receivers whose windows are zero or negative together: they wait for the next.</param>
/// <param name="WithoutTerms">Providers who are owed money and whose bank account is not known.</param>
/// <param name="Withdrawn">Payouts that were taken back now, for the terms name another account than they do, and no bank was told.</param>
public sealed record PayoutRound(
    IReadOnlyList<PayoutProposal> Proposals, IReadOnlyList<PayoutCarried> Carried, IReadOnlyList<PayoutCarried> WithoutTerms,
    IReadOnlyList<long> Withdrawn);

/// <summary>A payout that waits for its approval.</summary>
public sealed record PayoutProposal(long PayoutId, long ProposalId);

/// <summary>What is owed and not paid out now.</summary>
public sealed record PayoutCarried(int ProviderId, BudgetLine? Budget, long OwedQepik);

/// <summary>
/// Proposes to pay out what is owed for closed windows: one payout for each provider; for budget money one for each organisation, level and
/// code. First the payouts are entered, each with its windows, of which the database lets a window be in one living payout only; then each
/// is proposed. Whoever comes by later proposes what a lost process had entered.
/// </summary>
public sealed class ProposePayouts(NpgsqlDataSource database, Proposals proposals, Postings postings)
{
    private const int MostRows = 1_000_000;
    private const int AttemptLimit = 8;

    /// <summary>Agents of one payout at most; of more, its windows are paid by several. Fewer in tests.</summary>
    internal int MostAgents { get; init; } = Proposals.MostPostings;

    /// <summary>Crockford's, without letters that read like digits.</summary>
    private const string IdLetters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

    private static readonly string PayablesDue = Sql.Load("Payouts/PayablesDue.sql");
    private static readonly string EnterPayout = Sql.Load("Payouts/EnterPayout.sql");
    private static readonly string DropPayouts = Sql.Load("Payouts/DropPayouts.sql");
    private static readonly string UnproposedPayouts = Sql.Load("Payouts/UnproposedPayouts.sql");
    private static readonly string PayoutAgents = Sql.Load("Payouts/PayoutAgents.sql");

    /// <summary>One look at what is owed. Any number of people and nodes may look at once.</summary>
    /// <exception cref="RoundFailedException">A payout could not be entered or proposed; all others were.</exception>
    /// <param name="executionDay">The bank day on which the bank is to pay.</param>
    /// <param name="through">Windows up to this bank day; null: all that are closed.</param>
    /// <param name="providers">Only these; null: all.</param>
    public async Task<PayoutRound> RoundAsync(
        Person by, PayoutTerms terms, LocalDate executionDay, LocalDate? through = null, IReadOnlyList<int>? providers = null,
        CancellationToken cancel = default)
    {
        await new SettlementWindows(database).ReckonAsync(cancel);
        var withdrawn = await WithdrawReplaced.RunAsync(database, cancel);
        await DropAsync(cancel);
        var round = new WholeRound();
        // Windows of what is withdrawn are free for this very round, whoever withdrew it and died.
        await round.TryAsync("what came back", () => new ImportPaymentStatus(database, postings).FinishReturnsAsync(cancel), cancel);
        var (carried, without) = await EnterAsync(by.Login, terms, executionDay, through, providers, round, cancel);
        var made = await ProposeEnteredAsync(by, round, cancel);
        round.End();
        return new PayoutRound(made, carried, without, withdrawn);
    }

    /// <summary>Enters payouts; nobody can approve them before they are proposed.</summary>
    internal async Task<(List<PayoutCarried> Carried, List<PayoutCarried> Without)> EnterAsync(
        string by, PayoutTerms terms, LocalDate executionDay, LocalDate? through, IReadOnlyList<int>? providers,
        WholeRound round, CancellationToken cancel)
    {
        for (var attempt = 1; ; attempt++)
        {
            var carried = new List<PayoutCarried>();
            var without = new List<PayoutCarried>();
            var lost = false;
            foreach (var owed in (await DueAsync(through, providers, cancel)).GroupBy(one => (one.ProviderId, one.Level, one.Code)))
            {
                var (providerId, level, code) = owed.Key;
                var budget = level.Length == 0 ? null : new BudgetLine(level, code);
                var sum = owed.Sum(one => one.OwedQepik);
                if (terms.NotPaid.Contains(providerId))
                {
                    continue;
                }

                if (sum <= 0)
                {
                    carried.Add(new PayoutCarried(providerId, budget, sum));
                }
                else if (!terms.Receivers.TryGetValue(providerId, out var receiver))
                {
                    without.Add(new PayoutCarried(providerId, budget, sum));
                }
                else
                {
                    foreach (var few in Divided([.. owed]))
                    {
                        await round.TryAsync(
                            $"what provider {providerId} is owed",
                            async () => lost |= !await EnterAsync(by, terms.Debtor, receiver, executionDay, budget, few, cancel), cancel);
                    }
                }
            }

            // Somebody else entered a payout of the same windows a moment ago; what that one left is looked at again.
            if (!lost || attempt == AttemptLimit)
            {
                return (carried, without);
            }
        }
    }

    /// <summary>Proposes what was entered and is proposed by nobody.</summary>
    internal async Task<List<PayoutProposal>> ProposeEnteredAsync(Person by, WholeRound round, CancellationToken cancel)
    {
        var ids = new List<long>();
        await using (var command = database.CreateCommand(UnproposedPayouts))
        {
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = MostRows });
            await using var reader = await command.ExecuteReaderAsync(cancel);
            while (await reader.ReadAsync(cancel))
            {
                ids.Add(reader.GetInt64(0));
            }
        }

        var made = new List<PayoutProposal>();
        foreach (var id in ids)
        {
            await round.TryAsync(
                Reference(id),
                async () =>
                {
                    var (postings, purpose) = await PostingsAsync(id, cancel);
                    var proposed = await proposals.ProposePayoutAsync(by, id, postings, purpose);
                    if (proposed.Result == ProposeResult.Made)
                    {
                        made.Add(new PayoutProposal(id, proposed.Id));
                    }
                },
                cancel);
        }

        return made;
    }

    /// <summary>
    /// Windows whose agents one payout can carry, oldest first. Where a division would leave more taken back than taken, all is left together: it
    /// is for a later window, or for people.
    /// </summary>
    private List<List<Owed>> Divided(List<Owed> owed)
    {
        var divided = new List<List<Owed>>();
        var agents = new HashSet<int>();
        foreach (var window in owed.GroupBy(one => (one.Day, one.Group)).OrderBy(one => one.Key.Day).ThenBy(one => one.Key.Group))
        {
            if (divided.Count == 0 || agents.Union(window.Select(one => one.AgentId)).Count() > MostAgents)
            {
                divided.Add([]);
                agents.Clear();
            }

            divided[^1].AddRange(window);
            agents.UnionWith(window.Select(one => one.AgentId));
        }

        return divided.TrueForAll(few => few.Sum(one => one.OwedQepik) > 0) ? divided : [owed];
    }

    private async Task DropAsync(CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        // One message, whose end commits: payments of this lane wait for no round trip.
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(new NpgsqlBatchCommand(WithdrawReplaced.HoldDecisions));
        batch.BatchCommands.Add(new NpgsqlBatchCommand(DropPayouts));
        await batch.ExecuteNonQueryAsync(cancel);
    }

    private async Task<List<Owed>> DueAsync(LocalDate? through, IReadOnlyList<int>? providers, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(PayablesDue);
        command.CommandTimeout = 0;
        command.Parameters.Add(new NpgsqlParameter
        {
            NpgsqlDbType = NpgsqlDbType.Date, Value = (object?)through?.ToDateColumn() ?? DBNull.Value,
        });
        command.Parameters.Add(new NpgsqlParameter<int[]?> { TypedValue = providers?.ToArray() });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = MostRows });
        var due = new List<Owed>();
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
        {
            due.Add(new Owed(
                reader.GetInt32(0), reader.GetString(1), reader.GetString(2), reader.GetInt16(3), reader.GetLocalDate(4),
                reader.GetInt32(5), reader.GetInt64(6)));
        }

        return due.Count < MostRows ? due : throw new InvalidOperationException(
            $"More than {MostRows} windows and agents are unpaid; pay out the older ones first (--through).");
    }

    /// <returns>False: a window of it is in a payout of somebody else by now.</returns>
    private async Task<bool> EnterAsync(
        string by, BankParty debtor, BankParty receiver, LocalDate executionDay, BudgetLine? budget, List<Owed> owed,
        CancellationToken cancel)
    {
        var parts = owed.GroupBy(one => (one.Group, one.Day))
            .Select(one => (one.Key.Group, one.Key.Day, Sum: one.Sum(each => each.OwedQepik))).ToList();
        var agents = owed.GroupBy(one => one.AgentId).Select(one => (AgentId: one.Key, Sum: one.Sum(each => each.OwedQepik)))
            .Where(one => one.Sum != 0).ToList();
        if (agents.Count > MostAgents)
        {
            throw new InvalidOperationException($"It is the money of {agents.Count} agents, and a payout carries that of {MostAgents}.");
        }

        await using var command = database.CreateCommand(EnterPayout);
        void Add<T>(T value) => command.Parameters.Add(new NpgsqlParameter<T> { TypedValue = value });
        Add(owed[0].ProviderId);
        Add(owed.Sum(one => one.OwedQepik));
        Add(NewId("EGP", executionDay));
        Add(executionDay.ToDateColumn());
        foreach (var party in new[] { debtor, receiver })
        {
            Add(party.Name);
            Add(party.Voen);
            Add(party.Iban);
            Add(party.Bic);
            Add(party.BankCode);
        }

        Add(budget?.Level);
        Add(budget?.Code);
        Add(Purpose(parts.Min(part => part.Day), parts.Max(part => part.Day)));
        Add(by);
        Add(parts.Select(part => part.Group).ToArray());
        Add(parts.Select(part => part.Day.ToDateColumn()).ToArray());
        Add(parts.Select(part => part.Sum).ToArray());
        Add(agents.Select(agent => agent.AgentId).ToArray());
        Add(agents.Select(agent => agent.Sum).ToArray());
        try
        {
            await command.ExecuteNonQueryAsync(cancel);
            return true;
        }
        catch (PostgresException taken) when (taken is { SqlState: "23505", ConstraintName: "payout_part_living" })
        {
            return false;
        }
    }

    private async Task<(List<Posting> Postings, string Purpose)> PostingsAsync(long payoutId, CancellationToken cancel)
    {
        await using var command = database.CreateCommand(PayoutAgents);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = payoutId });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = MostRows });
        var postings = new List<Posting>();
        var purpose = "";
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
        {
            var (agentId, payable, amount) = (reader.GetInt32(0), Accounts.Payable(reader.GetInt32(1)), reader.GetInt64(2));
            purpose = reader.GetString(3);
            postings.Add(amount > 0
                ? new Posting(agentId, payable, Accounts.Bank, amount, Posting.Payout, Reference(payoutId))
                : new Posting(agentId, Accounts.Bank, payable, -amount, Posting.Payout, Reference(payoutId)));
        }

        return (postings, purpose);
    }

    /// <summary>How movements of a payout are called.</summary>
    internal static string Reference(long payoutId) => string.Create(CultureInfo.InvariantCulture, $"payout.{payoutId}");

    /// <summary>An id that no payout and no file has, nor had before a restore: 60 random bits after the day.</summary>
    internal static string NewId(string prefix, LocalDate day) =>
        $"{prefix}{day.ToString("yyMMdd", CultureInfo.InvariantCulture)}-{RandomNumberGenerator.GetString(IdLetters, 12)}";

    /// <summary>In two lines of 35 letters, without a comma: every form can carry it.</summary>
    private static string Purpose(LocalDate from, LocalDate to)
    {
        static string Text(LocalDate day) => day.ToString("dd.MM.uuuu", CultureInfo.InvariantCulture);
        return $"Qəbul edilmiş ödənişlərin köçürülməsi {(from == to ? Text(from) : $"{Text(from)}-{Text(to)}")}";
    }

    private sealed record Owed(
        int ProviderId, string Level, string Code, short Group, LocalDate Day, int AgentId, long OwedQepik);
}
