using System.Diagnostics;
using System.Globalization;

namespace EGovPay.Processing.PostgreSql;

/// <summary>What a program said and how it ended.</summary>
internal sealed record ProgramEnd(int ExitCode, string Output, string Errors)
{
    public bool Succeeded => ExitCode == 0;

    /// <summary>Both outputs, trimmed, for an error message.</summary>
    public string Said => string.Join('\n', new[] { Errors.Trim(), Output.Trim() }.Where(part => part.Length > 0));
}

/// <summary>Runs one program to its end, as ourselves or, when we are root, as an unprivileged user.</summary>
internal static class RunProgram
{
    private static readonly string[] Folders = ["/usr/bin", "/bin", "/usr/sbin", "/sbin", "/usr/local/bin"];

    /// <param name="runAs">The user to run as; null: ourselves.</param>
    /// <param name="workingFolder">A folder that this user may enter: initdb and pg_ctl ask where they are.</param>
    /// <param name="program">The program's full path.</param>
    /// <param name="arguments">Its arguments, never through a shell.</param>
    /// <param name="cancellation">Ends the program.</param>
    /// <param name="environment">Variables to set besides.</param>
    public static async Task<ProgramEnd> ToEndAsync(
        RunAs? runAs,
        string workingFolder,
        string program,
        IEnumerable<string> arguments,
        CancellationToken cancellation,
        IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo
        {
            WorkingDirectory = workingFolder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        SayWho(start, runAs, workingFolder);
        if (start.FileName.Length == 0)
        {
            start.FileName = program;
        }
        else
        {
            start.ArgumentList.Add(program);
        }
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }
        CleanEnvironment(start);
        foreach (var (name, value) in environment ?? new Dictionary<string, string>(StringComparer.Ordinal))
        {
            start.Environment[name] = value;
        }
        return await RunAsync(start, cancellation);
    }

    /// <summary>The full path of a system program, or null.</summary>
    public static string? Find(string name) =>
        Folders.Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);

    private static void SayWho(ProcessStartInfo start, RunAs? runAs, string workingFolder)
    {
        if (runAs is null)
        {
            return;
        }
        // Both are in util-linux, which every Debian has; setpriv takes numbers, so it also serves a user without a
        // name.
        if (Find("setpriv") is { } setpriv)
        {
            start.FileName = setpriv;
            start.ArgumentList.Add(string.Create(CultureInfo.InvariantCulture, $"--reuid={runAs.Uid}"));
            start.ArgumentList.Add(string.Create(CultureInfo.InvariantCulture, $"--regid={runAs.Gid}"));
            start.ArgumentList.Add("--clear-groups");
            start.ArgumentList.Add("--");
        }
        else if (Find("runuser") is { } runuser)
        {
            start.FileName = runuser;
            start.ArgumentList.Add("-u");
            start.ArgumentList.Add(runAs.Name);
            start.ArgumentList.Add("--");
        }
        else
        {
            throw new PostgreSqlException(
                PostgreSqlFault.ProgramsMissing,
                "PostgreSQL does not run as root, and neither setpriv nor runuser is here to run it as another user. "
                + "Install the package util-linux, or start this program as an ordinary user.");
        }
        start.Environment["HOME"] = workingFolder;
    }

    private static void CleanEnvironment(ProcessStartInfo start)
    {
        // A PGDATA or PGPORT of the person at the keyboard must not steer our cluster.
        var steering = start.Environment.Keys.Where(key => key.StartsWith("PG", StringComparison.Ordinal)).ToList();
        foreach (var name in steering)
        {
            start.Environment.Remove(name);
        }
        start.Environment["LC_ALL"] = "C.UTF-8";
        start.Environment["TZ"] = "UTC";
    }

    private static async Task<ProgramEnd> RunAsync(ProcessStartInfo start, CancellationToken cancellation)
    {
        using var process = new Process { StartInfo = start };
        process.Start();
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        var errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        try
        {
            await process.WaitForExitAsync(cancellation);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw;
        }
        return new ProgramEnd(process.ExitCode, await output, await errors);
    }
}
