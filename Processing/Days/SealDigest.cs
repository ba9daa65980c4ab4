using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using NodaTime;

namespace EGovPay.Processing.Days;

/// <summary>The seal of a closed day.</summary>
/// <param name="Version">Of the bytes that were hashed: see <see cref="SealDigest"/>.</param>
/// <param name="Transfers">How many transfers the day has.</param>
/// <param name="AmountQepik">The sum of their amounts.</param>
/// <param name="Previous">The hash of the sealed day before; of the first, 32 zeros.</param>
/// <param name="Hash">SHA-256, 32 bytes.</param>
public sealed record DaySeal(LocalDate Day, short Version, long Transfers, long AmountQepik, byte[] Previous, byte[] Hash)
{
    /// <summary>The hash as people compare it.</summary>
    public string HashText => Convert.ToHexStringLower(Hash);
}

/// <summary>An agent's transfers of a day among a hundred thousand payment numbers.</summary>
/// <param name="Stretch">The number divided by <see cref="SealDigest.StretchLength"/>.</param>
internal sealed record SealPiece(int AgentId, long Stretch, long Transfers, long AmountQepik, byte[] Hash);

/// <summary>A transfer as it is sealed; the day itself stands in the seal.</summary>
/// <param name="WindowDay">The settlement window's bank day as the decimal yyyymmdd; 0: none.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct SealedTransfer(
    int AgentId, long Number, short Step, short Leg, int Debit, int Credit, long AmountQepik, int WindowDay, short CutoffGroup);

/// <summary>
/// What a seal is a hash over, version 1. All numbers are signed, big-endian.
/// A transfer is 38 bytes: agent (4), number (8), step (2), leg (2), debit account (4), credit account (4), amount in qəpik (8), bank day of
/// its settlement window as the decimal yyyymmdd or 0 (4), cut-off group (2). They come in the order of agent, number, step, leg.
/// A piece is the transfers of one agent whose numbers, divided by 100 000 and rounded down, are the same; its hash is the SHA-256 of
/// their bytes.
/// The seal is the SHA-256 of: "eGovPay day seal 1" and a line feed in ASCII, the day as yyyymmdd (4), the hash of the sealed day before (32), each
/// piece in order as agent (4), stretch (8), transfers (8), amount (8), hash (32), and at the end transfers (8) and amount (8) of the day.
/// </summary>
internal sealed class SealDigest : IDisposable
{
    /// <summary>The version of these bytes; other bytes would be another version.</summary>
    public const short Version = 1;

    /// <summary>How many payment numbers a piece spans.</summary>
    public const long StretchLength = 100_000;

    /// <summary>What the first sealed day follows.</summary>
    public static readonly byte[] NoPredecessor = new byte[SHA256.HashSizeInBytes];

    private const int TransferLength = 38;
    private const int PieceLength = 28 + SHA256.HashSizeInBytes;

    private readonly IncrementalHash day = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly IncrementalHash piece = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly byte[] bytes = new byte[TransferLength * 256];
    private readonly LocalDate date;
    private readonly byte[] previous;
    private readonly List<SealPiece> pieces = [];
    private int filled;
    private SealedTransfer last;
    private long inPiece, amountOfPiece, transfers, amount;

    public SealDigest(LocalDate date, byte[] previous)
    {
        (this.date, this.previous) = (date, previous);
        day.AppendData("eGovPay day seal 1\n"u8);
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, Decimal(date));
        day.AppendData(number);
        day.AppendData(previous);
    }

    /// <summary>The next transfer. Their order is part of the seal.</summary>
    /// <exception cref="InvalidOperationException">It comes before the last one.</exception>
    /// <exception cref="OverflowException">The amounts are more than can be summed.</exception>
    public void Add(in SealedTransfer transfer)
    {
        if (transfers > 0)
        {
            if (Compare(last, transfer) > 0)
            {
                throw new InvalidOperationException($"Transfer {transfer.Number} of agent {transfer.AgentId} is out of its order.");
            }

            if (last.AgentId != transfer.AgentId || Stretch(last.Number) != Stretch(transfer.Number))
            {
                EndPiece();
            }
        }

        last = transfer;
        Write(bytes.AsSpan(filled, TransferLength), transfer);
        filled += TransferLength;
        if (filled == bytes.Length)
        {
            Flush();
        }

        inPiece++;
        transfers++;
        amountOfPiece = checked(amountOfPiece + transfer.AmountQepik);
        amount = checked(amount + transfer.AmountQepik);
    }

    /// <summary>The seal, and what it is made of, after the last transfer.</summary>
    public (DaySeal Seal, IReadOnlyList<SealPiece> Pieces) Finish()
    {
        if (inPiece > 0)
        {
            EndPiece();
        }

        Span<byte> end = stackalloc byte[16];
        BinaryPrimitives.WriteInt64BigEndian(end, transfers);
        BinaryPrimitives.WriteInt64BigEndian(end[8..], amount);
        day.AppendData(end);
        return (new DaySeal(date, Version, transfers, amount, previous, day.GetHashAndReset()), pieces);
    }

    public void Dispose()
    {
        day.Dispose();
        piece.Dispose();
    }

    /// <summary>The stretch of a payment number.</summary>
    public static long Stretch(long number) => (number - (((number % StretchLength) + StretchLength) % StretchLength)) / StretchLength;

    /// <summary>A date as the decimal yyyymmdd.</summary>
    public static int Decimal(LocalDate date) => (((date.Year * 100) + date.Month) * 100) + date.Day;

    private static int Compare(in SealedTransfer one, in SealedTransfer other) =>
        (one.AgentId, one.Number, one.Step, one.Leg).CompareTo((other.AgentId, other.Number, other.Step, other.Leg));

    private static void Write(Span<byte> to, in SealedTransfer transfer)
    {
        BinaryPrimitives.WriteInt32BigEndian(to, transfer.AgentId);
        BinaryPrimitives.WriteInt64BigEndian(to[4..], transfer.Number);
        BinaryPrimitives.WriteInt16BigEndian(to[12..], transfer.Step);
        BinaryPrimitives.WriteInt16BigEndian(to[14..], transfer.Leg);
        BinaryPrimitives.WriteInt32BigEndian(to[16..], transfer.Debit);
        BinaryPrimitives.WriteInt32BigEndian(to[20..], transfer.Credit);
        BinaryPrimitives.WriteInt64BigEndian(to[24..], transfer.AmountQepik);
        BinaryPrimitives.WriteInt32BigEndian(to[32..], transfer.WindowDay);
        BinaryPrimitives.WriteInt16BigEndian(to[36..], transfer.CutoffGroup);
    }

    private void Flush()
    {
        piece.AppendData(bytes, 0, filled);
        filled = 0;
    }

    private void EndPiece()
    {
        Flush();
        var ended = new SealPiece(last.AgentId, Stretch(last.Number), inPiece, amountOfPiece, piece.GetHashAndReset());
        Span<byte> told = stackalloc byte[PieceLength];
        BinaryPrimitives.WriteInt32BigEndian(told, ended.AgentId);
        BinaryPrimitives.WriteInt64BigEndian(told[4..], ended.Stretch);
        BinaryPrimitives.WriteInt64BigEndian(told[12..], ended.Transfers);
        BinaryPrimitives.WriteInt64BigEndian(told[20..], ended.AmountQepik);
        ended.Hash.CopyTo(told[28..]);
        day.AppendData(told);
        pieces.Add(ended);
        (inPiece, amountOfPiece) = (0, 0);
    }
}
