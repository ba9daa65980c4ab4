using System.CommandLine;
using System.Globalization;
using EGovPay.Processing;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.People;
using EGovPay.Processing.Telling;
using EGovPay.Terminals.Telling;
using NodaTime;

namespace EGovPay.Terminals.CommandLine;

/// <summary>`egovpay webhook …`: where agents and providers hear of payments.</summary>
internal static class WebhookCommands
{
    private const int MostListed = 10_000;
    private static readonly TimeSpan TestTimeout = TimeSpan.FromSeconds(15);

    public static Verb Build() => new Verb("webhook", "Webhooks: where agents and providers hear of payments.")
        .With(Add(), List(), Remove(), On(), Rotate(), Test());

    private static Argument<int> EndpointArgument() => new("endpoint") { Description = "the endpoint's number" };

    private static Verb Add()
    {
        var url = new Argument<string>("url") { Description = "where it listens, https" };
        var agent = new Option<string?>("--agent") { Description = "the agent that hears of its payments", HelpName = "CODE" };
        var provider = new Option<string?>("--provider")
        {
            Description = "the provider that hears of the payments to it", HelpName = "CODE",
        };
        var events = new Option<string?>("--events")
        {
            Description = $"only these, separated by commas: {string.Join(", ", Announcement.Types)}; default all",
            HelpName = "LIST",
        };
        var json = Print.JsonOption();
        return new Verb(
                "add", "Subscribes an agent or a provider: it hears of payments accepted from now on. Shows the signing secret.",
                "egovpay webhook add https://bank.example/hooks --agent btb",
                "egovpay webhook add https://teskilat.example/odenis --provider temizsheher --events payment.confirmed,payment.reversed")
            .With(url, agent, provider, events, json)
            .Does(Acts.WebhookAdd, async (parsed, cancel) =>
            {
                var settings = ReadSettings.From(parsed);
                var target = Target(parsed.GetValue(url)!, TellingSetting.Targets(settings));
                var types = Types(parsed.GetValue(events));
                if (parsed.GetValue(agent) is null == parsed.GetValue(provider) is null)
                {
                    throw CommandException.Usage("Give either --agent or --provider: whose endpoint it is.");
                }

                await using var desk = await Desk.OpenAsync(parsed, cancel);
                var secret = ServerSecret.Take(settings, desk.Store.Home, make: false);
                int? agentId = parsed.GetValue(agent) is { } code
                    ? (await AgentCommands.FindAsync(desk.Store.Database, code)).AgentId
                    : null;
                int? providerId = parsed.GetValue(provider) is { } named
                    ? await ProviderAsync(desk.Store, named, cancel)
                    : null;
                var (made, id) = await desk.Endpoints.AddAsync(agentId, providerId, target, types, cancel);
                switch (made)
                {
                    case EndpointMade.Known:
                        throw new CommandException($"That address is its endpoint {id} already. `egovpay webhook list` shows them.");
                    case EndpointMade.TooMany:
                        throw new CommandException($"It has {Endpoints.MostEach} endpoints already, or there are "
                            + $"{Endpoints.MostInAll} in all. Remove one first.");
                    default:
                        await SaySecretAsync(parsed, json, $"Endpoint {id} is made.", id, SignWebhook.Secret(secret, id, 1));
                        return Exit.Done;
                }
            });
    }

    private static Verb List()
    {
        var listing = new Listing(MostListed, MostListed);
        return new Verb("list", "Shows all endpoints; never a secret.", "egovpay webhook list", "egovpay webhook list --json")
            .With([.. listing.Options])
            .Does(async (parsed, cancel) =>
            {
                var most = listing.Ask(parsed);
                await using var store = await Store.UseAsync(ReadSettings.From(parsed), cancel);
                var catalogue = await CatalogueStore.LatestOrEmbeddedAsync(store.Database, cancel);
                var endpoints = (await new Endpoints(store.Database).ListAsync(cancel)).Take(most).ToList();
                return listing.Show(
                    parsed, endpoints, [">endpoint", "whose", "address", "hears of", "state"],
                    one =>
                    [
                        one.Id.ToString(CultureInfo.InvariantCulture), Whose(one, catalogue), one.Shown,
                        one.Events is null ? "all" : string.Join(", ", one.Events),
                        one.OffAt is null ? "told" : $"off: {one.OffNote}",
                    ],
                    (line, one) =>
                    {
                        line.WriteNumber("endpoint", one.Id);
                        line.WriteString("agent", one.Agent);
                        line.WriteString("provider", one.ProviderId is null ? null : Whose(one, catalogue));
                        line.WriteString("url", one.Shown);
                        line.WriteString("events", one.Events is null ? null : string.Join(',', one.Events));
                        line.WriteNumber("generation", one.Generation);
                        line.WriteBoolean("off", one.OffAt is not null);
                        line.WriteString("note", one.OffNote);
                    });
            });
    }

    private static Verb Remove()
    {
        var endpoint = EndpointArgument();
        return new Verb("remove", "Removes an endpoint; what was on its way to it becomes dead letters.", "egovpay webhook remove 3")
            .With(endpoint)
            .Does(Acts.WebhookRemove, async (parsed, cancel) =>
            {
                await using var desk = await Desk.OpenAsync(parsed, cancel);
                var id = parsed.GetValue(endpoint);
                return await desk.Endpoints.RemoveAsync(id, cancel)
                    ? await SayAsync(parsed, $"Endpoint {id} is removed.")
                    : throw NoEndpoint(id);
            });
    }

    private static Verb On()
    {
        var endpoint = EndpointArgument();
        return new Verb(
                "on", "Tells an endpoint again that was switched off; `egovpay telling resend` sends what it missed meanwhile.",
                "egovpay webhook on 3")
            .With(endpoint)
            .Does(Acts.WebhookOn, async (parsed, cancel) =>
            {
                await using var desk = await Desk.OpenAsync(parsed, cancel);
                var id = parsed.GetValue(endpoint);
                var known = await desk.Endpoints.FindAsync(id, cancel) ?? throw NoEndpoint(id);
                await desk.Endpoints.SwitchOnAsync(id, cancel);
                return await SayAsync(
                    parsed, known.OffAt is null ? $"Endpoint {id} was not off." : $"Endpoint {id} is told again.");
            });
    }

    private static Verb Rotate()
    {
        var endpoint = EndpointArgument();
        var force = new Option<bool>("--force")
        {
            Description = "also while the secret before still signs; that one ends at once",
        };
        var json = Print.JsonOption();
        return new Verb(
                "rotate", $"Gives an endpoint a new secret; the old one signs too for {Endpoints.GraceHours} hours.",
                "egovpay webhook rotate 3")
            .With(endpoint, force, json)
            .Does(Acts.WebhookRotate, async (parsed, cancel) =>
            {
                await using var desk = await Desk.OpenAsync(parsed, cancel);
                var secret = ServerSecret.Take(ReadSettings.From(parsed), desk.Store.Home, make: false);
                var id = parsed.GetValue(endpoint);
                if (await desk.Endpoints.FindAsync(id, cancel) is null)
                {
                    throw NoEndpoint(id);
                }

                var generation = await desk.Endpoints.RotateAsync(id, parsed.GetValue(force), cancel)
                    ?? throw new CommandException(
                        $"Endpoint {id} was given a secret within the last {Endpoints.GraceHours} hours, and the one before still "
                        + "signs. Wait until that is over, or say --force: the one before ends at once.");
                await SaySecretAsync(
                    parsed, json, $"Endpoint {id} has a new secret.", id, SignWebhook.Secret(secret, id, generation));
                return Exit.Done;
            });
    }

    private static Verb Test()
    {
        var endpoint = EndpointArgument();
        return new Verb(
                "test", "Posts one signed event `webhook.test` to an endpoint, and says what came of it.", "egovpay webhook test 3")
            .With(endpoint)
            .Does(Acts.WebhookTest, async (parsed, cancel) =>
            {
                var settings = ReadSettings.From(parsed);
                await using var desk = await Desk.OpenAsync(parsed, cancel);
                var secret = ServerSecret.Take(settings, desk.Store.Home, make: false);
                var id = parsed.GetValue(endpoint);
                var known = await desk.Endpoints.FindAsync(id, cancel) ?? throw NoEndpoint(id);
                await desk.Endpoints.RecordTestAsync(id, cancel);
                var now = SystemClock.Instance.GetCurrentInstant();
                using var post = new PostWebhook(TellingSetting.Targets(settings));
                using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
                limit.CancelAfter(TestTimeout);
                Reached reached;
                try
                {
                    reached = await post.PostAsync(
                        known.Url, string.Create(CultureInfo.InvariantCulture, $"test_{id}_{now.ToUnixTimeMilliseconds()}"), now,
                        WebhookBody.ForTest(now), SignWebhook.KeysOf(known, purpose => [Engine.Derive(secret, purpose)], now), limit.Token);
                }
                catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
                {
                    reached = new Reached(Reach.Ill, "no answer in time");
                }

                return reached.How == Reach.Told
                    ? await SayAsync(parsed, $"Endpoint {id} took it.")
                    : throw new CommandException($"Endpoint {id} did not take it: {reached.Note}.");
            });
    }

    private static Uri Target(string text, AllowedTargets targets)
    {
        var fault = Uri.TryCreate(text, UriKind.Absolute, out var url) ? targets.Fault(url) : "it is no https address";
        return fault is null ? url! : throw CommandException.Usage($"'{text}' cannot be an endpoint: {fault}.");
    }

    private static string[]? Types(string? list)
    {
        var types = list?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return types?.FirstOrDefault(type => !Announcement.Types.Contains(type, StringComparer.Ordinal)) is { } unknown
            ? throw CommandException.Usage($"--events: there is no event '{unknown}'. There are: {string.Join(", ", Announcement.Types)}.")
            : types is [] ? null : types;
    }

    private static async Task<int> ProviderAsync(Store store, string code, CancellationToken cancel) =>
        (await CatalogueStore.LatestOrEmbeddedAsync(store.Database, cancel)).Provider(code)?.Id
        ?? throw new CommandException($"There is no provider '{code}' in the catalogue.");

    private static string Whose(WebhookEndpoint endpoint, CatalogueSnapshot catalogue) => endpoint.Agent
        ?? catalogue.Provider(endpoint.ProviderId!.Value)?.Code
        ?? string.Create(CultureInfo.InvariantCulture, $"provider {endpoint.ProviderId}");

    private static CommandException NoEndpoint(int id) =>
        new($"There is no endpoint {id}. `egovpay webhook list` shows them.");

    private static async Task<int> SayAsync(ParseResult parsed, string sentence)
    {
        await parsed.InvocationConfiguration.Output.WriteLineAsync(sentence);
        return Exit.Done;
    }

    private static Task SaySecretAsync(ParseResult parsed, Option<bool> json, string sentence, int id, string secret) =>
        AgentCommands.SayAsync(parsed, json, $"{sentence} Its secret, shown this once: {secret}", line =>
        {
            line.WriteNumber("endpoint", id);
            line.WriteString("secret", secret);
        });
}
