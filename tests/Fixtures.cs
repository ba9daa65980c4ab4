namespace EGovPay.Tests;

/// <summary>
/// Where the real material lies that is read in place: <c>../shared/fixtures</c> from the repository's root.
/// </summary>
internal static class Fixtures
{
    public static readonly string Root = Path.Combine(RepositoryRoot(), "..", "shared", "fixtures");

    private static string RepositoryRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "EGovPay.sln")))
            {
                return folder.FullName;
            }
        }

        return AppContext.BaseDirectory;
    }
}
