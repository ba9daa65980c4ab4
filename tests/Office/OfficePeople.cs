using System.Net;
using EGovPay.Processing.People;
using EGovPay.Tests.Terminals;
using FluentAssertions;

namespace EGovPay.Tests.Office;

/// <summary>Clients of the finance office's API, each with the key of somebody new.</summary>
internal static class OfficePeople
{
    private static int people;

    /// <summary>A client whose person has these roles.</summary>
    public static async Task<HttpClient> ClientAsync(this HttpCentre centre, params Role[] roles)
    {
        var login = FormattableString.Invariant($"office-{Interlocked.Increment(ref people)}");
        return centre.ClientOf(await new TestPeople(centre.Database.DataSource).AddAsync(new Person(login, "O", roles)));
    }

    /// <summary>Asks, and expects an answer in order with this status, or a problem.</summary>
    public static async Task ExpectAsync(this HttpClient client, string method, string path, HttpContent? body, HttpStatusCode status)
    {
        var answer = await client.AskAsync(new HttpMethod(method), path, body);
        answer.Status.Should().Be(status, $"{path}: {answer.Text}");
        answer.Response.Content.Headers.ContentType!.MediaType.Should().Be(
            status == HttpStatusCode.OK ? "application/json" : "application/problem+json");
    }

    /// <summary>The same client, which reads English.</summary>
    public static HttpClient InEnglish(this HttpClient client)
    {
        client.DefaultRequestHeaders.AcceptLanguage.ParseAdd("en");
        return client;
    }

    /// <summary>A file of terms with one account and one provider, and what else a test says.</summary>
    /// <param name="more">Further members, each after a comma: <c>, "agents": […]</c>.</param>
    public static string Terms(string more = "") => """
        {"format": 1, "payer": {"name": "eGovPay", "voen": "1400057421"},
         "accounts": [{"iban": "AZ02PAHA38020AZNHC0100012345", "bic": "PAHAAZ22", "bankCode": "505141", "currency": "AZN", "name": "Əsas"}],
         "providers": [{"code": "azerishiq", "beneficiary": {"name": "Azərişıq ASC", "voen": "1400057421",
            "iban": "AZ14IBAZ40060019449330218120", "bic": "IBAZAZ2X", "bankCode": "805250"}}]
        """ + more + "}";
}
