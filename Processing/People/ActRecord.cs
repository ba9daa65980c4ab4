using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using EGovPay.Processing.PostgreSql;
using NodaTime;
using Npgsql;

namespace EGovPay.Processing.People;

/// <summary>One entry of the record of what people did.</summary>
/// <param name="Number">From 1, without a gap.</param>
/// <param name="Details">JSON, the very text that was hashed; never a secret.</param>
public sealed record ActEntry(
    long Number, Instant At, string Who, string What, string Subject, string Details, byte[] Previous, byte[] Hash)
{
    /// <summary>What the hash of an entry without a predecessor is over: 32 zero bytes.</summary>
    public static readonly byte[] NoPredecessor = new byte[SHA256.HashSizeInBytes];

    /// <summary>The hash that this entry should have: reckoned here, not asked of the database.</summary>
    public byte[] Reckon()
    {
        var text = new StringBuilder();
        var micros = At.ToUnixTimeTicks() / NodaConstants.TicksPerMillisecond * 1_000
            + (At.ToUnixTimeTicks() % NodaConstants.TicksPerMillisecond / 10);
        foreach (var field in new[]
        {
            FormattableString.Invariant($"{Number}"), FormattableString.Invariant($"{micros}"), Who, What, Subject, Details,
            Convert.ToHexStringLower(Previous),
        })
        {
            text.Append(Encoding.UTF8.GetByteCount(field)).Append(':').Append(field).Append(',');
        }

        return SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString()));
    }
}

/// <summary>
/// The record of what people did: append-only, numbered without a gap, each entry carrying the hash of the one before. An entry
/// is written in the transaction of the change itself; the database refuses to change or remove one.
/// </summary>
public sealed class ActRecord(NpgsqlDataSource database)
{
    /// <summary>Entries of one page at most.</summary>
    public const int PageLimit = 1_000;

    private static readonly string ListActs = Sql.Load("People/ListActs.sql");

    /// <summary>The newest entries before a number, newest first.</summary>
    /// <param name="before">Null: from the newest.</param>
    /// <param name="subject">Only about this, such as `agent btb`; null: about anything.</param>
    public async Task<IReadOnlyList<ActEntry>> ListAsync(
        int limit, long? before = null, string? subject = null, CancellationToken cancel = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, PageLimit);
        await using var command = database.CreateCommand(ListActs);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = before ?? long.MaxValue });
        command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = subject });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
        var entries = new List<ActEntry>();
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
        {
            entries.Add(Read(reader));
        }

        return entries;
    }

    /// <summary>Appends an act that changes nothing else in the database: in a transaction of its own, before it is done.</summary>
    /// <exception cref="InvalidOperationException">They may not do it.</exception>
    public static async Task RecordAsync(
        NpgsqlDataSource database, Person by, Act act, string subject, (string Name, object? Value)[] details, CancellationToken cancel = default)
    {
        by.Require(act);
        await using var append = database.CreateCommand("select record_act($1, $2, $3, $4)");
        append.Parameters.Add(new NpgsqlParameter<string> { TypedValue = by.Login });
        append.Parameters.Add(new NpgsqlParameter<string> { TypedValue = act.Name });
        append.Parameters.Add(new NpgsqlParameter<string> { TypedValue = subject });
        append.Parameters.Add(new NpgsqlParameter<string> { TypedValue = Details(details) });
        await append.ExecuteNonQueryAsync(cancel);
    }

    /// <summary>Appends an entry in a transaction that somebody else commits; last in it, for its lock is held until then.</summary>
    internal static async Task AppendAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, string who, string what, string subject, string details)
    {
        await using var append = new NpgsqlCommand("select record_act($1, $2, $3, $4)", connection, transaction);
        append.Parameters.Add(new NpgsqlParameter<string> { TypedValue = who });
        append.Parameters.Add(new NpgsqlParameter<string> { TypedValue = what });
        append.Parameters.Add(new NpgsqlParameter<string> { TypedValue = subject });
        append.Parameters.Add(new NpgsqlParameter<string> { TypedValue = details });
        await append.ExecuteNonQueryAsync();
    }

    /// <summary>Details as JSON text: names and values, nulls left out.</summary>
    internal static string Details(params ReadOnlySpan<(string Name, object? Value)> values)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, Written))
        {
            json.WriteStartObject();
            foreach (var (name, value) in values)
            {
                Write(json, name, value);
            }

            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(bytes.ToArray());
    }

    internal static ActEntry Read(NpgsqlDataReader reader) => new(
        reader.GetInt64(0), reader.GetInstant(1), reader.GetString(2), reader.GetString(3), reader.GetString(4),
        reader.GetString(5), reader.GetFieldValue<byte[]>(6), reader.GetFieldValue<byte[]>(7));

    private static readonly JsonWriterOptions Written = new()
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private static void Write(Utf8JsonWriter json, string name, object? value)
    {
        switch (value)
        {
            case null:
                break;
            case string text:
                json.WriteString(name, text);
                break;
            case bool yes:
                json.WriteBoolean(name, yes);
                break;
            case int or long or short:
                json.WriteNumber(name, Convert.ToInt64(value, System.Globalization.CultureInfo.InvariantCulture));
                break;
            case IEnumerable<string> texts:
                json.WriteStartArray(name);
                foreach (var text in texts)
                {
                    json.WriteStringValue(text);
                }

                json.WriteEndArray();
                break;
            default:
                throw new ArgumentException($"A {value.GetType().Name} has no place in the record.", nameof(value));
        }
    }
}
