using System.Net;
using System.Text.Json.Nodes;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.Terminals;

public sealed class DevicesOverHttp(HttpCentre centre) : IClassFixture<HttpCentre>
{
    [Fact]
    public async Task A_heartbeat_is_kept_and_answered_with_commands_until_they_are_done()
    {
        var (key, terminal) = await centre.AddTerminalAsync();
        using var client = centre.ClientOf(key);
        var status = new JsonObject
        {
            ["software"] = "1.4.2",
            ["printer"] = "ok",
            ["validator"] = "ok",
            ["cashQepik"] = 120_000,
            ["temperature"] = 31,
        };
        var heard = await client.PostAsync("/v1/terminal/status", status);
        heard.Status.Should().Be(HttpStatusCode.OK);
        heard.Json!["commands"]!.AsArray().Should().BeEmpty();
        var kept = await centre.Database.AskAsync<string>(
            $"select status from terminal_status where terminal_id = {terminal.TerminalId}");
        ((int)JsonNode.Parse(kept!)!["temperature"]!).Should().Be(31);

        await centre.Engine.Reports.CommandAsync(terminal, "restart");
        for (var twice = 0; twice < 2; twice++)
        {
            (await client.PostAsync("/v1/terminal/status", status)).Json!["commands"]!.ToJsonString()
                .Should().Be("[\"restart\"]");
        }

        status["commandsDone"] = new JsonArray("restart");
        (await client.PostAsync("/v1/terminal/status", status)).Json!["commands"]!.AsArray().Should().BeEmpty();
    }

    [Theory]
    [InlineData("""{"cashQepik":-1}""", "cashQepik")]
    [InlineData("""{"cashQepik":"1"}""", "cashQepik")]
    [InlineData("""{"software":7}""", "software")]
    [InlineData("""{"printer":"a\u0000b"}""", "printer")]
    [InlineData("""{"commandsDone":[null]}""", "commandsDone")]
    public async Task A_heartbeat_that_is_malformed_is_refused(string body, string field)
    {
        var answer = await centre.Client.PostAsync("/v1/terminal/status", JsonNode.Parse(body));
        answer.Code.Should().Be(100);
        ((string)answer.Json!["field"]!).Should().Be(field);
    }

    [Theory]
    [InlineData("\"\\ud800\"")]
    [InlineData("{\"\\udc00\":1}")]
    [InlineData("[[\"a\",\"b\\ud83d\"]]")]
    public async Task Notes_of_a_collection_with_half_a_letter_are_malformed_and_nothing_is_written(string notes)
    {
        var answer = await centre.Client.AskAsync(
            HttpMethod.Post, "/v1/terminal/collections", Asking.Json($$"""{"bagNumber":"half","notes":{{notes}}}"""));
        answer.Code.Should().Be(100);
        (await centre.Database.AskAsync<long>("select count(*) from collection where bag_number = 'half'")).Should().Be(0);
    }

    [Fact]
    public async Task One_bag_is_one_collection_however_often_it_is_told()
    {
        var bag = new JsonObject { ["bagNumber"] = "B-1", ["notes"] = new JsonObject { ["5000"] = 12 } };
        var first = await centre.Client.PostAsync("/v1/terminal/collections", bag);
        first.Status.Should().Be(HttpStatusCode.Created);
        ((int)first.Json!["notes"]!["5000"]!).Should().Be(12);
        var again = await centre.Client.PostAsync("/v1/terminal/collections", bag);
        again.Status.Should().Be(HttpStatusCode.OK);
        again.Text.Should().Be(first.Text);

        var many = await Task.WhenAll(Enumerable.Range(2, 8).Select(i => centre.Client.PostAsync(
            "/v1/terminal/collections",
            new JsonObject { ["bagNumber"] = FormattableString.Invariant($"B-{i}"), ["notes"] = "axşam" })));
        many.Select(one => (int)one.Json!["collection"]!).Should().BeEquivalentTo(Enumerable.Range(2, 8));
        (await centre.Client.PostAsync("/v1/terminal/collections", new JsonObject { ["notes"] = "x" })).Code.Should().Be(100);
        (await centre.Client.PostAsync("/v1/terminal/collections", new JsonObject { ["bagNumber"] = "C", ["notes"] = 5 }))
            .Code.Should().Be(100);
    }
}
