namespace EGovPay.Settlement.Statements;

/// <summary>
/// A stream whose beginning was looked at already, and that ends with a refusal where an XML file goes on for too long without a tag:
/// parsers hold a name, an attribute or a text whole, however long it is.
/// </summary>
internal sealed class BoundedBytes(ReadOnlyMemory<byte> beginning, Stream rest) : Stream
{
    /// <summary>Bytes without a <c>&lt;</c>; the longest text that ISO 20022 allows is 2000 characters. Set for XML only.</summary>
    public int LongestRun { get; set; } = int.MaxValue;

    private readonly ReadOnlyMemory<byte> _whole = beginning;
    private ReadOnlyMemory<byte> _beginning = beginning;
    private int _run;

    /// <summary>The line, from 1, where something first stands in the beginning; 1 if it does not.</summary>
    public int LineOf(ReadOnlySpan<byte> text) =>
        _whole.Span.IndexOf(text) is > 0 and var at ? _whole.Span[..at].Count((byte)'\n') + 1 : 1;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        int read;
        if (_beginning.Length > 0)
        {
            read = Math.Min(_beginning.Length, buffer.Length);
            _beginning.Span[..read].CopyTo(buffer);
            _beginning = _beginning[read..];
        }
        else
        {
            read = rest.Read(buffer);
        }

        if (LongestRun < int.MaxValue)
        {
            Count(buffer[..read]);
        }

        return read;
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private void Count(ReadOnlySpan<byte> read)
    {
        var first = read.IndexOf((byte)'<');
        if (_run + (first < 0 ? read.Length : first) > LongestRun)
        {
            throw RefusedStatementException.Of(StatementRefusalReason.TooLarge, 0, 0, "",
                $"There are more than {LongestRun} bytes without a tag.");
        }

        _run = first < 0 ? _run + read.Length : read.Length - read.LastIndexOf((byte)'<') - 1;
    }
}
