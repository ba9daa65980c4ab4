using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using EGovPay.Processing;
using EGovPay.Processing.StateMachine;
using EGovPay.Terminals.Api;
using Microsoft.AspNetCore.Http.Metadata;

namespace EGovPay.Terminals.Problems;

/// <summary>A refusal as RFC 9457 writes it. Members that do not belong to a refusal are left out.</summary>
/// <param name="Type"><c>urn:egovpay:refusal:&lt;name&gt;</c>.</param>
/// <param name="Code">The refusal's number; the lowest that applies.</param>
/// <param name="Transient">May the same request succeed later?</param>
/// <param name="Field">The request's field at fault.</param>
/// <param name="FeeQepik">With 233: the right fee.</param>
/// <param name="TotalQepik">With 233: the right total.</param>
/// <param name="Reference">With 223: the payment that used the inquiry.</param>
/// <param name="State">With 411, 412, 413: how the payment stands.</param>
public sealed record ProblemJson(
    string Type, string Title, int Status, string Detail, int Code, bool Transient,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Field,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? FeeQepik,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? TotalQepik,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Reference,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? State);

/// <summary>
/// The one way in which anything is refused: every answer that is not a success is written here, in the asked language.
/// </summary>
/// <param name="why">The refusal.</param>
/// <param name="status">The HTTP status where the framework's own (405, 406, 408, 413, 415) says more than the
/// refusal's.</param>
/// <param name="state">With 411–413: how the payment stands.</param>
public sealed class Refuse(Refused why, int? status = null, PaymentState? state = null)
    : IResult, IEndpointMetadataProvider
{
    public const string ContentType = "application/problem+json";

    private const int DefaultRetrySeconds = 1;

    public static implicit operator Refuse(Refused why) => new(why);

    public static implicit operator Refuse(Refusal why) => new(new Refused(why));

    /// <summary>A malformed request that names the field at fault.</summary>
    public static Refuse Malformed(string? field) => new(new Refused(Refusal.MalformedRequest, field));

    public Refused Why => why;

    public Task ExecuteAsync(HttpContext httpContext)
    {
        var text = RefusalText.Of(why.Why);
        Observing.Measures.Refused(text.Name);
        var language = AskedLanguage.Of(httpContext.Request);
        var response = httpContext.Response;
        response.StatusCode = status ?? text.Status;
        response.Headers.ContentLanguage = language;
        if (why.Why is Refusal.TooManyRequests or Refusal.ProviderUnavailable or Refusal.Overloaded
            or Refusal.OutcomeNotKnown or Refusal.Internal)
        {
            var seconds = why.RetryAfterSeconds ?? DefaultRetrySeconds;
            response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }

        if (why.Why is Refusal.NotAuthenticated or Refusal.SignatureInvalid or Refusal.Replayed)
        {
            response.Headers.WWWAuthenticate = "Bearer realm=\"egovpay\"";
        }

        return response.WriteAsJsonAsync(
            ProblemOf(why, response.StatusCode, language, state), ApiJson.Wire.ProblemJson, ContentType, CancellationToken.None);
    }

    /// <summary>The bytes of a refusal that is always the same.</summary>
    public static byte[] ToJson(Refused why, string language) => JsonSerializer.SerializeToUtf8Bytes(
        ProblemOf(why, RefusalText.Of(why.Why).Status, language, null), ApiJson.Wire.ProblemJson);

    private static ProblemJson ProblemOf(Refused why, int status, string language, PaymentState? state)
    {
        var text = RefusalText.Of(why.Why);
        return new ProblemJson(
            "urn:egovpay:refusal:" + text.Name, text.Title.In(language), status, text.Detail.In(language),
            (int)why.Why, why.Transient, why.Field, why.FeeQepik, why.TotalQepik, why.Reference, state?.ToString());
    }

    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder) =>
        builder.Metadata.Add(new ProducesProblem());

    /// <summary>Every call may be refused in the one form; the statuses are in the contract.</summary>
    private sealed class ProducesProblem : IProducesResponseTypeMetadata
    {
        public Type? Type => typeof(ProblemJson);

        public int StatusCode => StatusCodes.Status400BadRequest;

        public IEnumerable<string> ContentTypes => [Refuse.ContentType];
    }
}
