using System.Runtime.InteropServices;

namespace EGovPay.Providers.Register;

/// <summary>Writes files that are there whole or not at all, also after a power failure.</summary>
internal static class WholeFile
{
    /// <summary>Writes a part, flushes it to the disk, renames it, and flushes the folder.</summary>
    public static async Task WriteAsync(string path, Func<Stream, Task> write) =>
        Publish(await WritePartAsync(path, write), path);

    /// <summary>Writes <c>&lt;path&gt;.part</c> and flushes it to the disk; its path.</summary>
    public static async Task<string> WritePartAsync(string path, Func<Stream, Task> write)
    {
        Directory.CreateDirectory(FolderOf(path));
        var part = $"{path}.part";
        await using (var stream = new FileStream(part, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 16))
        {
            await write(stream);
            stream.Flush(flushToDisk: true);
        }

        return part;
    }

    /// <summary>Gives a part its name, over what had it before, and flushes the folder.</summary>
    public static void Publish(string part, string path)
    {
        File.Move(part, path, overwrite: true);
        FlushFolder(FolderOf(path));
    }

    private static string FolderOf(string path) => Path.GetDirectoryName(Path.GetFullPath(path))!;

    /// <summary>
    /// A rename is durable when its folder is. .NET opens no folders, so it is asked of the C library.
    /// </summary>
    private static void FlushFolder(string folder)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        var handle = NativeOpen(folder, 0);
        if (handle < 0)
        {
            throw new IOException($"The folder {folder} cannot be opened to be flushed.");
        }

        try
        {
            if (NativeFlush(handle) != 0)
            {
                throw new IOException($"The folder {folder} cannot be flushed.");
            }
        }
        finally
        {
            _ = NativeClose(handle);
        }
    }

    [DllImport("libc", EntryPoint = "open", CharSet = CharSet.Ansi, BestFitMapping = false,
        ThrowOnUnmappableChar = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int NativeOpen(string path, int flags);

    [DllImport("libc", EntryPoint = "fsync")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int NativeFlush(int handle);

    [DllImport("libc", EntryPoint = "close")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int NativeClose(int handle);
}
