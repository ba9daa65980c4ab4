using System.Globalization;
using System.Text;
using EGovPay.Settlement.Statements;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.Statements;

/// <summary>A statement of a million entries is read with the memory of a few.</summary>
[Collection(nameof(Torture.Alone))]
public sealed class MillionEntriesTests(ITestOutputHelper output)
{
    private const int Entries = 1_000_000;

    [Fact]
    public Task Of_a_camt() => Read(new Written(
        """
        <?xml version="1.0" encoding="UTF-8"?>
        <Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><GrpHdr><MsgId>M</MsgId></GrpHdr><Stmt><Id>S</Id>
        <Acct><Id><IBAN>AZ21NABZ00000000137010001944</IBAN></Id><Ccy>AZN</Ccy></Acct>
        <Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="AZN">0</Amt><CdtDbtInd>CRDT</CdtDbtInd></Bal>
        <Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="AZN">5000004999.99</Amt><CdtDbtInd>CRDT</CdtDbtInd></Bal>

        """,
        i => string.Create(CultureInfo.InvariantCulture, $"<Ntry><Amt Ccy=\"AZN\">{i / 100}.{i % 100:00}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-11-20</Dt></BookgDt><NtryDtls><TxDtls><Refs><EndToEndId>E{i}</EndToEndId></Refs><RmtInf><Ustrd>payment {i}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>\n"),
        "</Stmt></BkToCstmrStmt></Document>"), StatementFormat.Camt053);

    [Fact]
    public Task Of_an_MT() => Read(new Written(
        ":20:S\r\n:25:AZ21NABZ00000000137010001944\r\n:28C:1/1\r\n:60F:C261119AZN0,00\r\n",
        i => string.Create(CultureInfo.InvariantCulture, $":61:2611201120C{i / 100},{i % 100:00}NTRFE{i}//B{i}\r\n:86:166?00PAYMENT?20EREF+E{i}?21SVWZ+payment {i}\r\n"),
        ":62F:C261120AZN5000004999,99\r\n-\r\n"), StatementFormat.Mt940);

    private async Task Read(Written file, StatementFormat format)
    {
        var sink = new Highest();
        var reading = await ReadStatements.From(file, sink);
        output.WriteLine($"{format}: {file.Bytes >> 20} MiB, {Entries} entries, live at most {sink.LiveBytes >> 20} MiB more than before");
        reading.Should().Be(new StatementReading(format, 1, Entries, null));
        // The closing balance is wrong on purpose: 499 999 500 000 qəpik are entered.
        sink.Differences.Should().ContainSingle().Which.Should().Be((Int128)(500_000_499_999L - 499_999_500_000L));
        sink.Last.Should().Be($"E{Entries - 1}");
        sink.LiveBytes.Should().BeLessThan(32 << 20);
    }

    /// <summary>Takes entries and lets them go, looking at what is alive now and then.</summary>
    private sealed class Highest : IStatementSink
    {
        private readonly long _before = GC.GetTotalMemory(forceFullCollection: true);
        private long _seen;

        public long LiveBytes { get; private set; }

        public string? Last { get; private set; }

        public List<Int128?> Differences { get; } = [];

        public ValueTask Opened(StatementHead head) => ValueTask.CompletedTask;

        public ValueTask Entered(StatementEntry entry)
        {
            Last = entry.Transactions[0].References.EndToEndId;
            if (++_seen % 100_000 == 0)
            {
                LiveBytes = Math.Max(LiveBytes, GC.GetTotalMemory(forceFullCollection: true) - _before);
            }

            return ValueTask.CompletedTask;
        }

        public ValueTask Closed(StatementFoot foot) => ValueTask.CompletedTask;

        public ValueTask Noted(StatementNote note)
        {
            Differences.Add(note.DifferenceMinor);
            return ValueTask.CompletedTask;
        }
    }

    /// <summary>A file that is written while it is read.</summary>
    private sealed class Written(string head, Func<int, string> entry, string foot) : Stream
    {
        private byte[] _part = Encoding.UTF8.GetBytes(head);
        private int _at;
        private int _next;

        public long Bytes { get; private set; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => Bytes; set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count)
        {
            if (_at == _part.Length)
            {
                if (_next > Entries)
                {
                    return 0;
                }

                var last = _next == Entries;
                _part = Encoding.UTF8.GetBytes(last ? foot : Part());
                _at = 0;
                _next += last ? 1 : 0;
            }

            var read = Math.Min(count, _part.Length - _at);
            _part.AsSpan(_at, read).CopyTo(buffer.AsSpan(offset));
            _at += read;
            Bytes += read;
            return read;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        private string Part()
        {
            var text = new StringBuilder();
            for (var i = 0; i < 200 && _next < Entries; i++)
            {
                text.Append(entry(_next++));
            }

            return text.ToString();
        }
    }
}
