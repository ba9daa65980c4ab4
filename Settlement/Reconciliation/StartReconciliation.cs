using System.Globalization;
using EGovPay.Processing;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.People;
using EGovPay.Settlement.Jobs;
using EGovPay.Settlement.Terms;
using Microsoft.Extensions.Logging;
using NodaTime;
using NodaTime.Text;
using Npgsql;

namespace EGovPay.Settlement.Reconciliation;

/// <summary>A comparison that somebody asked for.</summary>
/// <param name="Run">It stands in the record of runs; null: too many are made here in this moment, and none was begun.</param>
/// <param name="Ended">What it found, when it has; null: there is nothing to compare with, and the run says what is missing.</param>
/// <param name="Mine">False: somebody had begun the same before, and this is theirs; it is looked at by its number.</param>
public sealed record StartedReconciliation(long? Run, Task<Reconciled?> Ended, bool Mine);

/// <summary>
/// Starts comparisons that people ask for and do not wait for: each goes on when its caller has gone, and stands in the record of runs.
/// One at a time of a provider's day, or of the banks, over all nodes: whoever asks meanwhile is told of the run that is under way.
/// </summary>
public sealed class StartReconciliation(Engine engine, ILogger log) : IAsyncDisposable
{
    /// <summary>Begins the names of such runs.</summary>
    public const string Prefix = "reconcile ";

    /// <summary>Comparisons of this process at once: each holds a provider's day in memory.</summary>
    private const int AtOnce = 2;

    /// <summary>Taken with the hash of the run's name, for as long as it goes on.</summary>
    private const int RunLock = 7319;

    private static readonly TimeSpan LastPatience = TimeSpan.FromSeconds(2);

    private static readonly string LoseRuns = Sql.Load("Reconciliation/LoseRuns.sql");

    private readonly JobRuns runs = new(engine.Database);
    private readonly SemaphoreSlim slots = new(AtOnce, AtOnce);
    private readonly CancellationTokenSource stop = new();
    private readonly Lock guard = new();
    private readonly HashSet<Task> going = [];

    /// <summary>Starts the comparison with the last register of a provider's day.</summary>
    /// <param name="day">In the provider's zone.</param>
    public Task<StartedReconciliation> WithRegisterAsync(
        Person by, ProviderSettings provider, LocalDate day, CancellationToken cancel = default)
    {
        var subject = string.Create(CultureInfo.InvariantCulture, $"{provider.Code}/{day:uuuu-MM-dd}");
        return StartAsync(
            by, subject, async () => await new ReconcileRegister(engine).RunAsync(provider, day, by.Login, stop.Token),
            $"no register of {provider.Code} came for {LocalDatePattern.Iso.Format(day)}", cancel);
    }

    /// <summary>Starts the comparison with the statements of our accounts.</summary>
    public Task<StartedReconciliation> WithBanksAsync(Person by, SettlementTerms terms, CancellationToken cancel = default) => StartAsync(
        by, "bank", async () => await new ReconcileBank(engine).RunAsync(terms, by.Login, stop.Token),
        "no statement of an account of ours came", cancel);

    /// <summary>Writes of runs whose process has died that they are lost: nobody holds their lock.</summary>
    public async Task LoseDeadAsync(CancellationToken cancel = default)
    {
        await using var lose = engine.Database.CreateCommand(LoseRuns);
        lose.Parameters.Add(new NpgsqlParameter<string> { TypedValue = Prefix });
        lose.Parameters.Add(new NpgsqlParameter<int> { TypedValue = RunLock });
        await lose.ExecuteNonQueryAsync(cancel);
    }

    /// <summary>Ends what is under way: it leaves nothing behind, and its run says so.</summary>
    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        Task[] left;
        lock (guard)
        {
            left = [.. going];
        }

        var all = Task.WhenAll(left);
        await Task.WhenAny(all, Task.Delay(LastPatience, CancellationToken.None));
        if (all.IsCompleted)
        {
            stop.Dispose();
            slots.Dispose();
        }
    }

    private async Task<StartedReconciliation> StartAsync(
        Person by, string subject, Func<Task<Reconciled?>> compare, string nothing, CancellationToken cancel)
    {
        if (!by.May(Acts.Reconcile))
        {
            throw new InvalidOperationException($"'{Acts.Reconcile.Name}' is for {Acts.Reconcile.RolesText}; {by.Login} is none.");
        }

        if (!await slots.WaitAsync(TimeSpan.Zero, cancel))
        {
            return Other(null);
        }

        var begun = false;
        NpgsqlConnection? turn = null;
        var name = Prefix + subject;
        try
        {
            await LoseDeadAsync(cancel);
            turn = await engine.Database.OpenConnectionAsync(cancel);
            if (!await LockAsync(turn, "select pg_try_advisory_lock($1, hashtext($2))", name, cancel))
            {
                var theirs = await runs.LatestAsync([name], cancel);
                return Other(theirs.Count > 0 && theirs[0].Result is null ? theirs[0].Id : null);
            }

            var run = await runs.StartAsync(name, await NodeAsync(cancel), by.Login, CancellationToken.None);
            begun = true;
            var ended = CompareAsync(run, turn, name, compare, nothing);
            Keep(ended);
            return new StartedReconciliation(run, ended, Mine: true);
        }
        finally
        {
            if (!begun)
            {
                slots.Release();
                if (turn is not null)
                {
                    await GiveBackAsync(turn, name);
                }
            }
        }
    }

    private static StartedReconciliation Other(long? run) => new(run, Task.FromResult<Reconciled?>(null), Mine: false);

    private async Task<string> NodeAsync(CancellationToken cancel)
    {
        await using var command = engine.Database.CreateCommand("select n.name from node n where n.node_id = $1");
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = engine.Node.Id });
        return (string?)await command.ExecuteScalarAsync(cancel) ?? "";
    }

    private async Task<Reconciled?> CompareAsync(
        long run, NpgsqlConnection turn, string name, Func<Task<Reconciled?>> compare, string nothing)
    {
        await Task.Yield();
        try
        {
            var found = await compare();
            await runs.EndAsync(run, found is null ? "failed" : "done", found is null ? nothing : string.Create(
                CultureInfo.InvariantCulture,
                $"reconciliation {found.Id}: {found.Lines} lines, {found.Matched} match, {found.Settled} unknown settled, "
                + $"{found.InFlight} not final yet, {found.Breaks} differences, {found.Closed} breaks closed"));
            return found;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            await runs.EndAsync(run, "failed", "cut off by the server's end");
            throw;
        }
        catch (Exception failure)
        {
            Log.AskedFailed(log, failure, name);
            await runs.EndAsync(run, "failed", failure.Message);
            throw;
        }
        finally
        {
            slots.Release();
            await GiveBackAsync(turn, name);
        }
    }

    /// <summary>Gives a lock back, where it was taken; a connection that broke has given it back by breaking.</summary>
    private static async Task GiveBackAsync(NpgsqlConnection turn, string name)
    {
        await using (turn)
        {
            if (turn.FullState.HasFlag(System.Data.ConnectionState.Open))
            {
                await LockAsync(turn, "select pg_advisory_unlock($1, hashtext($2))", name, CancellationToken.None);
            }
        }
    }

    /// <summary>Remembers what goes on, to end it in order; what failed has been told.</summary>
    private void Keep(Task ended)
    {
        lock (guard)
        {
            going.Add(ended);
        }

        _ = ended.ContinueWith(
            done =>
            {
                _ = done.Exception;
                lock (guard)
                {
                    going.Remove(done);
                }
            },
            CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private static async Task<bool> LockAsync(NpgsqlConnection connection, string statement, string name, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(statement, connection);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = RunLock });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = name });
        return (bool)(await command.ExecuteScalarAsync(cancel))!;
    }
}
