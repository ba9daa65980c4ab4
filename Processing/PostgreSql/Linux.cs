using System.Globalization;
using System.Runtime.InteropServices;

namespace EGovPay.Processing.PostgreSql;

/// <summary>A file's identity and owner, as Linux tells it.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct FileFacts(uint Uid, uint Gid, ushort Mode, ulong Inode, ulong Device)
{
    private const ushort TypeMask = 0xF000;
    private const ushort DirectoryType = 0x4000;

    public bool IsFolder => (Mode & TypeMask) == DirectoryType;

    public bool IsSameFile(FileFacts other) => Inode == other.Inode && Device == other.Device;
}

/// <summary>
/// The few calls to Linux that .NET has no words for: owners of files, signals, and whether a process lives.
/// </summary>
internal static partial class Linux
{
    public const int SigQuit = 3;
    public const int SigKill = 9;

    private const int NoSuchProcess = 3; // ESRCH: it ended between opening and reading
    private const int CurrentFolder = -100; // AT_FDCWD
    private const int DoNotFollow = 0x100; // AT_SYMLINK_NOFOLLOW
    private const uint BasicFacts = 0x7ff; // STATX_BASIC_STATS

    public static uint EffectiveUid => GetEffectiveUid();

    public static bool IsRoot => EffectiveUid == 0;

    /// <summary>The facts of a path, or null when it is absent or may not be seen.</summary>
    public static FileFacts? Facts(string path, bool followLink = true)
    {
        // statx has one layout on every processor, which stat has not; the offsets are the kernel's.
        Span<byte> facts = stackalloc byte[256];
        if (StatX(CurrentFolder, path, followLink ? 0 : DoNotFollow, BasicFacts, ref facts[0]) != 0)
        {
            return null;
        }
        var device = ((ulong)MemoryMarshal.Read<uint>(facts[136..]) << 32) | MemoryMarshal.Read<uint>(facts[140..]);
        return new FileFacts(
            MemoryMarshal.Read<uint>(facts[20..]),
            MemoryMarshal.Read<uint>(facts[24..]),
            MemoryMarshal.Read<ushort>(facts[28..]),
            MemoryMarshal.Read<ulong>(facts[32..]),
            device);
    }

    /// <summary>Gives a path (never what a link points to) to another owner.</summary>
    public static void GiveTo(string path, RunAs owner)
    {
        if (ChangeOwner(path, owner.Uid, owner.Gid) != 0)
        {
            throw new PostgreSqlException(
                PostgreSqlFault.NotWritable,
                $"{path} could not be given to the user {owner.Name} (errno {Marshal.GetLastPInvokeError()}).");
        }
    }

    /// <summary>Sends a signal; false when there is no such process or it is not ours.</summary>
    public static bool Signal(int processId, int signal) => Kill(processId, signal) == 0;

    /// <summary>
    /// The program name of a living process, or null. A zombie is dead: where process 1 reaps nobody, a killed
    /// postmaster keeps its number for ever, and PostgreSQL itself would think that it lives.
    /// </summary>
    public static string? LivingProgram(int processId)
    {
        try
        {
            var line = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{processId}/stat"));
            var open = line.IndexOf('(', StringComparison.Ordinal);
            var close = line.LastIndexOf(')');
            if (open < 0 || close < open || close + 2 >= line.Length)
            {
                return null;
            }
            return line[close + 2] is 'Z' or 'X' or 'x' ? null : line[(open + 1)..close];
        }
        catch (IOException gone) when (IsGone(gone))
        {
            return null;
        }
    }

    /// <summary>The command line of a living process; empty when it is gone.</summary>
    public static string[] Arguments(int processId)
    {
        try
        {
            return File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{processId}/cmdline"))
                .Split('\0');
        }
        catch (IOException gone) when (IsGone(gone))
        {
            return [];
        }
    }

    // Anything else, such as no more file handles, says nothing about the process: taking it for dead would be a
    // disaster.
    private static bool IsGone(IOException error) =>
        error is FileNotFoundException or DirectoryNotFoundException || error.HResult == NoSuchProcess;

    /// <summary>The user and the group of a name in /etc/passwd, or null.</summary>
    public static RunAs? UserNamed(string name) =>
        Users().FirstOrDefault(user => string.Equals(user.Name, name, StringComparison.Ordinal));

    /// <summary>The name of a user number in /etc/passwd, or the number itself.</summary>
    public static string NameOf(uint uid) =>
        Users().FirstOrDefault(user => user.Uid == uid)?.Name ?? uid.ToString(CultureInfo.InvariantCulture);

    private static IEnumerable<RunAs> Users()
    {
        foreach (var line in File.Exists("/etc/passwd") ? File.ReadLines("/etc/passwd") : [])
        {
            var parts = line.Split(':');
            if (parts.Length >= 4
                && uint.TryParse(parts[2], CultureInfo.InvariantCulture, out var uid)
                && uint.TryParse(parts[3], CultureInfo.InvariantCulture, out var gid))
            {
                yield return new RunAs(uid, gid, parts[0]);
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint GetEffectiveUid();

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int processId, int signal);

    [LibraryImport("libc", EntryPoint = "lchown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int ChangeOwner(string path, uint uid, uint gid);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatX(int folder, string path, int flags, uint mask, ref byte facts);
}

/// <summary>The unprivileged user as whom root runs the PostgreSQL programs.</summary>
internal sealed record RunAs(uint Uid, uint Gid, string Name);
