using EGovPay.Tests.PostgreSql;
using FluentAssertions;
using Npgsql;
using Xunit;

namespace EGovPay.Tests.House;

/// <summary>SQL lies beside its caller, says why it is there, and fits the schema.</summary>
public sealed class SqlFiles(TestDatabase database) : IClassFixture<TestDatabase>
{
    [Fact]
    public void Each_says_why_what_it_locks_and_its_parameters()
    {
        foreach (var path in Tree.Files("*.sql"))
        {
            var text = File.ReadAllText(path);
            foreach (var header in new[] { "-- why: ", "-- locks: ", "-- parameters: " })
            {
                text.Should().Contain(header, Tree.Relative(path));
            }
        }
    }

    [Fact]
    public void None_selects_everything_without_naming_it()
    {
        Tree.Files("*.sql").Where(path => File.ReadAllText(path).Contains("select *", StringComparison.OrdinalIgnoreCase)
                || File.ReadAllText(path).Contains(".*,", StringComparison.Ordinal))
            .Select(Tree.Relative).Should().BeEmpty();
    }

    [Fact]
    public async Task Each_statement_is_valid_on_the_migrated_schema()
    {
        await using var connection = await database.DataSource.OpenConnectionAsync(TestContext.Current.CancellationToken);
        var faults = new List<string>();
        var prepared = 0;
        foreach (var path in Tree.Files("*.sql").Where(IsStatement))
        {
            // The server parses and plans it; a wrong column or type is found here and not at night.
            var sql = File.ReadAllText(path).TrimEnd().TrimEnd(';');
            await using var command = new NpgsqlCommand($"prepare checked as {sql}", connection) { AllResultTypesAreUnknown = true };
            try
            {
                await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
                prepared++;
            }
            catch (PostgresException fault)
            {
                faults.Add($"{Tree.Relative(path)}: {fault.MessageText}");
                continue;
            }

            await using var forget = new NpgsqlCommand("deallocate checked", connection);
            await forget.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        faults.Should().BeEmpty();
        prepared.Should().BeGreaterThan(10);
    }

    /// <summary>Migrations and scripts of several statements are run by other tests.</summary>
    private static bool IsStatement(string path)
    {
        var text = File.ReadAllText(path).TrimEnd();
        var code = string.Join('\n', text.Split('\n').Where(line => !line.TrimStart().StartsWith("--", StringComparison.Ordinal)));
        var first = code.TrimStart().Split(' ', '\n')[0];
        return !Tree.Relative(path).StartsWith("Processing/Schema/", StringComparison.Ordinal)
            && !code.TrimEnd(';').Contains(';', StringComparison.Ordinal)
            && first is "select" or "with" or "insert" or "update" or "delete";
    }
}
