using EGovPay.Tests.Dispatch;
using EGovPay.Tests.PostgreSql;
using Npgsql;
using Xunit;

namespace EGovPay.Tests.CommandLine;

/// <summary>The program, killed hard at a place that a test chooses.</summary>
internal static class KilledProgram
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(90);

    /// <summary>Locks are the whole server's, and the same table has the same number in every database of a test.</summary>
    private const string Here = "database = (select oid from pg_database where datname = current_database())";

    /// <summary>Starts the program, waits until it stands before a table that is held meanwhile, kills it there, and waits until the server
    /// has undone what it had begun.</summary>
    public static async Task WhereItWaitsAsync(
        TestDatabase database, ScratchFolder folder, IReadOnlyDictionary<string, string> variables, string table, params string[] arguments)
    {
        await using var hold = new NpgsqlConnection(database.ConnectionString + ";Pooling=false");
        await hold.OpenAsync(TestContext.Current.CancellationToken);
        await using var transaction = await hold.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using (var take = new NpgsqlCommand($"lock table {table} in share row exclusive mode", hold, transaction))
        {
            await take.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        await using (var program = RunningProgram.Start(folder.Path, variables, arguments))
        {
            await RealNodes.UntilAsync(
                database, $"select least(count(*), 1) from pg_locks where relation = '{table}'::regclass and not granted and {Here}", 1, Bound);
            program.KillHard();
        }

        await transaction.RollbackAsync(TestContext.Current.CancellationToken);
        await RealNodes.UntilAsync(
            database, $"select count(*) from pg_locks where relation = '{table}'::regclass and mode = 'RowExclusiveLock' and {Here}", 0, Bound);
    }
}
