using System.Security.Cryptography;
using System.Text;
using EGovPay.Processing.People;
using EGovPay.Processing.PostgreSql;
using Npgsql;

namespace EGovPay.Processing.Catalogue;

/// <summary>What came of applying a catalogue file.</summary>
public enum CatalogueApplied
{
    /// <summary>It is in force as a new version.</summary>
    NewVersion,

    /// <summary>It is what is in force already, byte for byte; nothing was written.</summary>
    Unchanged,

    /// <summary>It has faults; nothing was written.</summary>
    Refused,
}

/// <summary>What came of applying a catalogue file, and the version in force after it.</summary>
/// <param name="Version">The version in force, from 1; 0 when there is none.</param>
/// <param name="Faults">With Refused: every fault by line; else empty.</param>
public sealed record CatalogueApplication(CatalogueApplied Result, int Version, IReadOnlyList<CatalogueFault> Faults);

/// <summary>
/// The catalogue's versions in the database. A version is added, never changed; the newest is in force. Nodes learn of
/// it by
/// <see cref="CatalogueInForce"/>, without a restart.
/// </summary>
public static class CatalogueStore
{
    /// <summary>The channel on which a new version is told.</summary>
    public const string Channel = "egovpay_catalogue";

    private static readonly string Latest = Sql.Load("Catalogue/LatestCatalogue.sql");
    private static readonly string LatestVersion = Sql.Load("Catalogue/LatestCatalogueVersion.sql");
    private static readonly string Lock = Sql.Load("Catalogue/LockCatalogue.sql");
    private static readonly string Add = Sql.Load("Catalogue/AddCatalogueVersion.sql");

    /// <summary>
    /// Puts a file in force as the next version, or refuses it whole. Applying what is in force already changes
    /// nothing. Applications wait for each other, on all nodes.
    /// </summary>
    /// <param name="utf8">The file, JSON in UTF-8.</param>
    /// <param name="by">Who does it; it stands in the record.</param>
    public static async Task<CatalogueApplication> ApplyAsync(
        NpgsqlDataSource database, ReadOnlyMemory<byte> utf8, Person by, CancellationToken cancellation = default)
    {
        by.Require(Acts.CatalogueApply);
        await using var connection = await database.OpenConnectionAsync(cancellation);
        await using var transaction = await connection.BeginChangeAsync(cancellation);
        await LockAsync(connection, transaction, cancellation);
        var inForce = await LatestAsync(connection, cancellation);
        return await AddAsync(connection, transaction, inForce, utf8, by.Login, cancellation);
    }

    /// <summary>The newest version, or null in a database without any.</summary>
    /// <exception cref="FormatException">The stored version has faults: a program of another age wrote it.</exception>
    public static async Task<CatalogueSnapshot?> LatestAsync(
        NpgsqlDataSource database, CancellationToken cancellation = default)
    {
        await using var connection = await database.OpenConnectionAsync(cancellation);
        return await LatestAsync(connection, cancellation);
    }

    /// <summary>
    /// The newest version; in a database without any, the embedded catalogue is applied as version 1 first.
    /// </summary>
    public static async Task<CatalogueSnapshot> LatestOrEmbeddedAsync(
        NpgsqlDataSource database, CancellationToken cancellation = default)
    {
        await using var connection = await database.OpenConnectionAsync(cancellation);
        if (await LatestAsync(connection, cancellation) is { } present)
        {
            return present;
        }

        await using (var transaction = await connection.BeginChangeAsync(cancellation))
        {
            await LockAsync(connection, transaction, cancellation);
            // Another node may have been first; then its version stays, whatever catalogue it was built with.
            if (await LatestAsync(connection, cancellation) is { } first)
            {
                return first;
            }

            await AddAsync(connection, transaction, null, EmbeddedCatalogue.Read(), "engine", cancellation);
        }

        return await LatestAsync(connection, cancellation)
            ?? throw new InvalidOperationException("The embedded catalogue was applied and is not there.");
    }

    internal static async Task<CatalogueSnapshot?> LatestAsync(
        NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(Latest, connection);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        if (!await reader.ReadAsync(cancellation))
        {
            return null;
        }

        var version = reader.GetInt32(0);
        return CatalogueSnapshot.Load(Encoding.UTF8.GetBytes(reader.GetString(1)), version);
    }

    internal static async Task<int> LatestVersionAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(LatestVersion, connection);
        return await command.ExecuteScalarAsync(cancellation) as int? ?? 0;
    }

    private static async Task LockAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(Lock, connection, transaction);
        await command.ExecuteNonQueryAsync(cancellation);
    }

    private static async Task<CatalogueApplication> AddAsync(
        NpgsqlConnection connection,
        NpgsqlTransaction transaction,
        CatalogueSnapshot? inForce,
        ReadOnlyMemory<byte> utf8,
        string who,
        CancellationToken cancellation)
    {
        // Stored as text: without the mark that some editors put before UTF-8, and so that it is the same file with or
        // without.
        var file = utf8.Span.StartsWith(Encoding.UTF8.Preamble) ? utf8[Encoding.UTF8.Preamble.Length..] : utf8;
        if (inForce is not null && Convert.ToHexStringLower(SHA256.HashData(file.Span)) == inForce.Sha256)
        {
            return new CatalogueApplication(CatalogueApplied.Unchanged, inForce.Version, []);
        }

        var version = (inForce?.Version ?? 0) + 1;
        var check = CheckCatalogue.Run(file.Span, inForce, version);
        if (check.Catalogue is not { } good)
        {
            return new CatalogueApplication(CatalogueApplied.Refused, inForce?.Version ?? 0, check.Faults);
        }

        await using (var command = new NpgsqlCommand(Add, connection, transaction))
        {
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = version });
            command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = Convert.FromHexString(good.Sha256) });
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = Encoding.UTF8.GetString(file.Span) });
            await command.ExecuteNonQueryAsync(cancellation);
        }

        await ActRecord.AppendAsync(
            connection, transaction, who, Acts.CatalogueApply.Name, FormattableString.Invariant($"catalogue {version}"),
            ActRecord.Details(("before", inForce?.Sha256), ("after", good.Sha256)));
        await transaction.CommitAsync(cancellation);
        return new CatalogueApplication(CatalogueApplied.NewVersion, version, []);
    }
}
