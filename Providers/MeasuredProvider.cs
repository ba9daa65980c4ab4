using System.Diagnostics;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Dispatch;

namespace EGovPay.Providers;

/// <summary>
/// A provider whose answers are timed and counted, whatever its protocol. No trace header goes out with a request: providers sign
/// and check exactly what their protocols name, and our traces are nobody's business.
/// </summary>
internal sealed class MeasuredProvider(IProvider inner) : IProvider, IDisposable
{
    public ProviderSettings Settings => inner.Settings;

    /// <summary>The adapter itself.</summary>
    internal IProvider Inner => inner;

    public Task<InquiryAnswer> InquireAsync(InquiryQuestion question, CancellationToken deadline) => Measures.Wanted
        ? MeasureAsync("inquire", null, () => inner.InquireAsync(question, deadline), NameOf)
        : inner.InquireAsync(question, deadline);

    public Task<DeliveryAnswer> PayAsync(Delivery delivery, CancellationToken deadline) => Measures.Wanted
        ? MeasureAsync("pay", delivery.Number, () => inner.PayAsync(delivery, deadline), NameOf)
        : inner.PayAsync(delivery, deadline);

    public Task<DeliveryAnswer> AskAsync(Delivery delivery, CancellationToken deadline) => Measures.Wanted
        ? MeasureAsync("ask", delivery.Number, () => inner.AskAsync(delivery, deadline), NameOf)
        : inner.AskAsync(delivery, deadline);

    public Task<ReversalAnswer> ReverseAsync(Reversal reversal, CancellationToken deadline) => Measures.Wanted
        ? MeasureAsync("reverse", reversal.Delivery.Number, () => inner.ReverseAsync(reversal, deadline), NameOf)
        : inner.ReverseAsync(reversal, deadline);

    public void Dispose() => (inner as IDisposable)?.Dispose();

    private async Task<T> MeasureAsync<T>(string call, long? number, Func<Task<T>> ask, Func<T, string> nameOf)
    {
        using var span = Measures.Spans.StartActivity($"{call} {Settings.Code}", ActivityKind.Client);
        span?.SetTag("egovpay.provider", Settings.Code).SetTag("egovpay.protocol", Settings.Protocol)
            .SetTag("egovpay.payment.number", number);
        var began = Stopwatch.GetTimestamp();
        var result = "failed";
        try
        {
            var answer = await ask();
            result = nameOf(answer);
            return answer;
        }
        finally
        {
            Measures.Asked(Settings.Code, Settings.Protocol, call, result, Stopwatch.GetElapsedTime(began));
            span?.SetTag("egovpay.result", result);
            if (result is "failed" or "Silent" or "Unavailable")
            {
                span?.SetStatus(ActivityStatusCode.Error, result);
            }
        }
    }

    private static string NameOf(InquiryAnswer answer) => answer.Result.ToString();

    private static string NameOf(DeliveryAnswer answer) => answer.Result.ToString();

    private static string NameOf(ReversalAnswer answer) => answer.Result.ToString();
}
