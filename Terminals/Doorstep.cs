using System.Buffers;
using System.Globalization;
using EGovPay.Processing;
using EGovPay.Terminals.OsmpIn;
using EGovPay.Terminals.Problems;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace EGovPay.Terminals;

/// <summary>
/// Refuses what is too much before the framework makes a request of it: no context, no span, no route, no body, an answer whose
/// bytes are ready. A refusal is to cost a small part of a payment, or who refuses much has no time left to serve.
/// </summary>
/// <remarks>The gate asks once more, and that counts: between here and there others come in.</remarks>
internal sealed class Doorstep(IServer server, Entrance entrance, Func<bool> sure) : IServer
{
    private readonly ReadyRefusals refusals = new();

    public IFeatureCollection Features => server.Features;

    public Task StartAsync<TContext>(IHttpApplication<TContext> application, CancellationToken cancellationToken)
        where TContext : notnull =>
        server.StartAsync(new Application<TContext>(application, this), cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => server.StopAsync(cancellationToken);

    public void Dispose() => server.Dispose();

    /// <summary>Puts itself before the server that is there.</summary>
    public static void PutBefore(IServiceCollection services, Func<bool> sure)
    {
        var there = services.Last(one => one.ServiceType == typeof(IServer));
        services.Remove(there);
        services.AddSingleton<IServer>(all => new Doorstep(
            (IServer)ActivatorUtilities.CreateInstance(all, there.ImplementationType!), all.GetRequiredService<Entrance>(), sure));
    }

    /// <summary>True: it was refused, and its answer is written.</summary>
    private bool TryRefuse(IFeatureCollection features)
    {
        var request = features.GetRequiredFeature<IHttpRequestFeature>();
        if (Gate.IsHealth(request.Path))
        {
            return false;
        }

        if (!sure())
        {
            refusals.Write(request, features, Gate.UnsureRetrySeconds, last: false);
            return true;
        }

        if (entrance.HasRoom())
        {
            return false;
        }

        // Of a server that stops, the next request is to find another one.
        refusals.Write(request, features, Gate.FullRetrySeconds, last: entrance.Closing.IsCancellationRequested);
        return true;
    }

    /// <summary>The application behind the doorstep; a refused request has no context, and it never hears of it.</summary>
    private sealed class Application<TContext>(IHttpApplication<TContext> behind, Doorstep doorstep) : IHttpApplication<TContext>
        where TContext : notnull
    {
        public TContext CreateContext(IFeatureCollection contextFeatures) =>
            doorstep.TryRefuse(contextFeatures) ? default! : behind.CreateContext(contextFeatures);

        public Task ProcessRequestAsync(TContext context) =>
            context is null ? Task.CompletedTask : behind.ProcessRequestAsync(context);

        public void DisposeContext(TContext context, Exception? exception)
        {
            if (context is not null)
            {
                behind.DisposeContext(context, exception);
            }
        }
    }

    /// <summary>The refusal 900 as its bytes, in each language and form; only when to come again differs.</summary>
    private sealed class ReadyRefusals
    {
        private readonly RefusalText text = RefusalText.Of(Refusal.Overloaded);
        private readonly byte[] azerbaijani = Refuse.ToJson(new(Refusal.Overloaded), "az");
        private readonly byte[] english = Refuse.ToJson(new(Refusal.Overloaded), "en");
        private readonly byte[] russian = Refuse.ToJson(new(Refusal.Overloaded), "ru");
        private readonly byte[] osmp = new OsmpReply(
            "", OsmpReply.ResultOf(Refusal.Overloaded), Comment: RefusalText.Of(Refusal.Overloaded).Name).ToXml();

        public void Write(IHttpRequestFeature request, IFeatureCollection features, int retrySeconds, bool last)
        {
            Observing.Measures.Refused(text.Name);
            if (features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            {
                // Nobody reads it; more than a body may have is not even read over.
                size.MaxRequestBodySize = Api.ReadBody.Limit;
            }

            var response = features.GetRequiredFeature<IHttpResponseFeature>();
            var headers = response.Headers;
            Gate.Protect(headers, request.Scheme);
            if (last)
            {
                headers.Connection = "close";
            }

            byte[] body;
            if (request.Path.Equals(OsmpCalls.Path, StringComparison.OrdinalIgnoreCase))
            {
                headers.ContentType = OsmpReply.ContentType;
                body = osmp;
            }
            else
            {
                var asked = request.Headers.AcceptLanguage;
                var language = StringValues.IsNullOrEmpty(asked) ? "az" : AskedLanguage.Of(asked.ToString());
                response.StatusCode = text.Status;
                headers.ContentType = Refuse.ContentType;
                headers.ContentLanguage = language;
                headers.RetryAfter = retrySeconds.ToString(CultureInfo.InvariantCulture);
                body = language switch { "en" => english, "ru" => russian, _ => azerbaijani };
            }

            headers.ContentLength = body.Length;
            features.GetRequiredFeature<IHttpResponseBodyFeature>().Writer.Write(body);
        }
    }
}
