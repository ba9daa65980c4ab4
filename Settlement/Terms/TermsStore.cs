using System.Security.Cryptography;
using System.Text;
using EGovPay.Processing;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.People;
using EGovPay.Processing.PostgreSql;
using NodaTime;
using NodaTime.Text;
using Npgsql;

namespace EGovPay.Settlement.Terms;

/// <summary>All versions of the terms, newest first; none where nothing was applied.</summary>
public sealed record TermsByDay(IReadOnlyList<TermsVersion> Versions)
{
    /// <summary>The version in force on a day, or null.</summary>
    public TermsVersion? Of(LocalDate day) => Versions.FirstOrDefault(one => one.ValidFrom <= day);

    /// <summary>The versions that a new one takes over which is valid from a day on: of any later day, what is in force without it.</summary>
    public IEnumerable<TermsVersion> TakenOver(LocalDate from) =>
        Versions.Where(one => one == Of(from) || (one.ValidFrom > from && one == Of(one.ValidFrom)));
}

/// <summary>A version as it was applied.</summary>
/// <param name="ApprovedBy">Where it changed receivers' accounts: the second person.</param>
public sealed record StoredTerms(
    int Version, LocalDate ValidFrom, Instant AppliedAt, string AppliedBy, string Sha256, string? ApprovedBy);

/// <summary>What came of applying a file of terms.</summary>
/// <param name="Version">The version that was added; null: none was.</param>
/// <param name="Faults">What is wrong with the file; then nothing was written.</param>
/// <param name="Refused">Why a good file was not applied; null: it was, or is in force already, or was only looked at.</param>
public sealed record TermsApplication(
    int? Version, SettlementTerms? Terms, IReadOnlyList<CatalogueFault> Faults, string? Refused = null)
{
    /// <summary>Receivers whose accounts it changes: then another person has to approve it.</summary>
    public IReadOnlyList<ChangedReceiver> Receivers { get; init; } = [];

    /// <summary>With receivers, where somebody wanted it: what is to be proposed; nothing is in force of it.</summary>
    public long? Draft { get; init; }

    /// <summary>With a draft that was proposed.</summary>
    public Proposed? Proposed { get; init; }
}

/// <summary>The terms' versions in the database: added, never changed.</summary>
public static class TermsStore
{
    private static readonly string ReadTerms = Sql.Load("Terms/ReadTerms.sql");
    private static readonly string AddTerms = Sql.Load("Terms/AddTerms.sql");
    private static readonly string AddDraft = Sql.Load("Terms/AddDraft.sql");
    private static readonly string ListVersions = Sql.Load("Terms/ListVersions.sql");

    private const int MostVersions = 1_000;

    /// <summary>All versions.</summary>
    /// <exception cref="FormatException">A stored version has faults: a program of another age wrote it.</exception>
    public static async Task<TermsByDay> ReadAsync(NpgsqlDataSource database, CancellationToken cancel = default)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        return await ReadAsync(connection, cancel);
    }

    /// <summary>What is in force today in Baku, or null: no terms were applied, and nothing can be paid out.</summary>
    public static async Task<SettlementTerms?> TodayAsync(NpgsqlDataSource database, IClock clock, CancellationToken cancel = default) =>
        (await ReadAsync(database, cancel)).Of(Baku.DateOf(clock.GetCurrentInstant()))?.Terms;

    /// <summary>Who applied what, newest first, also what later versions have taken over.</summary>
    public static async Task<IReadOnlyList<StoredTerms>> VersionsAsync(NpgsqlDataSource database, CancellationToken cancel = default)
    {
        await using var command = database.CreateCommand(ListVersions);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = MostVersions });
        var versions = new List<StoredTerms>();
        await using var row = await command.ExecuteReaderAsync(cancel);
        while (await row.ReadAsync(cancel))
        {
            versions.Add(new StoredTerms(
                row.GetInt32(0), row.GetLocalDate(1), row.GetInstant(2), row.GetString(3), Convert.ToHexStringLower(row.GetFieldValue<byte[]>(4)),
                row.IsDBNull(5) ? null : row.GetString(5)));
        }

        return versions;
    }

    /// <summary>The document of a version, JSON as it was applied; null: there is no such version.</summary>
    public static async Task<string?> DocumentAsync(NpgsqlDataSource database, int version, CancellationToken cancel = default)
    {
        await using var command = database.CreateCommand("select s.body from settlement_terms s where s.version = $1");
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = version });
        return (string?)await command.ExecuteScalarAsync(cancel);
    }

    /// <summary>The document that a proposal is about, JSON as it was given; null: it is about no terms.</summary>
    public static async Task<string?> ProposedDocumentAsync(NpgsqlDataSource database, long proposalId, CancellationToken cancel = default)
    {
        await using var command = database.CreateCommand(
            "select d.body from terms_draft d join proposal p on p.terms_draft_id = d.draft_id where p.proposal_id = $1");
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = proposalId });
        return (string?)await command.ExecuteScalarAsync(cancel);
    }

    /// <summary>As the other; and what needs a second person is proposed to one.</summary>
    /// <param name="reason">Of the proposal; null: it says whose accounts are changed.</param>
    public static async Task<TermsApplication> ApplyAsync(
        Engine engine, byte[] utf8, LocalDate from, LocalDate today, Person? by, string? reason, CancellationToken cancel = default)
    {
        var applied = await ApplyAsync(engine.Database, utf8, from, today, by, cancel);
        if (applied.Draft is not { } draft)
        {
            return applied;
        }

        var usual = $"accounts of {string.Join(", ", applied.Receivers.Select(one => one.Provider))}";
        return applied with
        {
            Proposed = await engine.Proposals.ProposeTermsAsync(
                by!, draft, reason ?? usual[..Math.Min(usual.Length, Proposals.LongestReason)]),
        };
    }

    /// <summary>
    /// Puts a file in force from a day on, as the next version; or only says what is wrong with it. What changes a receiver's account is put
    /// aside as a draft, for two people; only the first terms of all are for one.
    /// </summary>
    /// <param name="utf8">The file, JSON in UTF-8.</param>
    /// <param name="from">Not before today in Baku: what was is not rewritten.</param>
    /// <param name="today">Today in Baku.</param>
    /// <param name="by">Who does it; null: nobody, it is only looked at.</param>
    public static async Task<TermsApplication> ApplyAsync(
        NpgsqlDataSource database, byte[] utf8, LocalDate from, LocalDate today, Person? by, CancellationToken cancel = default)
    {
        by?.Require(Acts.SettleApply);
        var check = CheckTerms.Run(utf8);
        if (check.Terms is not { } terms)
        {
            return new TermsApplication(null, null, check.Faults);
        }

        if (from < today)
        {
            return new TermsApplication(null, terms, [], "Terms are in force from today on or later; what was is not rewritten.");
        }

        await using var connection = await database.OpenConnectionAsync(cancel);
        await using var transaction = await connection.BeginChangeAsync(cancel);
        var now = await ReadAsync(connection, cancel);
        var hash = SHA256.HashData(utf8);
        if (by is null || now.Of(from)?.Sha256 == Convert.ToHexStringLower(hash))
        {
            return new TermsApplication(null, terms, []) { Receivers = by is null ? Changed(now, terms, from) : [] };
        }

        var body = Encoding.UTF8.GetString(utf8).TrimStart('\uFEFF');
        if (Changed(now, terms, from) is { Count: > 0 } receivers)
        {
            await using var draft = Adding(AddDraft, connection, transaction, now.Versions[0].Version, from, by, hash, body);
            draft.Parameters.Add(new NpgsqlParameter<string> { TypedValue = ChangedReceiver.Write(receivers) });
            var id = (long)(await draft.ExecuteScalarAsync(cancel))!;
            await transaction.CommitAsync(cancel);
            return new TermsApplication(null, terms, []) { Receivers = receivers, Draft = id };
        }

        var version = now.Versions.Count == 0 ? 1 : now.Versions[0].Version + 1;
        await using (var add = Adding(AddTerms, connection, transaction, version, from, by, hash, body))
        {
            if (await add.ExecuteNonQueryAsync(cancel) == 0)
            {
                return new TermsApplication(null, terms, [], "Somebody else applied terms in this moment. Look at them, and try again.");
            }
        }

        await ActRecord.AppendAsync(
            connection, transaction, by.Login, Acts.SettleApply.Name, FormattableString.Invariant($"settlement terms {version}"),
            ActRecord.Details(
                ("validFrom", LocalDatePattern.Iso.Format(from)), ("sha256", Convert.ToHexStringLower(hash)),
                ("providers", terms.Providers.Count), ("agents", terms.Agents.Count)));
        await transaction.CommitAsync(cancel);
        return new TermsApplication(version, terms, []);
    }

    private static NpgsqlCommand Adding(
        string statement, NpgsqlConnection connection, NpgsqlTransaction transaction, int version, LocalDate from, Person by, byte[] hash,
        string body)
    {
        var add = new NpgsqlCommand(statement, connection, transaction);
        add.Parameters.Add(new NpgsqlParameter<int> { TypedValue = version });
        add.Parameters.Add(new NpgsqlParameter<DateOnly> { TypedValue = from.ToDateColumn() });
        add.Parameters.Add(new NpgsqlParameter<string> { TypedValue = by.Login });
        add.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = hash });
        add.Parameters.Add(new NpgsqlParameter<string> { TypedValue = body });
        return add;
    }

    private static IReadOnlyList<ChangedReceiver> Changed(TermsByDay now, SettlementTerms terms, LocalDate from) =>
        ChangedReceiver.Of(terms, now.Versions.Count == 0 ? [] : now.TakenOver(from).Select(one => one.Terms).DefaultIfEmpty(Nobody));

    /// <summary>Before the first version begins nobody is paid, and whoever is paid then is new.</summary>
    private static readonly SettlementTerms Nobody = new(new Payer("", ""), [], [], []);

    private static async Task<TermsByDay> ReadAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        var versions = new List<TermsVersion>();
        await using var read = new NpgsqlCommand(ReadTerms, connection);
        await using var row = await read.ExecuteReaderAsync(cancel);
        while (await row.ReadAsync(cancel))
        {
            var check = CheckTerms.Run(Encoding.UTF8.GetBytes(row.GetString(3)), stored: true);
            versions.Add(new TermsVersion(
                row.GetInt32(0), row.GetLocalDate(1), Convert.ToHexStringLower(row.GetFieldValue<byte[]>(2)),
                check.Terms ?? throw new FormatException($"Settlement terms {row.GetInt32(0)} have faults: {check.Faults[0]}")));
        }

        return new TermsByDay(versions);
    }
}
