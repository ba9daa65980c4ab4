using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;

namespace EGovPay.Processing;

/// <summary>
/// Loads the SQL that lies in a `.sql` file beside its caller and is embedded into the caller's assembly.
/// </summary>
public static class Sql
{
    private static readonly ConcurrentDictionary<(Assembly Assembly, string Path), string> Loaded = new();

    /// <summary>
    /// The text of an embedded file of the calling assembly, read once. Meant for a static field: a missing file then
    /// fails at the first use of the class.
    /// </summary>
    /// <param name="path">From the project's folder, with slashes: `Journal/Accept.sql`.</param>
    /// <exception cref="InvalidOperationException">
    /// There is no such file in the assembly; the message lists those there are.
    /// </exception>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static string Load(string path) => Load(Assembly.GetCallingAssembly(), path);

    /// <summary>The same for a named assembly.</summary>
    public static string Load(Assembly assembly, string path) =>
        Loaded.GetOrAdd((assembly, path), static key => Read(key.Assembly, key.Path));

    /// <summary>
    /// A statement without what stands between its lines <c>-- more</c> and <c>-- no more</c>: each part of a statement is set up whenever
    /// it is executed, whether there is anything for it to do or not.
    /// </summary>
    public static string WithoutMore(string sql)
    {
        var kept = new StringBuilder(sql.Length);
        var more = false;
        foreach (var line in sql.Split('\n'))
        {
            var word = line.Trim();
            more = word == "-- more" || (more && word != "-- no more");
            kept.Append(more ? "" : line).Append(more ? "" : "\n");
        }

        return kept.ToString();
    }

    /// <summary>The paths of all `.sql` files that an assembly carries, in ordinal order.</summary>
    public static IReadOnlyList<string> Paths(Assembly assembly)
    {
        var prefix = assembly.GetName().Name + ".";
        return assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(prefix, StringComparison.Ordinal)
                && name.EndsWith(".sql", StringComparison.Ordinal))
            .Select(name => name[prefix.Length..])
            .Order(StringComparer.Ordinal)
            .ToList();
    }

    private static string Read(Assembly assembly, string path)
    {
        using var stream = assembly.GetManifestResourceStream($"{assembly.GetName().Name}.{path}")
            ?? throw new InvalidOperationException(
                $"{assembly.GetName().Name} carries no {path}; it carries: {string.Join(", ", Paths(assembly))}");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
