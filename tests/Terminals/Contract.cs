using System.Runtime.CompilerServices;
using System.Text.Json;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.Terminals;

public sealed class Contract(HttpCentre centre) : IClassFixture<HttpCentre>
{
    private static readonly JsonSerializerOptions Indented =
        new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>With EGOVPAY_WRITE_OPENAPI=1 in the environment the file is written instead of compared.</summary>
    [Fact]
    public async Task The_committed_OpenAPI_document_is_the_one_that_is_served()
    {
        var served = await centre.Client.LookAsync("/openapi/v1.json");
        served.Status.Should().Be(System.Net.HttpStatusCode.OK, "{0}", served.Text);
        var text = served.Json!.ToJsonString(Indented) + "\n";
        if (Environment.GetEnvironmentVariable("EGOVPAY_WRITE_OPENAPI") == "1")
        {
            await File.WriteAllTextAsync(CommittedPath(), text);
        }

        (await File.ReadAllTextAsync(CommittedPath())).Should().Be(text);
        ((string)served.Json["openapi"]!).Should().StartWith("3.1");
    }

    [Fact]
    public async Task The_OpenAPI_document_names_every_call_of_the_contract()
    {
        var paths = (await centre.Client.LookAsync("/openapi/v1.json")).Json!["paths"]!.AsObject();
        foreach (var (path, method) in new[]
        {
            ("/v1/services", "get"), ("/v1/services/{code}", "get"), ("/v1/inquiries", "post"),
            ("/v1/payments/{reference}", "put"), ("/v1/payments/{reference}", "get"),
            ("/v1/payments/{reference}/cancel", "post"), ("/v1/payments", "get"),
            ("/v1/payments/{reference}/reversal", "post"), ("/v1/payments/{reference}/receipt", "get"),
            ("/v1/payments/{reference}/card-written", "post"), ("/v1/payments/{reference}/card-restore", "post"),
            ("/v1/payments/{reference}/cash-returned", "post"), ("/v1/account", "get"), ("/v1/shifts", "post"),
            ("/v1/shifts/current", "get"), ("/v1/shifts/current/close", "post"), ("/v1/terminal/status", "post"),
            ("/v1/terminal/collections", "post"), ("/verify/{code}", "get"), ("/health/live", "get"),
            ("/health/ready", "get"), ("/osmp", "get"), ("/osmp", "post"),
        })
        {
            paths[path]?[method].Should().NotBeNull("{0} {1} is in the contract", method, path);
        }
    }

    [Fact]
    public async Task The_OpenAPI_document_names_every_call_of_the_finance_office_for_people_and_with_its_answer()
    {
        var paths = (await centre.Client.LookAsync("/openapi/v1.json")).Json!["paths"]!.AsObject();
        foreach (var call in new[]
        {
            "get days", "post days/close", "get proposals", "get proposals/{id}", "post proposals/{id}/approve", "post proposals/{id}/reject",
            "post proposals/{id}/withdraw", "get netting", "get payouts", "get payouts/{id}", "post payouts", "post payouts/export",
            "post payouts/status", "get statements", "post statements", "get statements/{id}/entries", "get registers", "post registers",
            "get registers/{id}/lines", "get registers/sent", "post registers/send", "get breaks", "get breaks/summary", "get breaks/{id}",
            "post breaks/{id}/proposals", "get reconciliations", "post reconciliations", "get reconciliations/{id}", "get reports/{by}", "get jobs",
            "get jobs/runs", "get jobs/runs/{id}", "post jobs/{job}/run", "post jobs/{job}/pause", "post jobs/{job}/resume", "get terms", "put terms",
            "get terms/versions", "get terms/versions/{number}", "get calendar", "put calendar", "get agents", "get agents/{code}",
            "get windows/{window}", "get netting/postings",
        })
        {
            var operation = paths["/v1/settlement/" + call.Split(' ')[1]]?[call.Split(' ')[0]];
            operation.Should().NotBeNull("{0} is in the contract", call);
            operation!["security"]!.ToJsonString().Should().Contain("person", call);
            var answers = operation["responses"]!.AsObject();
            answers["default"]!["content"]!["application/problem+json"].Should().NotBeNull(call);
            answers.Where(one => one.Key != "default").Should().NotBeEmpty(call)
                .And.OnlyContain(one => one.Value!["content"]!["application/json"]!["schema"] != null, call);
        }
    }

    private static string CommittedPath([CallerFilePath] string here = "") =>
        Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "Terminals", "openapi.v1.json");
}
