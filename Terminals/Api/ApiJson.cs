using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Unicode;
using EGovPay.Terminals.Devices;
using EGovPay.Terminals.Problems;
using EGovPay.Terminals.Receipts;
using EGovPay.Terminals.Shifts;

namespace EGovPay.Terminals.Api;

/// <summary>
/// Every shape that the API reads or writes, compiled in: there is no reflection. What is read may not name a property
/// twice, may not be deeper than 16, and may hold properties that we do not know; numbers are numbers, texts are texts.
/// </summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    MaxDepth = 16,
    AllowDuplicateProperties = false,
    NumberHandling = JsonNumberHandling.Strict)]
[JsonSerializable(typeof(PaymentAsked))]
[JsonSerializable(typeof(InquiryAsked))]
[JsonSerializable(typeof(ReversalAsked))]
[JsonSerializable(typeof(ShiftAsked))]
[JsonSerializable(typeof(ShiftEndAsked))]
[JsonSerializable(typeof(StatusTold))]
[JsonSerializable(typeof(CollectionTold))]
[JsonSerializable(typeof(PaymentJson))]
[JsonSerializable(typeof(PaymentListJson))]
[JsonSerializable(typeof(InquiryJson))]
[JsonSerializable(typeof(ServiceJson))]
[JsonSerializable(typeof(ServiceListJson))]
[JsonSerializable(typeof(FundsJson))]
[JsonSerializable(typeof(ShiftJson))]
[JsonSerializable(typeof(StatusJson))]
[JsonSerializable(typeof(CollectionJson))]
[JsonSerializable(typeof(HealthJson))]
[JsonSerializable(typeof(ProblemJson))]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(int))]
internal sealed partial class ApiJson : JsonSerializerContext
{
    /// <summary>Real letters on the wire; what HTML could misread is still escaped.</summary>
    public static readonly JavaScriptEncoder Letters = JavaScriptEncoder.Create(UnicodeRanges.All);

    /// <summary>The context that is used: as generated, with <see cref="Letters"/>.</summary>
    public static ApiJson Wire => WithLetters.Context;

    /// <summary>Receipts and verification answers, with <see cref="Letters"/>.</summary>
    public static ReceiptJsonContext Receipts => WithLetters.ReceiptContext;

    /// <summary>Apart, because the generated half has statics of its own and their order is nobody's promise.</summary>
    private static class WithLetters
    {
        public static readonly ApiJson Context = new(new JsonSerializerOptions(Default!.Options) { Encoder = Letters });

        public static readonly ReceiptJsonContext ReceiptContext =
            new(new JsonSerializerOptions(ReceiptJsonContext.Default!.Options) { Encoder = Letters });
    }
}
