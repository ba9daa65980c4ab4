using System.Text;
using System.Text.RegularExpressions;
using EGovPay.Processing.Catalogue;
using EGovPay.Providers.Simulator;
using EGovPay.Tests.PostgreSql;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.CommandLine;

/// <summary>
/// A demo's day as real processes at the most talkative level: its logs name nobody and no key, its database holds no secret, and the
/// arguments of its processes hold neither.
/// </summary>
public sealed partial class NothingLeaks(TestDatabase database) : IClassFixture<TestDatabase>, IDisposable
{
    private const string Secret = "the-servers-secret-of-this-test-0123456789abcdef";

    private readonly ScratchFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Logs_database_and_arguments_of_a_demo_hold_no_secret_and_the_logs_nobody()
    {
        var variables = new Dictionary<string, string>
        {
            ["EGOVPAY_DATABASE"] = database.ConnectionString, ["EGOVPAY_SECRET"] = Secret, ["EGOVPAY_LOG"] = "debug",
        };
        ProgramRun run;
        string arguments;
        await using (var demo = RunningProgram.Start(folder.Path, variables, "demo", "--payments", "200"))
        {
            await demo.LineAsync("\"payments\":200");
            arguments = Arguments();
            demo.Signal(System.Runtime.InteropServices.PosixSignal.SIGTERM);
            run = await demo.EndAsync();
        }

        var keys = Key().Matches(run.Errors).Select(match => match.Value).ToHashSet(StringComparer.Ordinal);
        keys.Count.Should().BeGreaterThanOrEqualTo(3, "the demo shows keys to try by hand: {0}", run.Errors);
        var secrets = Secrets().Concat(keys).ToList();
        var logs = string.Join('\n', Directory.EnumerateFiles(folder.Path, "*.log", SearchOption.AllDirectories).Select(File.ReadAllText));
        logs.Should().Contain("\"EventId\":3000", "these are the server's own lines");
        var personal = await PersonalAsync();
        personal.Count.Should().BeGreaterThan(100);
        Held(logs, secrets).Should().BeEmpty();
        Held(logs, personal).Should().BeEmpty();
        Held(arguments, secrets).Should().BeEmpty();
        arguments.Should().Contain("serve").And.Contain("simulate");
        var dump = await DumpAsync();
        dump.Should().Contain("btb-nizami-1");
        Held(dump, secrets).Should().BeEmpty();
    }

    private static List<string> Held(string text, IEnumerable<string> what) =>
        [.. what.Where(one => text.Contains(one, StringComparison.OrdinalIgnoreCase))];

    /// <summary>The server's secret and what lets us in at providers, as text, base64 and hexadecimal.</summary>
    private static IEnumerable<string> Secrets()
    {
        var bytes = Encoding.UTF8.GetBytes(Secret);
        foreach (var form in new[] { Secret, Convert.ToBase64String(bytes), Convert.ToHexString(bytes) })
        {
            yield return form;
        }

        foreach (var provider in EmbeddedCatalogue.Load().Providers)
        {
            if (SimulatedAccess.For(provider) is { User: not null, Password.Length: > 6 } access)
            {
                yield return access.Password;
                yield return Convert.ToBase64String(Encoding.UTF8.GetBytes($"{access.User}:{access.Password}"));
            }
        }
    }

    /// <summary>Accounts in full, names, contacts, card numbers, and what names a payer's payment.</summary>
    private async Task<List<string>> PersonalAsync()
    {
        var found = new List<string>();
        foreach (var sql in new[]
        {
            "select distinct account from payment where length(account) >= 8", "select distinct payer from payment where payer is not null",
            "select distinct rrn from payment where rrn is not null", "select distinct masked_pan from payment where masked_pan is not null",
            "select distinct reference from payment", "select contact from payer_contact",
            "select distinct value from payment p cross join lateral json_each_text(p.fields::json) where json_typeof(p.fields::json) = 'object' "
                // A code of four digits names nobody, and stands in any number.
                + "and length(value) >= 6",
        })
        {
            await using var command = database.DataSource.CreateCommand(sql);
            await using var rows = await command.ExecuteReaderAsync();
            while (await rows.ReadAsync())
            {
                found.Add(rows.GetString(0));
            }
        }

        return found;
    }

    /// <summary>Every row of every table as text.</summary>
    private async Task<string> DumpAsync()
    {
        var tables = new List<string>();
        await using (var list = database.DataSource.CreateCommand("select tablename from pg_tables where schemaname = 'public'"))
        await using (var rows = await list.ExecuteReaderAsync())
        {
            while (await rows.ReadAsync())
            {
                tables.Add(rows.GetString(0));
            }
        }

        var dump = new StringBuilder();
        foreach (var table in tables)
        {
            dump.AppendLine(await database.AskAsync<string>($"select string_agg(t::text, chr(10)) from \"{table}\" t"));
        }

        return dump.ToString();
    }

    /// <summary>The arguments of every process of ours that runs now, as every user of the machine sees them.</summary>
    private static string Arguments()
    {
        var all = new StringBuilder();
        foreach (var process in Directory.EnumerateDirectories("/proc").Where(path => char.IsAsciiDigit(Path.GetFileName(path)[0])))
        {
            try
            {
                var line = File.ReadAllText(Path.Combine(process, "cmdline")).Replace('\0', ' ');
                if (line.Contains("egovpay", StringComparison.Ordinal))
                {
                    all.AppendLine(line);
                }
            }
            catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
            {
                // It ended while we looked.
                continue;
            }
        }

        return all.ToString();
    }

    [GeneratedRegex(@"(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Key();
}
