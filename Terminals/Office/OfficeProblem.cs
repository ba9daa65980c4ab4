using System.Globalization;
using System.Reflection;
using System.Text.Json.Serialization;
using EGovPay.Processing;
using EGovPay.Processing.Catalogue;
using EGovPay.Terminals.Problems;
using Microsoft.AspNetCore.Http.Metadata;

namespace EGovPay.Terminals.Office;

/// <summary>Why the finance office's API did not do what was asked.</summary>
internal enum OfficeRefusal
{
    Malformed = 1,
    NotKnown,
    Locked,
    NotEntitled,
    NotThere,

    /// <summary>As things stand it cannot be done; the reason says why.</summary>
    NotPossible,

    /// <summary>A file cannot be read; the reason names the line.</summary>
    Unreadable,

    /// <summary>None of the forms that there are is accepted.</summary>
    NotAcceptable,
}

/// <summary>A refusal as RFC 9457 writes it.</summary>
/// <param name="Type"><c>urn:egovpay:office:&lt;name&gt;</c>.</param>
/// <param name="Detail">What to do, in the asked language.</param>
/// <param name="Reason">
/// What exactly stands in the way, in the asked language; of a file that somebody sent, its reader's own words behind it are English.
/// </param>
/// <param name="Field">What of the request is at fault.</param>
/// <param name="Faults">Everything that is wrong with a file of ours, by line.</param>
public sealed record OfficeProblemJson(
    string Type, string Title, int Status, string Detail,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Reason,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Field,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<FaultJson>? Faults);

/// <summary>One thing that is wrong with a file.</summary>
/// <param name="Line">From 1.</param>
/// <param name="Message">English; says what to do.</param>
public sealed record FaultJson(int Line, string Message);

/// <summary>The one way in which the finance office's API refuses.</summary>
/// <param name="reason">Null: the refusal says it all.</param>
/// <param name="retryAfterSeconds">With Locked.</param>
/// <param name="faults">With Unreadable, of a file of ours.</param>
/// <param name="status">Where the framework's own (405, 408, 413) says more than the refusal's.</param>
internal sealed class OfficeProblem(
    OfficeRefusal why, Localised? reason = null, string? field = null, int? retryAfterSeconds = null, IReadOnlyList<FaultJson>? faults = null,
    int? status = null)
    : IResult, IEndpointMetadataProvider
{
    private const int MostFaults = 1_000;

    public static OfficeProblem Malformed(string field, Localised reason) => new(OfficeRefusal.Malformed, reason, field);

    /// <summary>A file with faults, of which nothing was applied; the first of them, line by line.</summary>
    public static OfficeProblem Faulty(IReadOnlyList<CatalogueFault> faults) => new(
        OfficeRefusal.Unreadable, OfficeReasons.Faults(faults.Count, faults[0]), "body",
        faults: [.. faults.Take(MostFaults).Select(one => new FaultJson(one.Line, one.Message))]);

    /// <summary>What the framework refuses by itself; null: nothing of the office's.</summary>
    public static OfficeProblem? Of(Refusal why, int? status) => (why, status) switch
    {
        (Refusal.NotFound, _) => new(OfficeRefusal.NotThere, OfficeReasons.NoSuchCall),
        (Refusal.MalformedRequest, StatusCodes.Status405MethodNotAllowed) => new(OfficeRefusal.Malformed, OfficeReasons.NotThisMethod, status: status),
        (Refusal.MalformedRequest, _) => new(OfficeRefusal.Malformed, status: status),
        _ => null,
    };

    public OfficeRefusal Why => why;

    public Task ExecuteAsync(HttpContext httpContext)
    {
        var (name, usual, title, detail) = TextOf(why);
        var language = AskedLanguage.Of(httpContext.Request);
        var response = httpContext.Response;
        response.StatusCode = status ?? usual;
        response.Headers.ContentLanguage = language;
        if (retryAfterSeconds is { } seconds)
        {
            response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }

        if (why == OfficeRefusal.NotKnown)
        {
            response.Headers.WWWAuthenticate = "Bearer realm=\"egovpay\"";
        }

        return response.WriteAsJsonAsync(
            new OfficeProblemJson(
                "urn:egovpay:office:" + name, title.In(language), response.StatusCode, detail.In(language), reason?.In(language), field, faults),
            OfficeJson.Wire.OfficeProblemJson, Refuse.ContentType, CancellationToken.None);
    }

    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder) => builder.Metadata.Add(new ProducesProblem());

    private static (string Name, int Status, Localised Title, Localised Detail) TextOf(OfficeRefusal why) => why switch
    {
        OfficeRefusal.Malformed => ("malformed", 400,
            new("Sorğu düzgün qurulmayıb", "The request is malformed", "Запрос составлен неверно"),
            new("Göstərilən sahəni düzəldin.", "Correct the named field.", "Исправьте указанное поле.")),
        OfficeRefusal.NotKnown => ("not-known", 401,
            new("Açar tanınmadı", "The key is not known", "Ключ не опознан"),
            new("Şəxsi açarınızı Authorization: Bearer başlığında göndərin.",
                "Send your personal key as Authorization: Bearer.",
                "Передайте свой личный ключ в заголовке Authorization: Bearer.")),
        OfficeRefusal.Locked => ("locked", 429,
            new("Giriş müvəqqəti bağlanıb", "Signing in is locked for a while", "Вход временно закрыт"),
            new("Retry-After başlığındakı qədər gözləyin.", "Wait as long as Retry-After says.", "Подождите указанное в Retry-After время.")),
        OfficeRefusal.NotEntitled => ("not-entitled", 403,
            new("Bu sizin rolunuz deyil", "This is not for your role", "Это не для вашей роли"),
            new("Müvafiq rolu olan həmkarınızdan xahiş edin.", "Ask a colleague who has the role.", "Попросите коллегу с нужной ролью.")),
        OfficeRefusal.NotThere => ("not-there", 404,
            new("Belə bir şey yoxdur", "There is no such thing", "Такого нет"),
            new("Nömrəni və ya adı yoxlayın.", "Check the number or the name.", "Проверьте номер или имя.")),
        OfficeRefusal.Unreadable => ("unreadable", 422,
            new("Fayl oxunmadı", "The file cannot be read", "Файл не читается"),
            new("Göstərilən sətri düzəldin və ya faylı göndərəndən yenisini istəyin.",
                "Correct the named line, or ask whoever sent the file for another.",
                "Исправьте указанную строку или запросите новый файл у отправителя.")),
        OfficeRefusal.NotAcceptable => ("not-acceptable", 406,
            new("Belə formatda verilmir", "Not given in that form", "В такой форме не выдаётся"),
            new("Accept başlığını və ya format parametrini düzəldin.", "Correct the Accept header or the format parameter.",
                "Исправьте заголовок Accept или параметр format.")),
        _ => ("not-possible", 409,
            new("İndi mümkün deyil", "Not possible as things stand", "Сейчас невозможно"),
            new("Səbəbi oxuyun; heç nə dəyişməyib.", "Read the reason; nothing was changed.", "Прочитайте причину; ничего не изменилось.")),
    };

    private sealed class ProducesProblem : IProducesResponseTypeMetadata
    {
        public Type? Type => typeof(OfficeProblemJson);

        public int StatusCode => StatusCodes.Status400BadRequest;

        public IEnumerable<string> ContentTypes => [Refuse.ContentType];
    }
}
