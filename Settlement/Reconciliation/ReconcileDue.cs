using EGovPay.Processing;
using EGovPay.Processing.PostgreSql;
using NodaTime;
using NodaTime.Text;
using Npgsql;

namespace EGovPay.Settlement.Reconciliation;

/// <summary>One comparison of a round.</summary>
public sealed record DueComparison(string Provider, LocalDate Day, Reconciled? Found);

/// <summary>
/// Compares what is due by itself: registers that came since they were last looked at, and days that something was left open of. What is
/// due stands in the tables: a round that is run twice, or by two nodes, finds less to do and nothing else.
/// </summary>
public sealed class ReconcileDue(Engine engine)
{
    private static readonly string DueComparisons = Sql.Load("Reconciliation/DueComparisons.sql");

    private readonly ReconcileRegister reconcile = new(engine);

    /// <summary>One round; the comparisons in the order of their days.</summary>
    /// <param name="by">Who runs it: a login, or the name of a job.</param>
    /// <exception cref="RoundFailedException">A comparison failed; all others were made.</exception>
    public Task<IReadOnlyList<DueComparison>> RoundAsync(string by, CancellationToken cancel = default) => RoundAsync(by, null, cancel);

    /// <summary>The same, and tells how far it is.</summary>
    public async Task<IReadOnlyList<DueComparison>> RoundAsync(string by, TellProgress? tell, CancellationToken cancel = default)
    {
        var providers = engine.Catalogue.Current.Providers;
        var due = new List<(int ProviderId, LocalDate Day)>();
        await using (var command = engine.Database.CreateCommand(DueComparisons))
        {
            command.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = [.. providers.Select(one => one.Id)] });
            command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. providers.Select(one => one.Code)] });
            await using var reader = await command.ExecuteReaderAsync(cancel);
            while (await reader.ReadAsync(cancel))
            {
                due.Add((reader.GetInt32(0), reader.GetLocalDate(1)));
            }
        }

        var done = new List<DueComparison>();
        var round = new WholeRound();
        foreach (var (at, (providerId, day)) in due.Index())
        {
            var provider = providers.Single(one => one.Id == providerId);
            await (tell?.Invoke(100 * at / due.Count, FormattableString.Invariant(
                $"register {at + 1} of {due.Count}: {provider.Code} {LocalDatePattern.Iso.Format(day)}")) ?? Task.CompletedTask);
            await round.TryAsync(
                $"{provider.Code}/{LocalDatePattern.Iso.Format(day)}",
                async () => done.Add(new DueComparison(provider.Code, day, await reconcile.RunAsync(provider, day, by, cancel))), cancel);
        }

        round.End();
        return done;
    }
}
