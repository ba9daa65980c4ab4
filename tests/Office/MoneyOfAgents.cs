using System.Net;
using System.Text.Json.Nodes;
using EGovPay.Processing.Agents;
using EGovPay.Processing.People;
using EGovPay.Tests.Terminals;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.Office;

/// <summary>Deposits and credit limits of agents over real HTTP: one proposes, another approves.</summary>
public sealed class MoneyOfAgents(HttpCentre centre) : IClassFixture<HttpCentre>
{
    private const string Agent = "/v1/settlement/agents/agent-1";

    [Fact]
    public async Task A_deposit_and_a_limit_are_proposed_by_one_and_in_the_funds_when_another_has_approved()
    {
        using var finance = await centre.ClientAsync(Role.Finance);
        using var approver = await centre.ClientAsync(Role.Approver);
        var (agent, parts) = (await Administer.FindAgentAsync(centre.Database.DataSource, "agent-1"))!.Value;
        var before = (await centre.Engine.Funds.LookAsync(agent, parts, TestContext.Current.CancellationToken))!;
        var body = new JsonObject { ["reference"] = "MT103-7", ["amountQepik"] = 70_001, ["reason"] = "letter 7" };
        var made = await finance.PostAsync(Agent + "/top-ups", body.DeepClone());
        made.Status.Should().Be(HttpStatusCode.Created, made.Text);
        ((string)made.Json!["kind"]!, (string)made.Json["agent"]!, (string)made.Json["reference"]!, (long)made.Json["amountQepik"]!)
            .Should().Be(("TopUp", "agent-1", "MT103-7", 70_001));
        (await finance.PostAsync(Agent + "/top-ups", body.DeepClone())).Status.Should().Be(HttpStatusCode.Conflict, "it waits already");
        (await finance.PostAsync($"{made.Response.Headers.Location}/approve")).Status.Should().Be(HttpStatusCode.Forbidden);
        (await centre.Engine.Funds.LookAsync(agent, parts, TestContext.Current.CancellationToken))!.BalanceQepik.Should().Be(before.BalanceQepik);
        ((string)(await approver.PostAsync($"{made.Response.Headers.Location}/approve")).Json!["state"]!).Should().Be("Done");
        (await finance.PostAsync(Agent + "/top-ups", body.DeepClone())).Status.Should().Be(HttpStatusCode.Conflict, "it is booked already");

        var limit = await finance.PostAsync(Agent + "/credit-limits", new JsonObject { ["limitQepik"] = 500_000, ["reason"] = "contract 17" });
        limit.Status.Should().Be(HttpStatusCode.Created, limit.Text);
        ((string)(await approver.PostAsync($"{limit.Response.Headers.Location}/approve")).Json!["state"]!).Should().Be("Done");
        var after = (await centre.Engine.Funds.LookAsync(agent, parts, TestContext.Current.CancellationToken))!;
        (after.BalanceQepik - before.BalanceQepik, after.CreditLimitQepik).Should().Be((70_001, 500_000));
    }

    [Theory]
    [InlineData("top-ups", """{"amountQepik":1}""", HttpStatusCode.BadRequest, "reference")]
    [InlineData("top-ups", """{"reference":"","amountQepik":1}""", HttpStatusCode.BadRequest, "reference")]
    [InlineData("top-ups", """{"reference":"a\u0000","amountQepik":1}""", HttpStatusCode.BadRequest, "reference")]
    [InlineData("top-ups", """{"reference":"a"}""", HttpStatusCode.BadRequest, "amountQepik")]
    [InlineData("top-ups", """{"reference":"a","amountQepik":0}""", HttpStatusCode.BadRequest, "amountQepik")]
    [InlineData("top-ups", """{"reference":"a","amountQepik":-5}""", HttpStatusCode.BadRequest, "amountQepik")]
    [InlineData("top-ups", """{"reference":"a","amountQepik":9223372036854775807}""", HttpStatusCode.BadRequest, "amountQepik")]
    [InlineData("top-ups", """{"reference":"a","amountQepik":1,"reason":""}""", HttpStatusCode.BadRequest, "reason")]
    [InlineData("credit-limits", """{"reason":"x"}""", HttpStatusCode.BadRequest, "limitQepik")]
    [InlineData("credit-limits", """{"limitQepik":-1,"reason":"x"}""", HttpStatusCode.BadRequest, "limitQepik")]
    [InlineData("credit-limits", """{"limitQepik":1}""", HttpStatusCode.BadRequest, "reason")]
    [InlineData("credit-limits", """{"limitQepik":1.5,"reason":"x"}""", HttpStatusCode.BadRequest, null)]
    [InlineData("credit-limits", "[]", HttpStatusCode.BadRequest, null)]
    public async Task What_cannot_be_proposed_names_the_field(string what, string body, HttpStatusCode status, string? field)
    {
        using var client = await centre.ClientAsync(Role.Finance);
        var answer = await client.AskAsync(HttpMethod.Post, $"{Agent}/{what}", Asking.Json(body));
        answer.Status.Should().Be(status, answer.Text);
        if (field is not null)
        {
            ((string?)answer.Json!["field"]).Should().Be(field, answer.Text);
        }
    }

    [Fact]
    public async Task Only_finance_proposes_and_only_for_agents_that_are_there()
    {
        using var finance = await centre.ClientAsync(Role.Finance);
        using var other = await centre.ClientAsync(Role.Operator, Role.Approver, Role.Auditor);
        foreach (var (what, body) in new[] { ("top-ups", """{"reference":"r","amountQepik":1}"""), ("credit-limits", """{"limitQepik":1,"reason":"x"}""") })
        {
            (await other.AskAsync(HttpMethod.Post, $"{Agent}/{what}", Asking.Json(body))).Status.Should().Be(HttpStatusCode.Forbidden);
            foreach (var nobody in new[] { "nobody", "agent-1%2F.." })
            {
                var none = await finance.AskAsync(HttpMethod.Post, $"/v1/settlement/agents/{nobody}/{what}", Asking.Json(body));
                none.Status.Should().Be(HttpStatusCode.NotFound, none.Text);
            }
        }
    }
}
