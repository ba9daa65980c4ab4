using System.Runtime.CompilerServices;
using EGovPay.Processing.Schema;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.Schema;

public sealed class FrozenMigrationsTests
{
    [Fact]
    public void Every_migration_stands_in_the_frozen_list_with_the_hash_it_had_then()
    {
        var frozen = File.ReadAllLines(FrozenPath()).Where(line => line.Length > 0 && line[0] != '#');
        var lines = Migration.Embedded.Select(
            migration => FormattableString.Invariant($"{migration.Number:0000} {migration.Sha256} {migration.Name}"));
        lines.Should().Equal(
            frozen,
            "a migration that was released never changes; one that was not yet is entered in frozen.txt as it is now");
    }

    [Fact]
    public void Numbers_run_from_one_without_a_gap() =>
        Migration.Embedded.Select(migration => migration.Number)
            .Should().Equal(Enumerable.Range(1, Migration.Embedded.Count));

    private static string FrozenPath([CallerFilePath] string here = "") =>
        Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "Processing", "Schema", "frozen.txt");
}
