using Microsoft.OpenApi;

namespace EGovPay.Terminals.Api;

/// <summary>The body of a call is a file, of whatever media type.</summary>
internal sealed class TakesFile;

/// <summary>
/// The machine-readable contract at <c>/openapi/v1.json</c>. It is committed beside this project and compared by a
/// test.
/// </summary>
internal static class OpenApiDocument
{
    private const string BearerScheme = "terminal";
    private const string PersonScheme = "person";

    public static void Add(IServiceCollection services) => services.AddOpenApi("v1", options =>
    {
        options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new OpenApiInfo
            {
                Title = "eGovPay terminal API",
                Version = "1",
                Description = "Amounts are whole qəpik, instants ISO 8601 in UTC, dates those of Baku. "
                    + "Every refusal is application/problem+json (RFC 9457).",
            };

            // Where it is served is not part of the contract.
            document.Servers = [];
            document.Components ??= new OpenApiComponents();
            document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>(StringComparer.Ordinal)
            {
                [BearerScheme] = new OpenApiSecurityScheme
                {
                    Type = SecuritySchemeType.Http,
                    Scheme = "bearer",
                    Description = "The terminal's key.",
                },
                [PersonScheme] = new OpenApiSecurityScheme
                {
                    Type = SecuritySchemeType.Http,
                    Scheme = "bearer",
                    Description = "The personal key of somebody with a finance role.",
                },
            };
            return Task.CompletedTask;
        });
        options.AddOperationTransformer((operation, context, _) =>
        {
            if (operation.Responses?.Remove("400", out var refusal) == true)
            {
                refusal.Description = "A refusal: code, name and what to do.";
                operation.Responses["default"] = refusal;
            }

            if (context.Description.RelativePath?.StartsWith("v1/", StringComparison.Ordinal) == true)
            {
                operation.Security =
                [
                    new OpenApiSecurityRequirement
                    {
                        [new OpenApiSecuritySchemeReference(
                            context.Description.RelativePath.StartsWith("v1/settlement/", StringComparison.Ordinal)
                                ? PersonScheme : BearerScheme,
                            context.Document)] = [],
                    },
                ];
            }

            if (context.Description.ActionDescriptor.EndpointMetadata.OfType<TakesFile>().Any())
            {
                operation.RequestBody = new OpenApiRequestBody
                {
                    Required = true,
                    Description = "The file itself.",
                    Content = new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal)
                    {
                        ["application/octet-stream"] = new()
                        {
                            Schema = new OpenApiSchema { Type = JsonSchemaType.String, Format = "binary" },
                        },
                    },
                };
            }

            return Task.CompletedTask;
        });
    });

    public static void Map(IEndpointRouteBuilder routes) => routes.MapOpenApi("/openapi/{documentName}.json");
}
