using System.Runtime.CompilerServices;

namespace EGovPay.Tests.House;

/// <summary>The project's own files, as house rules see them: no build output, no data folder.</summary>
internal static class Tree
{
    private static readonly string[] Skipped = ["bin", "obj", ".git", ".egovpay", "TestResults", "BenchmarkDotNet.Artifacts"];

    public static string Root { get; } = FindRoot();

    public static IEnumerable<string> Files(string pattern) =>
        Walk(Root).Where(path => System.IO.Enumeration.FileSystemName.MatchesSimpleExpression(pattern, Path.GetFileName(path)));

    /// <summary>A path from the root, with slashes.</summary>
    public static string Relative(string path) => Path.GetRelativePath(Root, path).Replace('\\', '/');

    private static IEnumerable<string> Walk(string folder)
    {
        foreach (var file in Directory.EnumerateFiles(folder))
        {
            yield return file;
        }

        foreach (var inner in Directory.EnumerateDirectories(folder).Where(d => !Skipped.Contains(Path.GetFileName(d))))
        {
            foreach (var file in Walk(inner))
            {
                yield return file;
            }
        }
    }

    private static string FindRoot([CallerFilePath] string here = "")
    {
        var folder = Path.GetDirectoryName(here)!;
        while (!File.Exists(Path.Combine(folder, "EGovPay.sln")))
        {
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("EGovPay.sln is not above the tests.");
        }

        return folder;
    }
}
