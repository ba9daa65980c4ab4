using Microsoft.Extensions.Logging;

namespace EGovPay.Processing;

/// <summary>
/// Every log line of this project. Event ids: 1000–1099 the private cluster and the schema, 1100–1199 the
/// journal, 1200–1299 dispatch and recovery, 1300–1399 days, 1400–1499
/// the catalogue. Never a body, a name, an
/// account in full, a key.
/// </summary>
internal static partial class Log
{
    [LoggerMessage(1000, LogLevel.Information, "Installing the package postgresql, without a system cluster")]
    public static partial void InstallingPostgreSql(ILogger logger);

    [LoggerMessage(1001, LogLevel.Information, "Making a PostgreSQL {MajorVersion} cluster in {Folder}")]
    public static partial void MakingCluster(ILogger logger, int majorVersion, string folder);

    [LoggerMessage(1002, LogLevel.Information, "PostgreSQL started: process {ProcessId}, data in {Folder}")]
    public static partial void ClusterStarted(ILogger logger, int processId, string folder);

    [LoggerMessage(1003, LogLevel.Information, "PostgreSQL adopted: process {ProcessId}, data in {Folder}")]
    public static partial void ClusterAdopted(ILogger logger, int processId, string folder);

    [LoggerMessage(1004, LogLevel.Information, "PostgreSQL stopped: data in {Folder}")]
    public static partial void ClusterStopped(ILogger logger, string folder);

    [LoggerMessage(1005, LogLevel.Error, "PostgreSQL died and is being started again: data in {Folder}")]
    public static partial void ClusterDied(ILogger logger, string folder);

    [LoggerMessage(1006, LogLevel.Error, "PostgreSQL could not be started again; another attempt in {DelaySeconds} s")]
    public static partial void RestartFailed(ILogger logger, Exception error, double delaySeconds);

    [LoggerMessage(1007, LogLevel.Warning, "PostgreSQL runs with other durability than set, and is restarted: {Folder}")]
    public static partial void ClusterRestarted(ILogger logger, string folder);

    [LoggerMessage(1020, LogLevel.Information, "Migration {Number} {Name} applied")]
    public static partial void MigrationApplied(ILogger logger, int number, string name);

    [LoggerMessage(1100, LogLevel.Warning, "A commit of {Commands} commands is in doubt: the server stopped waiting for its standby; it is executed again")]
    public static partial void CommitInDoubt(ILogger logger, int commands);

    [LoggerMessage(1101, LogLevel.Warning, "A commit of {Commands} commands failed for the moment; it is executed again")]
    public static partial void CommitFailed(ILogger logger, Exception exception, int commands);

    [LoggerMessage(1102, LogLevel.Error, "A commit of {Commands} commands failed by a defect; looking for the culprit")]
    public static partial void CommitDefect(ILogger logger, Exception exception, int commands);

    [LoggerMessage(1103, LogLevel.Error, "The database refused a {Command}")]
    public static partial void CommandRefused(ILogger logger, Exception exception, string command);

    [LoggerMessage(1104, LogLevel.Error, "The database has no room; acceptances are refused until it has")]
    public static partial void DatabaseFull(ILogger logger, Exception exception);

    [LoggerMessage(1105, LogLevel.Error, "The journal ended while the database did not answer; {Commands} commands are open")]
    public static partial void CommitAbandoned(ILogger logger, int commands);

    [LoggerMessage(1110, LogLevel.Error, "A primary on timeline {Timeline} answers, and {Known} is known: it was left behind and must not come back")]
    public static partial void OldPrimary(ILogger logger, int timeline, int known);

    [LoggerMessage(1112, LogLevel.Error, "Somebody owned up to a restore under this process: what it holds belongs to what is lost, and it ends")]
    public static partial void RestoredUnderThisNode(ILogger logger);

    [LoggerMessage(1111, LogLevel.Error, "The database is not the continuation of what is known ({Verdict}); nothing is taken until `egovpay restored`")]
    public static partial void NotTheContinuation(ILogger logger, string verdict);

    [LoggerMessage(1200, LogLevel.Warning, "The heartbeat did not reach the database")]
    public static partial void HeartbeatFailed(ILogger logger, Exception exception);

    [LoggerMessage(1206, LogLevel.Warning, "The database took the heartbeat, and no standby confirmed it")]
    public static partial void HeartbeatUnconfirmed(ILogger logger);

    [LoggerMessage(1201, LogLevel.Error, "An adapter failed by a defect; the payment counts as perhaps sent")]
    public static partial void AdapterDefect(ILogger logger, Exception exception);

    [LoggerMessage(1202, LogLevel.Warning, "Background work failed and goes on: {Work}")]
    public static partial void BackgroundFailed(ILogger logger, Exception exception, string work);

    [LoggerMessage(1203, LogLevel.Information, "{Payments} payments taken over")]
    public static partial void TakenOver(ILogger logger, int payments);

    [LoggerMessage(1204, LogLevel.Error, "Payment {Number} is {State} and its provider now says {Answer}: recorded as late truth")]
    public static partial void LateTruth(ILogger logger, long number, string state, string answer);

    [LoggerMessage(1205, LogLevel.Error, "Payment {Number} was accepted and its way ended by a defect; recovery goes on with it")]
    public static partial void WayEnded(ILogger logger, Exception exception, long number);

    [LoggerMessage(1207, LogLevel.Error, "Taking over payment {Number} failed, time {Times}; tried again in {Seconds} s")]
    public static partial void TakeOverFailed(ILogger logger, Exception exception, long number, int times, int seconds);

    [LoggerMessage(1208, LogLevel.Warning, "The database's clock moved by {Seconds} s; for a minute nobody's claims are taken to have ended")]
    public static partial void DatabaseClockMoved(ILogger logger, double seconds);

    [LoggerMessage(
        1209, LogLevel.Error,
        "Proposal {Proposal} is not carried out: another posting {Reference} of agent {Agent} stands. Others of it are posted: {SomePosted}")]
    public static partial void PostingContradicted(ILogger logger, long proposal, string reference, int agent, bool somePosted);

    [LoggerMessage(1290, LogLevel.Warning, "The figures of the book could not be read; gauges show older ones")]
    public static partial void BookNotRead(ILogger logger, Exception exception);

    [LoggerMessage(1300, LogLevel.Information, "Business day {Closed} is closed, {Opened} is open; the closer waited {Milliseconds} ms")]
    public static partial void DayRolled(ILogger logger, string closed, string opened, long milliseconds);

    [LoggerMessage(1301, LogLevel.Information, "The business day {Day} is sealed: {Transfers} transfers, {Hash}")]
    public static partial void DaySealed(ILogger logger, string day, long transfers, string hash);

    [LoggerMessage(1400, LogLevel.Information, "Catalogue version {Version} with {Services} services is in force")]
    public static partial void CatalogueInForce(ILogger logger, int version, int services);

    [LoggerMessage(1401, LogLevel.Warning, "Following the catalogue was interrupted; the one in force stays")]
    public static partial void CatalogueFollowingInterrupted(ILogger logger, Exception error);

    [LoggerMessage(1402, LogLevel.Error, "Catalogue version {Version} cannot be read; version {Kept} stays in force")]
    public static partial void CatalogueUnreadable(ILogger logger, Exception error, int version, int kept);
}
