using System.Net;
using EGovPay.Processing.Dispatch;

namespace EGovPay.Providers.Wire;

/// <summary>
/// The proof that nothing left. A request passes the gate exactly once, before its first byte; whoever gives up first
/// shuts it. A shut gate never opens again, so "never passed" stays true after it was read.
/// </summary>
internal sealed class SendGate(SendDeadline? sendBefore = null, TimeProvider? clock = null)
{
    private const int Waiting = 0;
    private const int Passed = 1;
    private const int Shut = 2;

    private int state;

    /// <summary>
    /// Lets the request out, once; throws where the gate was shut, or where the client would send a second time.
    /// </summary>
    public void Pass()
    {
        if (sendBefore is { } end && end.Left(clock ?? TimeProvider.System) == TimeSpan.Zero)
        {
            // A process that was frozen wakes here before its timers do: another node may be asking about it already.
            Interlocked.CompareExchange(ref state, Shut, Waiting);
        }

        if (Interlocked.CompareExchange(ref state, Passed, Waiting) != Waiting)
        {
            throw new IOException("A request leaves once, and not after it was given up.");
        }
    }

    /// <summary>Shuts the gate. True: provably nothing left, and nothing ever will.</summary>
    public bool ShutBeforeAnythingLeft() => Interlocked.CompareExchange(ref state, Shut, Waiting) != Passed;
}

/// <summary>
/// A body that passes the gate when it starts to travel. A request whose body never started cannot have been carried
/// out, even if its headers were: the connection writes the headers (far below its 4 KiB buffer here) and the body in
/// one piece.
/// </summary>
internal sealed class GatedContent : HttpContent
{
    private readonly SendGate gate;
    private readonly ReadOnlyMemory<byte> body;

    public GatedContent(SendGate gate, ReadOnlyMemory<byte> body, string mediaType)
    {
        this.gate = gate;
        this.body = body;
        Headers.TryAddWithoutValidation("Content-Type", mediaType);
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(
        Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        gate.Pass();
        await stream.WriteAsync(body, cancellationToken);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = body.Length;
        return true;
    }
}
