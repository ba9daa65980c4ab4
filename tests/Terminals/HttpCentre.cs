using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using EGovPay.Processing;
using EGovPay.Processing.Agents;
using EGovPay.Terminals;
using EGovPay.Tests.Payments;
using EGovPay.Tests.PostgreSql;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace EGovPay.Tests.Terminals;

/// <summary>
/// A small payment centre behind its real HTTP surface: engine, provider simulator, server on a free port.
/// </summary>
public sealed class HttpCentre : IAsyncLifetime
{
    private readonly TestDatabase database;
    private readonly ILoggerFactory logs;
    private readonly ServerSettings settings;
    private SmallCentre? centre;
    private WebApplication? app;
    private int terminals;

    public HttpCentre()
        : this(new ServerSettings())
    {
    }

    /// <param name="database">One that somebody else made; null: one of its own.</param>
    internal HttpCentre(ServerSettings settings, TestDatabase? database = null, ILoggerFactory? logs = null)
    {
        this.settings = settings;
        this.database = database ?? new TestDatabase();
        this.logs = logs ?? NullLoggerFactory.Instance;
    }

    public Uri Address { get; private set; } = new("http://localhost");

    /// <summary>Asks with the first terminal's key.</summary>
    public HttpClient Client { get; private set; } = new();

    internal string Key { get; private set; } = "";

    internal Engine Engine => centre!.Engine;

    internal SmallCentre Centre => centre!;

    internal WebApplication App => app!;

    internal TestDatabase Database => database;

    public async ValueTask InitializeAsync()
    {
        await database.InitializeAsync();
        centre = await SmallCentre.StartAsync(database);
        app = await Server.StartAsync(
            settings with { Listen = new IPEndPoint(IPAddress.Loopback, 0) }, centre.Engine,
            logs);
        Address = new Uri(app.Urls.First());
        (Key, _) = await AddTerminalAsync();
        Client = ClientOf(Key);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        if (app is not null)
        {
            await app.StopAsync();
            await app.DisposeAsync();
        }

        if (centre is not null)
        {
            await centre.DisposeAsync();
        }

        await database.DisposeAsync();
    }

    /// <summary>A reference that no other test uses.</summary>
    public static string Reference(string name) => $"{name}-{Guid.NewGuid():N}";

    /// <summary>A client that shows a key, or none.</summary>
    internal HttpClient ClientOf(string? key)
    {
        var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = Address };
        if (key is not null)
        {
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        }

        return client;
    }

    /// <summary>A new agent with a deposit, a point and a terminal.</summary>
    internal async Task<(string Key, Terminal Terminal)> AddTerminalAsync(
        Func<NewTerminal, NewTerminal>? change = null, long depositQepik = SmallCentre.Deposit,
        string[]? allowed = null, int parts = 1)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"agent-{Interlocked.Increment(ref terminals)}");
        var agentId = (await Engine.Administer.AddAgentAsync(
            name, "Sınaq agenti", parts: parts, allowedServices: allowed))!.Value;
        await Engine.Administer.AddPointAsync(agentId, "p1", "Mərkəz");
        if (depositQepik > 0)
        {
            await Engine.DepositAsync(agentId, parts, "deposit-1", depositQepik);
        }

        return await AddTerminalToAsync(agentId, name + "-t1", change);
    }

    /// <summary>Another terminal of an agent.</summary>
    internal async Task<(string Key, Terminal Terminal)> AddTerminalToAsync(
        int agentId, string code, Func<NewTerminal, NewTerminal>? change = null)
    {
        var terminal = new NewTerminal(code, "Kassa");
        var key = (await Engine.Administer.AddTerminalAsync(agentId, 1, change?.Invoke(terminal) ?? terminal))!;
        return (key, (await Engine.Directory.FindByKeyAsync(key, Engine.Clock.GetCurrentInstant()))!);
    }

    /// <summary>How often the simulator credited a payment, and how often it took it back.</summary>
    internal async Task<(int Credited, int Reversed)> CreditedAsync(string number)
    {
        using var client = new HttpClient { BaseAddress = Centre.Simulator.Address };
        var told = JsonNode.Parse(await client.GetStringAsync(new Uri("/_sim/credited?txn=" + number, UriKind.Relative)))!;
        return ((int)told["credited"]!, (int)told["reversed"]!);
    }

    /// <summary>A payment when it is final; it is looked at for a minute at most.</summary>
    internal async Task<Answered> FinalAsync(string reference, HttpClient? client = null)
    {
        var looked = await (client ?? Client).LookAsync($"/v1/payments/{reference}?wait=20");
        for (var round = 0; round < 3 && !(bool)looked.Json!["final"]!; round++)
        {
            looked = await (client ?? Client).LookAsync($"/v1/payments/{reference}?wait=20");
        }

        return looked;
    }

    /// <summary>A good payment of 23.50 to a utility that needs no inquiry.</summary>
    public static JsonObject Payment(
        long amountQepik = 2_350, string account = "012345678901234", string service = "10101",
        long feeQepik = 0) => new()
    {
        ["service"] = service,
        ["account"] = account,
        ["amountQepik"] = amountQepik,
        ["totalQepik"] = amountQepik + feeQepik,
        ["tender"] = "cash",
    };
}

/// <summary>An HTTP answer, read.</summary>
internal sealed record Answered(HttpStatusCode Status, JsonNode? Json, HttpResponseMessage Response, string Text)
{
    public int Code => (int)Json!["code"]!;

    public string? State => (string?)Json!["state"];
}

internal static class Asking
{
    public static Task<Answered> LookAsync(
        this HttpClient client, string path, params (string Name, string Value)[] headers) =>
        client.AskAsync(HttpMethod.Get, path, null, headers);

    public static Task<Answered> PutAsync(this HttpClient client, string path, JsonNode body) =>
        client.AskAsync(HttpMethod.Put, path, Json(body.ToJsonString()));

    public static Task<Answered> PostAsync(this HttpClient client, string path, JsonNode? body = null) =>
        client.AskAsync(HttpMethod.Post, path, body is null ? null : Json(body.ToJsonString()));

    public static Task<Answered> PayAsync(this HttpClient client, string reference, JsonNode body) =>
        client.PutAsync("/v1/payments/" + reference, body);

    public static StringContent Json(string text) => new(text, Encoding.UTF8, "application/json");

    public static async Task<Answered> AskAsync(
        this HttpClient client, HttpMethod method, string path, HttpContent? body,
        params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body };
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        var response = await client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        var json = response.Content.Headers.ContentType?.MediaType?.EndsWith("json", StringComparison.Ordinal) == true
            ? JsonNode.Parse(text)
            : null;
        return new Answered(response.StatusCode, json, response, text);
    }
}
