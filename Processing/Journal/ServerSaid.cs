using Npgsql;

namespace EGovPay.Processing.Journal;

/// <summary>What the server's errors mean to a batch.</summary>
internal static class ServerSaid
{
    /// <summary>True when a command itself, not the moment, is at fault: its data, or a statement that is wrong.</summary>
    public static bool CommandsFault(PostgresException exception) =>
        !exception.IsTransient
        && exception.SqlState[..2] is not ("08" or "25" or "26" or "40" or "53" or "55" or "57" or "58");

    /// <summary>True when the server itself said that the transaction ended without a commit.</summary>
    public static bool Aborted(Exception failure) =>
        failure is PostgresException told && told.SqlState[..2] is not ("08" or "57" or "58" or "XX");
}
