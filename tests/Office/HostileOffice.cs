using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using EGovPay.Processing.People;
using EGovPay.Tests.Terminals;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.Office;

/// <summary>Every call of the finance office's API, as its document names them, with whatever somebody may type.</summary>
public sealed class HostileOffice(HttpCentre centre) : IClassFixture<HttpCentre>
{
    private static readonly string[] Nasty =
    [
        "", "%00", "a%00b", "-1", "0", "1", "2147483648", "9223372036854775807", "-9223372036854775808", "99999999999999999999", "1e3", "1.5", "%27",
        "%22%3B--", "%F0%9F%92%A9", "%ED%A0%80", "%FF%FE", "%E2%80%AE", "%0d%0aX-Bad:%201", "2026-02-30", "0001-01-01", "9999-12-31", "-9999-01-01",
        "2026-11-22", "C4:2026-11-22", "C4:9999-12-31", "C0:0000-00-00", "true", "null", "{}", "azercell", "..%2F..%2F", "%25s%25n", "any", "settled",
        "agent", "register", "json", "csv", "xlsx", new('x', 4_000),
    ];

    private static readonly string[] Bodies =
    [
        "", "null", "[]", "{}", "0", "\"x\"", "{\"a\":", "\u0000", "{\"reason\":\"\\u0000\"}", "{\"reason\":\"\\ud800\"}", "{\"reason\":1e999}",
        "{\"provider\":\"\\u0000\",\"day\":\"2026-11-22\"}", "{\"provider\":\"azercell\",\"day\":\"9999-12-31\"}", "{\"provider\":\"azercell\",\"window\":\"C4:9999-12-31\"}",
        "{\"day\":\"9999-12-31\",\"early\":true}", "{\"through\":\"9999-12-31\"}", "{\"payout\":9223372036854775807}", "{\"accept\":true,\"reason\":\"x\"}",
        "{\"format\":\"dm-csv\",\"latin\":true}", "{\"format\":\"\\u0000\"}", "{\"bank\":true}",
    ];

    [Fact]
    public async Task Whatever_is_typed_into_an_address_is_answered_and_never_as_our_fault()
    {
        using var client = await centre.ClientAsync(Role.Auditor);
        foreach (var (path, operation) in await OperationsAsync("get"))
        {
            var parameters = operation["parameters"]?.AsArray().Select(one => ((string)one!["name"]!, (string)one["in"]!)).ToList() ?? [];
            foreach (var (name, where) in parameters.Append(("unheard", "query")))
            {
                foreach (var value in Nasty)
                {
                    var address = where == "path" ? path.Replace($"{{{name}}}", value, StringComparison.Ordinal) : $"{path}?{name}={value}";
                    await AskAsync(client, HttpMethod.Get, Filled(address), null);
                }
            }
        }
    }

    [Fact]
    public async Task Whatever_is_sent_as_a_body_is_answered_and_never_as_our_fault()
    {
        using var client = await centre.ClientAsync(Role.Finance, Role.Operator, Role.Approver);
        foreach (var method in new[] { "post", "put" })
        {
            foreach (var (path, _) in await OperationsAsync(method))
            {
                // A run that is asked for has no body to be wrong, and costs a schedule each time.
                var few = path.Contains("/jobs/", StringComparison.Ordinal);
                foreach (var body in few ? Bodies.Take(2) : Bodies)
                {
                    await AskAsync(client, new HttpMethod(method.ToUpperInvariant()), Filled(path), body);
                }
            }
        }
    }

    private async Task<IReadOnlyList<(string Path, JsonNode Operation)>> OperationsAsync(string method)
    {
        var paths = (await centre.Client.LookAsync("/openapi/v1.json")).Json!["paths"]!.AsObject();
        var found = paths.Where(path => path.Key.StartsWith("/v1/settlement/", StringComparison.Ordinal) && path.Value![method] is not null)
            .Select(path => (path.Key, path.Value![method]!)).ToList();
        found.Should().HaveCountGreaterThan(1);
        return found;
    }

    /// <summary>With something in each place that is left.</summary>
    private static string Filled(string path) =>
        path.Replace("{id}", "1", StringComparison.Ordinal).Replace("{job}", "close-days", StringComparison.Ordinal)
            .Replace("{by}", "day", StringComparison.Ordinal).Replace("{code}", "a", StringComparison.Ordinal)
            .Replace("{number}", "1", StringComparison.Ordinal).Replace("{window}", "C1:2026-11-23", StringComparison.Ordinal);

    private static async Task AskAsync(HttpClient client, HttpMethod method, string address, string? body)
    {
        using var request = new HttpRequestMessage(method, new Uri(client.BaseAddress + address.TrimStart('/'), new UriCreationOptions
        {
            DangerousDisablePathAndQueryCanonicalization = true,
        }));
        request.Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await client.SendAsync(request, TestContext.Current.CancellationToken);
        var what = $"{method} {address} {body}";
        ((int)answer.StatusCode).Should().BeLessThan(500, what);
        answer.Headers.Contains("X-Bad").Should().BeFalse(what);
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        text.Should().NotContain("Exception", what).And.NotContain("\n   at ", what);
        if (answer.StatusCode is not (HttpStatusCode.OK or HttpStatusCode.Created or HttpStatusCode.Accepted) && text.Length > 0)
        {
            answer.Content.Headers.ContentType!.MediaType.Should().Be("application/problem+json", what);
        }
    }
}
