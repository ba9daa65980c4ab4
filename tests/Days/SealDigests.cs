using EGovPay.Processing.Days;
using FluentAssertions;
using FsCheck;
using FsCheck.Fluent;
using NodaTime;
using Xunit;

namespace EGovPay.Tests.Days;

/// <summary>What a seal is a hash over.</summary>
public sealed class SealDigests
{
    private static readonly LocalDate Day = new(2026, 11, 22);

    private static readonly SealedTransfer[] Rows =
    [
        new(16, 731_000_000_001, 1, 1, 1, 1007, 1_000, 20_261_123, 1),
        new(16, 731_000_000_001, 1, 2, 1, 2, 40, 20_261_123, 1),
        new(16, 731_000_199_999, 0, 1, 6, 1, 500_000, 0, 0),
        new(32, 731_000_000_002, 2, 1, 1, 1007, 1, 20_261_123, 4),
    ];

    /// <summary>The hash was reckoned by another program, from the description alone.</summary>
    [Fact]
    public void The_bytes_of_version_1_are_for_ever()
    {
        var (seal, pieces) = Of(Rows);

        seal.HashText.Should().Be("b15f4d8cf57d434b0604d325827abf44d3f9fd12a67b800ac6f379100d29ab4a");
        (seal.Version, seal.Transfers, seal.AmountQepik).Should().Be(((short)1, 4L, 501_041L));
        pieces.Select(piece => (piece.AgentId, piece.Stretch, piece.Transfers, piece.AmountQepik)).Should().Equal(
            (16, 7_310_000L, 2L, 1_040L), (16, 7_310_001L, 1L, 500_000L), (32, 7_310_000L, 1L, 1L));
    }

    [Fact]
    public void Whatever_is_changed_in_a_transfer_the_seal_is_another() => Prop.ForAll(
        Gen.Choose(0, 3).ToArbitrary(), Gen.Choose(0, 5).ToArbitrary(), Gen.Choose(1, 1_000).ToArbitrary(), (at, field, by) =>
        {
            var rows = Rows.ToArray();
            var one = rows[at];
            rows[at] = field switch
            {
                0 => one with { AmountQepik = one.AmountQepik + by },
                1 => one with { Debit = one.Debit + by },
                2 => one with { Credit = one.Credit + by },
                3 => one with { WindowDay = one.WindowDay + by },
                4 => one with { CutoffGroup = (short)(one.CutoffGroup + by) },
                _ => one with { Leg = (short)(one.Leg + (at == 0 ? 0 : by)), AmountQepik = one.AmountQepik + (at == 0 ? by : 0) },
            };
            return Of(rows).Seal.HashText != Of(Rows).Seal.HashText;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void One_transfer_more_or_fewer_another_day_or_another_day_before_are_other_seals()
    {
        var all = new List<string> { Of(Rows).Seal.HashText, Of([]).Seal.HashText };
        all.AddRange(Enumerable.Range(0, Rows.Length).Select(at => Of(Rows.Where((_, i) => i != at)).Seal.HashText));
        all.Add(Of(Rows.Append(Rows[^1] with { Leg = 2 })).Seal.HashText);
        all.Add(Of(Rows, Day.PlusDays(1)).Seal.HashText);
        all.Add(Of(Rows, Day, Of(Rows).Seal.Hash).Seal.HashText);

        all.Should().OnlyHaveUniqueItems();
    }

    [Fact]
    public void Transfers_out_of_their_order_are_refused()
    {
        using var digest = new SealDigest(Day, SealDigest.NoPredecessor);
        digest.Add(Rows[3]);

        digest.Invoking(one => one.Add(Rows[0])).Should().Throw<InvalidOperationException>();
    }

    [Fact]
    public void Many_transfers_are_the_same_however_they_fill_the_buffer()
    {
        var rows = Enumerable.Range(0, 1_000).Select(i => Rows[0] with { Step = (short)i }).ToList();

        Of(rows).Pieces.Should().ContainSingle().Which.Transfers.Should().Be(1_000);
        Of(rows).Seal.HashText.Should().NotBe(Of(rows.Select((row, i) => i == 256 ? row with { AmountQepik = 2 } : row)).Seal.HashText);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(99_999, 0)]
    [InlineData(100_000, 1)]
    [InlineData(-1, -1)]
    [InlineData(-100_000, -1)]
    [InlineData(-100_001, -2)]
    [InlineData(long.MaxValue, 92_233_720_368_547)]
    public void A_stretch_is_a_hundred_thousand_numbers(long number, long stretch) => SealDigest.Stretch(number).Should().Be(stretch);

    private static (DaySeal Seal, IReadOnlyList<SealPiece> Pieces) Of(
        IEnumerable<SealedTransfer> rows, LocalDate? day = null, byte[]? previous = null)
    {
        using var digest = new SealDigest(day ?? Day, previous ?? SealDigest.NoPredecessor);
        foreach (var row in rows)
        {
            digest.Add(row);
        }

        return digest.Finish();
    }
}
