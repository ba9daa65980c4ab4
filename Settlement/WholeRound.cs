using Npgsql;

namespace EGovPay.Settlement;

/// <summary>Something of a round could not be done; the rest was.</summary>
public sealed class RoundFailedException : Exception
{
    /// <summary>Reasons that are written out; of more, how many there are is told.</summary>
    private const int Written = 20;

    internal RoundFailedException(IReadOnlyList<(string What, Exception Why)> failures)
        : base(
            string.Join("; ", failures.Take(Written).Select(one => $"{one.What}: {one.Why.Message}"))
                + (failures.Count > Written ? $"; and {failures.Count - Written} more" : ""),
            new AggregateException(failures.Select(one => one.Why)))
    {
    }
}

/// <summary>
/// The things of one round, of which one that fails keeps no other from being done; at the end the round fails with the reasons of all. Only where
/// the database itself is lost, or somebody stops it, is nothing more tried.
/// </summary>
internal sealed class WholeRound
{
    private readonly List<(string What, Exception Why)> failures = [];

    /// <summary>Does one thing of the round.</summary>
    /// <param name="what">For people: <c>payout 7</c>.</param>
    public async Task TryAsync(string what, Func<Task> work, CancellationToken cancel)
    {
        try
        {
            await work();
        }
        catch (Exception failure) when (!IsTheEnd(failure, cancel))
        {
            failures.Add((what, failure));
        }
    }

    /// <exception cref="RoundFailedException">Something failed.</exception>
    public void End()
    {
        if (failures.Count > 0)
        {
            throw new RoundFailedException(failures);
        }
    }

    private static bool IsTheEnd(Exception failure, CancellationToken cancel) =>
        (failure is OperationCanceledException && cancel.IsCancellationRequested)
        || failure is NpgsqlException { InnerException: IOException or System.Net.Sockets.SocketException } and not PostgresException;
}
