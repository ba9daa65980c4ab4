using Microsoft.AspNetCore.Http.Features;

namespace EGovPay.Terminals.Office;

/// <summary>
/// A file that comes as a request's body: written to a temporary file, within a bound, and read from there. Few at a time: they are large, and
/// payments use the same machine.
/// </summary>
internal static class UploadedFile
{
    /// <summary>Bytes; what is larger comes through the folder or the command line.</summary>
    public const long MostBytes = 512L << 20;

    private const int AtOnce = 4;

    private static readonly SemaphoreSlim Slots = new(AtOnce, AtOnce);

    /// <summary>Takes the body in and hands it over, or says why not. Only for whoever was let in already.</summary>
    /// <exception cref="BadHttpRequestException">It is too long (413), too slow (408) or wrongly framed (400).</exception>
    public static async Task<TResult> UseAsync<TResult>(
        HttpContext http, Func<Stream, Task<TResult>> use, Func<OfficeProblem, TResult> refuse)
    {
        if (!await Slots.WaitAsync(TimeSpan.Zero, http.RequestAborted))
        {
            return refuse(new OfficeProblem(OfficeRefusal.NotPossible, OfficeReasons.UploadsBusy(AtOnce), "body"));
        }

        try
        {
            if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            {
                size.MaxRequestBodySize = MostBytes;
            }

            var path = Path.Combine(Path.GetTempPath(), $"egovpay-{Path.GetRandomFileName()}");
            await using var file = new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.ReadWrite,
                Options = FileOptions.DeleteOnClose | FileOptions.SequentialScan | FileOptions.Asynchronous,
                UnixCreateMode = OperatingSystem.IsWindows() ? null : UnixFileMode.UserRead | UnixFileMode.UserWrite,
                BufferSize = 1 << 16,
            });
            await http.Request.Body.CopyToAsync(file, http.RequestAborted);
            return await use(file);
        }
        finally
        {
            Slots.Release();
        }
    }
}
