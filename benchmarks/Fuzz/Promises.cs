using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Npgsql;

namespace EGovPay.Benchmarks.Fuzz;

/// <summary>
/// What good answers said is in the database, and the comparison with what is there. A row that no good answer speaks of
/// was written by a refused request; an answer that no row bears out was a lie.
/// </summary>
internal sealed partial class Promises
{
    /// <summary>
    /// Tables that requests write, and the engine by itself whatever the hour (days and windows that end); every other must stay as it was.
    /// </summary>
    private static readonly string[] Alive =
    [
        "payment", "event", "transfer", "funds", "unknown_payment", "exchange", "outbox", "terminal_day", "card_written",
        "terminal_status", "collection", "used_nonce", "receipt_print", "shift", "cash_to_return", "receipt_series",
        "number_block", "node", "business_day", "day_total", "settlement_window", "register_file", "register_rejection",
        "delivery", "told", "telling_kept", "payer_contact", "reversal", "witness", "act",
        "day_seal", "day_seal_piece", "window_reckoned", "window_line", "window_owed",
    ];

    private readonly Lock gate = new();
    private readonly HashSet<long> payments = [];

    /// <summary>Payments of earlier comparisons: each is told of once.</summary>
    private readonly HashSet<long> known = [];
    private readonly HashSet<string> perhaps = new(StringComparer.Ordinal);
    private readonly HashSet<string> bags = new(StringComparer.Ordinal);
    private readonly Dictionary<Promise, long> counts = [];
    private readonly ConcurrentDictionary<string, string> stories = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> still = new(StringComparer.Ordinal);

    /// <summary>What a request, as it finally went out, promises when it is answered well.</summary>
    public static Promise Of(string method, string target)
    {
        var path = Uri.UnescapeDataString(target.Split('?')[0]).TrimEnd('/');
        bool Is(string how, string end) => string.Equals(method, how, StringComparison.OrdinalIgnoreCase)
            && path.EndsWith(end, StringComparison.OrdinalIgnoreCase);
        return path.EndsWith("/osmp", StringComparison.OrdinalIgnoreCase) || Is("POST", "/cancel") ? Promise.Payment
            : Is("POST", "/v1/shifts") ? Promise.ShiftOpened
            : Is("POST", "/current/close") ? Promise.ShiftClosed
            : Is("POST", "/terminal/status") ? Promise.Status
            : Is("POST", "/terminal/collections") ? Promise.Collection
            : Is("POST", "/card-written") ? Promise.CardWritten
            : Is("POST", "/cash-returned") ? Promise.CashReturned
            : Is("GET", "/receipt") ? Promise.Print
            : Is("PUT", "") ? Promise.Payment
            : Promise.Nothing;
    }

    /// <summary>Takes down what an answer says.</summary>
    public void Told(Promise promise, FuzzedAnswer answer)
    {
        if (promise == Promise.Nothing || answer.Status is < 200 or > 202)
        {
            return;
        }

        lock (gate)
        {
            switch (promise)
            {
                case Promise.Payment when NumberIn(answer) is { } number:
                    payments.Add(number);
                    break;
                case Promise.Collection when answer.Status == 201:
                    bags.Add(JsonDocument.Parse(answer.Body).RootElement.GetProperty("bagNumber").GetString()!);
                    break;
                case Promise.ShiftOpened when answer.Status != 201:
                case Promise.Print when answer.Head.Contains("application/json", StringComparison.OrdinalIgnoreCase):
                    break;
                default:
                    counts[promise] = counts.GetValueOrDefault(promise) + 1;
                    break;
            }
        }
    }

    /// <summary>Remembers what was sent under a name and what came, until the next comparison: a stray row's story.</summary>
    public void Sent(byte[] bytes, Exchanged exchanged)
    {
        var text = Encoding.Latin1.GetString(bytes);
        foreach (Match name in Named().Matches(Uri.UnescapeDataString(text)))
        {
            stories[name.Value] = stories.GetValueOrDefault(name.Value, "") + FormattableString.Invariant(
                $"\n>> hung {exchanged.Hung}, broken {exchanged.Broken}\n{text}\n<< ")
                + string.Join("\n<< ", exchanged.Answers.Select(answer => $"{answer.Head}\n{answer.BodyText}"));
        }
    }

    /// <summary>No answer came, or not the whole one: what the bytes name may have been done.</summary>
    public void Untold(byte[] bytes)
    {
        lock (gate)
        {
            foreach (Match name in Named().Matches(Uri.UnescapeDataString(Encoding.Latin1.GetString(bytes))))
            {
                perhaps.Add(name.Value.StartsWith('F') ? name.Value : "osmp." + name.Value);
            }
        }
    }

    /// <summary>Remembers the tables that must not change.</summary>
    public async Task RememberAsync(NpgsqlDataSource database)
    {
        foreach (var (table, hash) in await HashesAsync(database))
        {
            still[table] = hash;
        }
    }

    /// <summary>Everything in which the database differs from what was told; nobody may be asking now.</summary>
    public async Task<IReadOnlyList<string>> CompareAsync(NpgsqlDataSource database)
    {
        var faults = new List<string>();
        var found = new HashSet<long>();
        await using (var read = database.CreateCommand("select number, reference from payment"))
        await using (var rows = await read.ExecuteReaderAsync())
        {
            while (await rows.ReadAsync())
            {
                found.Add(rows.GetInt64(0));
                if (!known.Contains(rows.GetInt64(0)) && !payments.Contains(rows.GetInt64(0)) && !perhaps.Contains(rows.GetString(1)))
                {
                    faults.Add($"payment {rows.GetInt64(0)} {rows.GetString(1)}: written, and no good answer tells of it"
                        + stories.GetValueOrDefault(rows.GetString(1).Replace("osmp.", "", StringComparison.Ordinal), ""));
                }
            }
        }

        faults.AddRange(payments.Where(number => !found.Contains(number)).Select(number => $"payment {number}: told, and not there"));
        await using (var read = database.CreateCommand("select bag_number from collection"))
        await using (var rows = await read.ExecuteReaderAsync())
        {
            while (await rows.ReadAsync())
            {
                if (!bags.Contains(rows.GetString(0)))
                {
                    faults.Add("a collection was written, and no good answer tells of it");
                }
            }
        }

        await CountAsync(database, faults, "select count(shift_no) from shift", Promise.ShiftOpened, exactly: true);
        await CountAsync(database, faults, "select count(closed_at) from shift", Promise.ShiftClosed, exactly: true);
        await CountAsync(database, faults, "select coalesce(sum(prints), 0) from receipt_print", Promise.Print);
        await CountAsync(database, faults, "select count(number) from card_written", Promise.CardWritten);
        await CountAsync(database, faults, "select count(returned_at) from cash_to_return", Promise.CashReturned);
        await CountAsync(database, faults, "select count(terminal_id) from terminal_status", Promise.Status);
        faults.AddRange((await HashesAsync(database)).Where(now => still[now.Key] != now.Value)
            .Select(now => $"the table {now.Key} changed"));
        known.UnionWith(found);
        stories.Clear();
        return faults;
    }

    private async Task CountAsync(
        NpgsqlDataSource database, List<string> faults, string sql, Promise promise, bool exactly = false)
    {
        await using var count = database.CreateCommand(sql);
        var rows = (long)(await count.ExecuteScalarAsync())!;
        var told = counts.GetValueOrDefault(promise);
        if (rows > told || (exactly && rows != told))
        {
            faults.Add($"{promise}: {rows} written, {told} told");
        }
    }

    private static async Task<Dictionary<string, string>> HashesAsync(NpgsqlDataSource database)
    {
        var tables = new List<string>();
        await using (var list = database.CreateCommand("select tablename from pg_tables where schemaname = 'public'"))
        await using (var rows = await list.ExecuteReaderAsync())
        {
            while (await rows.ReadAsync())
            {
                tables.Add(rows.GetString(0));
            }
        }

        var hashes = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var table in tables.Except(Alive, StringComparer.Ordinal))
        {
            await using var hash = database.CreateCommand(
                $"select coalesce(md5(string_agg(t::text, '|' order by t::text)), '') from \"{table}\" t");
            hashes[table] = (string)(await hash.ExecuteScalarAsync())!;
        }

        return hashes;
    }

    private static long? NumberIn(FuzzedAnswer answer)
    {
        var match = Number().Match(answer.BodyText);
        return match.Success ? long.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) : null;
    }

    [GeneratedRegex("(?:\"number\":\"|<prv_txn>)([0-9]{1,18})[\"<]", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Number();

    /// <summary>A reference of ours, an OSMP number of ours, or whatever a broken request made of one.</summary>
    [GeneratedRegex(@"F[0-9]+-[0-9]+|(?<=txn_id=)[0-9]+|\b[0-9]{10,11}\b", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Named();
}
