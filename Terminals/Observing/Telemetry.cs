using System.Diagnostics;
using System.Reflection;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace EGovPay.Terminals.Observing;

/// <summary>
/// Sends metrics and traces to a collector by OTLP. OpenTelemetry's own variables say where and how (OTEL_EXPORTER_OTLP_ENDPOINT and
/// its like); without an endpoint nothing is made, and everything that measures finds that nobody listens.
/// </summary>
internal sealed class Telemetry : IDisposable
{
    /// <summary>The meters that are told to a collector and at /metrics: ours, and the framework's where they speak of us.</summary>
    public static readonly IReadOnlyList<string> Meters =
    [
        Processing.Observing.Measures.Name, Providers.Measures.Name, Settlement.Observing.WatchSettlement.Name, Measures.Name,
        "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Runtime", "Npgsql",
    ];

    /// <summary>
    /// Of Npgsql only measures are taken: its spans carry statements. Of the HTTP client neither: providers are measured by name.
    /// </summary>
    public static readonly IReadOnlyList<string> Sources =
        ["Microsoft.AspNetCore", Processing.Observing.Measures.Name, Providers.Measures.Name];

    private const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";
    private const string Protocol = "OTEL_EXPORTER_OTLP_PROTOCOL";

    private readonly MeterProvider? metrics;
    private readonly TracerProvider? traces;

    private Telemetry(MeterProvider? metrics, TracerProvider? traces)
    {
        this.metrics = metrics;
        this.traces = traces;
    }

    /// <param name="node">This node's name: service.instance.id.</param>
    /// <param name="ratio">The part of traces that is kept, 0–1; those that end in trouble are kept beside it.</param>
    public static Telemetry? Open(string node, double ratio)
    {
        var off = Variable("OTEL_SDK_DISABLED") is { } said && said.Equals("true", StringComparison.OrdinalIgnoreCase);
        var all = Variable(Endpoint) is not null;
        var toMetrics = !off && (all || Variable("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT") is not null);
        var toTraces = !off && (all || Variable("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") is not null);
        return toMetrics || toTraces
            ? new Telemetry(toMetrics ? Metrics(node) : null, toTraces ? Traces(node, ratio) : null)
            : null;
    }

    /// <summary>Sends what is left, for a few seconds at most.</summary>
    public void Dispose()
    {
        traces?.Dispose();
        metrics?.Dispose();
    }

    private static MeterProvider Metrics(string node) => Sdk.CreateMeterProviderBuilder()
        .ConfigureResource(resource => Describe(resource, node))
        .AddMeter([.. Meters])
        .AddOtlpExporter(OverHttp)
        .Build();

    private static TracerProvider Traces(string node, double ratio) => Sdk.CreateTracerProviderBuilder()
        .ConfigureResource(resource => Describe(resource, node))
        .AddSource([.. Sources])
        .SetSampler(new KeepTroubled.Sampler(ratio))
        .AddProcessor(new KeepTroubled())
        .AddOtlpExporter(OverHttp)
        .Build();

    private static void Describe(ResourceBuilder resource, string node) => resource.AddService(
        "egovpay", serviceVersion: Assembly.GetExecutingAssembly().GetName().Version?.ToString(3),
        serviceInstanceId: node);

    /// <summary>OTLP's own default is HTTP with protobuf, this library's is gRPC: unless it was said, the former.</summary>
    private static void OverHttp(OtlpExporterOptions exporter)
    {
        if (Variable(Protocol) is null)
        {
            exporter.Protocol = OtlpExportProtocol.HttpProtobuf;
        }
    }

    private static string? Variable(string name) =>
        Environment.GetEnvironmentVariable(name) is { } value && !string.IsNullOrWhiteSpace(value) ? value : null;
}

/// <summary>
/// Keeps, whatever was drawn, the spans that end in trouble: a failure, a provider's silence. Spans that are not drawn are recorded and
/// not sent; one that ends as an error is sent after all, and so is what encloses it if that ends as one.
/// </summary>
internal sealed class KeepTroubled : BaseProcessor<Activity>
{
    public override void OnEnd(Activity data)
    {
        if (data.Status == ActivityStatusCode.Error)
        {
            data.ActivityTraceFlags |= ActivityTraceFlags.Recorded;
        }
    }

    /// <summary>A trace whose beginning was drawn is kept whole, by whomever it was begun; of the others a part is drawn.</summary>
    internal sealed class Sampler(double ratio) : OpenTelemetry.Trace.Sampler
    {
        private readonly OpenTelemetry.Trace.Sampler drawn = new ParentBasedSampler(new TraceIdRatioBasedSampler(ratio));

        public override SamplingResult ShouldSample(in SamplingParameters samplingParameters)
        {
            var result = drawn.ShouldSample(samplingParameters);
            return result.Decision == SamplingDecision.Drop ? new SamplingResult(SamplingDecision.RecordOnly) : result;
        }
    }
}
