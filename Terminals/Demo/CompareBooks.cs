using System.Globalization;
using EGovPay.Processing;
using EGovPay.Processing.StateMachine;
using Npgsql;

namespace EGovPay.Terminals.Demo;

/// <summary>
/// Two records of one day held against each other, as sets by number: our book and the provider simulator's own. Each
/// side is streamed; only numbers and states are kept.
/// </summary>
internal sealed record CompareBooks
{
    private static readonly string DemoBook = Sql.Load("Demo/DemoBook.sql");

    /// <summary>Payments of the run, by the state in which they stand.</summary>
    public required IReadOnlyDictionary<PaymentState, int> States { get; init; }

    /// <summary>Confirmed here, and not credited there, or credited and taken back.</summary>
    public required IReadOnlyList<long> ConfirmedUncredited { get; init; }

    /// <summary>Credited there, and not confirmed here.</summary>
    public required IReadOnlyList<long> CreditedUnconfirmed { get; init; }

    /// <summary>Credited, or taken back, there more than once.</summary>
    public required IReadOnlyList<long> CreditedTwice { get; init; }

    /// <summary>
    /// References of which a terminal was told something else than the book says, or of which the book knows nothing.
    /// </summary>
    public required IReadOnlyList<string> ToldOtherwise { get; init; }

    /// <summary>Reads both records.</summary>
    /// <param name="from">The least number of the run: what is older belongs to earlier runs.</param>
    /// <param name="told">What the terminals were told, by reference.</param>
    public static async Task<CompareBooks> ReadAsync(
        NpgsqlDataSource database, Uri simulator, long from, DemoRun run, IReadOnlyDictionary<string, string> told,
        CancellationToken cancel)
    {
        var states = new Dictionary<PaymentState, int>();
        var confirmed = new HashSet<long>();
        var otherwise = new HashSet<string>(told.Keys, StringComparer.Ordinal);
        await foreach (var (number, state, reference, ours) in BookAsync(database, from, run, cancel))
        {
            if (state == PaymentState.Confirmed)
            {
                confirmed.Add(number);
            }

            if (ours)
            {
                states[state] = states.GetValueOrDefault(state) + 1;
                if (told.TryGetValue(reference, out var said) && said == state.ToString())
                {
                    otherwise.Remove(reference);
                }
            }
        }

        // What was taken back there is as if it had never been credited; two credits and one taken back are still two credits.
        var credited = new HashSet<long>();
        var twice = new List<long>();
        await foreach (var (number, times, reversed) in LedgerAsync(simulator, cancel))
        {
            if (number >= from && times > reversed)
            {
                credited.Add(number);
            }

            if (number >= from && (times > 1 || reversed > 1))
            {
                twice.Add(number);
            }
        }

        return new CompareBooks
        {
            States = states,
            ConfirmedUncredited = [.. confirmed.Where(number => !credited.Contains(number)).Order()],
            CreditedUnconfirmed = [.. credited.Where(number => !confirmed.Contains(number)).Order()],
            CreditedTwice = [.. twice.Order()],
            ToldOtherwise = [.. otherwise.Order(StringComparer.Ordinal)],
        };
    }

    private static async IAsyncEnumerable<(long Number, PaymentState State, string Reference, bool Ours)> BookAsync(
        NpgsqlDataSource database, long from, DemoRun run,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        await using var command = database.CreateCommand(DemoBook);
        command.CommandTimeout = 0;
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = from });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = run.Own });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = run.Osmp });
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
        {
            yield return (
                reader.GetInt64(0), Transitions.Numbered(reader.GetInt16(1)).To, reader.GetString(2), reader.GetBoolean(
                    3));
        }
    }

    /// <summary>The simulator's record: TAB-separated, a head, then provider, txn, asked, credited … reversed.</summary>
    private static async IAsyncEnumerable<(long Number, int Credited, int Reversed)> LedgerAsync(
        Uri simulator, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        using var http = new HttpClient { Timeout = Timeout.InfiniteTimeSpan };
        await using var stream = await http.GetStreamAsync(new Uri(simulator, "/_sim/ledger"), cancel);
        using var lines = new StreamReader(stream);
        await lines.ReadLineAsync(cancel);
        while (await lines.ReadLineAsync(cancel) is { } line)
        {
            var parts = line.Split('\t');
            yield return (
                long.Parse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture),
                int.Parse(parts[3], NumberStyles.None, CultureInfo.InvariantCulture),
                int.Parse(parts[7], NumberStyles.None, CultureInfo.InvariantCulture));
        }
    }
}
