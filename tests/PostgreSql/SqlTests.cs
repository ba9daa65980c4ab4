using EGovPay.Processing;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.PostgreSql;

public sealed class SqlTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    [Fact]
    public async Task A_file_of_the_callers_assembly_is_loaded_by_its_path_and_runs() =>
        (await database.AskAsync<int>(Sql.Load("PostgreSql/Answer.sql"))).Should().Be(42);

    [Fact]
    public void A_file_is_read_once() =>
        Sql.Load("PostgreSql/Answer.sql").Should().BeSameAs(Sql.Load("PostgreSql/Answer.sql"));

    [Fact]
    public void The_same_path_in_another_assembly_is_another_file()
    {
        var processing = typeof(Sql).Assembly;
        Sql.Load(processing, "Schema/SchemaHistory.sql").Should().Contain("schema_migration");
        Sql.Paths(processing).Should().Contain("Schema/SchemaHistory.sql").And.NotContain("PostgreSql/Answer.sql");
    }

    [Theory]
    [InlineData("PostgreSql/Absent.sql")]
    [InlineData("PostgreSql.Answer.sql")]
    [InlineData("postgresql/answer.sql")]
    [InlineData("/PostgreSql/Answer.sql")]
    [InlineData("")]
    public void A_file_that_is_not_there_is_refused_with_those_that_are(string path)
    {
        var load = () => Sql.Load(path);
        load.Should().Throw<InvalidOperationException>()
            .WithMessage($"EGovPay.Tests carries no {path};*PostgreSql/Answer.sql*");
    }
}
