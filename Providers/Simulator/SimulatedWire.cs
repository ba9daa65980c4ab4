using System.Buffers;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace EGovPay.Providers.Simulator;

/// <summary>Reads requests and carries answers, or lies on the way.</summary>
internal static class SimulatedWire
{
    private const int LongestBodyBytes = 64 * 1024;

    /// <summary>The whole body, or null where it is too long.</summary>
    public static async ValueTask<byte[]?> ReadBodyAsync(HttpRequest request, int longest = LongestBodyBytes)
    {
        while (true)
        {
            var read = await request.BodyReader.ReadAsync();
            if (read.Buffer.Length > longest)
            {
                return null;
            }

            if (read.IsCompleted)
            {
                var body = read.Buffer.ToArray();
                request.BodyReader.AdvanceTo(read.Buffer.End);
                return body;
            }

            request.BodyReader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    public static Task PlainAsync(HttpContext context, int status, string text) =>
        SendAsync(context, status, "text/plain; charset=utf-8", Encoding.UTF8.GetBytes(text));

    public static async Task SendAsync(HttpContext context, int status, string mediaType, ReadOnlyMemory<byte> body)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = mediaType;
        context.Response.ContentLength = body.Length;
        await context.Response.BodyWriter.WriteAsync(body);
    }

    /// <summary>Does to an answer what the lie says; false where it is then to be sent as it is.</summary>
    public static async ValueTask<bool> LiedAsync(HttpContext context, Lie lie, Lies lies)
    {
        switch (lie)
        {
            case Lie.Late:
                await WaitAsync(context, lies.LateMilliseconds);
                return false;
            case Lie.SilentAfterCredit or Lie.SilentBeforeCredit:
                await WaitAsync(context, lies.SilenceMilliseconds);
                context.Abort();
                return true;
            case Lie.DropAfterCredit or Lie.DropBeforeCredit:
                context.Abort();
                return true;
            case Lie.ErrorAfterCredit:
                await PlainAsync(context, 500, "an error\n");
                return true;
            case Lie.ErrorBeforeCredit:
                await PlainAsync(context, 503, "not now\n");
                return true;
            default:
                return false;
        }
    }

    public static bool CutsOff(Lie lie) => lie is Lie.BrokenAfterCredit or Lie.BrokenBeforeCredit;

    private static async Task WaitAsync(HttpContext context, int milliseconds)
    {
        try
        {
            await Task.Delay(milliseconds, context.RequestAborted);
        }
        catch (OperationCanceledException)
        {
            // The caller has gone: there is nobody left to be silent to.
        }
    }
}
