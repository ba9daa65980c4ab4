using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace EGovPay.Processing.Schema;

/// <summary>
/// One numbered step of the schema. Once applied anywhere it never changes; a correction is a later number.
/// </summary>
/// <param name="Number">From 1, unique; the order of application.</param>
/// <param name="Name">What it does, as in its file's name.</param>
/// <param name="Sql">
/// Its statements, run in one transaction. Function bodies are dollar-quoted: Npgsql cuts at the semicolons of a
/// `begin atomic` body.
/// </param>
public sealed partial record Migration(int Number, string Name, string Sql)
{
    /// <summary>SHA-256 of the text, lower-case hex; line ends do not count.</summary>
    public string Sha256 => Convert.ToHexStringLower(
        SHA256.HashData(Encoding.UTF8.GetBytes(Sql.Replace("\r\n", "\n", StringComparison.Ordinal))));

    /// <summary>This program's migrations, `Schema/NNNN_name.sql`, in order.</summary>
    public static IReadOnlyList<Migration> Embedded { get; } = FromAssembly(typeof(Migration).Assembly);

    internal static IReadOnlyList<Migration> FromAssembly(Assembly assembly) =>
        Processing.Sql.Paths(assembly)
            .Select(path => (Path: path, Parts: FileName().Match(path)))
            .Where(file => file.Parts.Success)
            .Select(file => new Migration(
                int.Parse(file.Parts.Groups["number"].ValueSpan, CultureInfo.InvariantCulture),
                file.Parts.Groups["name"].Value,
                Processing.Sql.Load(assembly, file.Path)))
            .OrderBy(migration => migration.Number)
            .ToList();

    [GeneratedRegex(
        "^Schema/(?<number>[0-9]{4})_(?<name>[A-Za-z0-9_]+)\\.sql$",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex FileName();
}
