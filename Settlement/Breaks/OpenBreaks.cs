using EGovPay.Processing;
using EGovPay.Processing.PostgreSql;
using Npgsql;

namespace EGovPay.Settlement.Breaks;

/// <summary>
/// Writes breaks, many at once. What is found again makes no second one: side, kind and subject name a break for ever.
/// </summary>
public static class OpenBreaks
{
    /// <summary>Breaks of one statement; more are written by several, in the same transaction.</summary>
    private const int Chunk = 2_000;

    private static readonly string AddBreaks = Sql.Load("Breaks/AddBreaks.sql");

    /// <summary>Adds what was found, in the caller's transaction on this connection. Two with one name: the first one stands.</summary>
    public static async Task AddAsync(NpgsqlConnection connection, IReadOnlyCollection<NewBreak> found, CancellationToken cancel)
    {
        // One statement cannot write one row twice.
        foreach (var chunk in found.DistinctBy(one => (one.Side, one.Kind, one.Subject)).Chunk(Chunk))
        {
            await using var command = new NpgsqlCommand(AddBreaks, connection) { CommandTimeout = 0 };
            void Add<T>(Func<NewBreak, T> value) =>
                command.Parameters.Add(new NpgsqlParameter<T[]> { TypedValue = [.. chunk.Select(value)] });
            Add(one => TextOf(one.Side));
            Add(one => one.Kind.ToString());
            Add(one => one.Subject);
            Add(one => one.ProviderId);
            Add(one => one.AgentId);
            Add(one => one.Number);
            Add(one => one.FileId);
            Add(one => one.Line);
            Add(one => one.StatementId);
            Add(one => one.EntryNo);
            Add(one => one.PayoutId);
            Add(one => one.Day.ToDateColumn());
            Add(one => one.AmountAtRiskQepik);
            Add(one => one.Ours);
            Add(one => one.Theirs);
            Add(one => one.Cause);
            Add(one => one.Step);
            Add(one => one.Suggestion);
            await command.ExecuteNonQueryAsync(cancel);
        }
    }

    /// <summary>A side as it is stored.</summary>
    public static string TextOf(BreakSide side) => side.ToString().ToLowerInvariant();
}
