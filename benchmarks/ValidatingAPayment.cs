using System.Text.RegularExpressions;
using BenchmarkDotNet.Attributes;
using EGovPay.Processing;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Dispatch;
using EGovPay.Processing.Inquiry;
using EGovPay.Processing.Payments;
using EGovPay.Processing.Validation;
using NodaTime;

namespace EGovPay.Benchmarks;

/// <summary>
/// What does it cost to judge a good request? The bar: at most 500 ns and 0 bytes, without an inquiry. The baseline
/// looks the service up in the list, matches by the framework's cached patterns and counts the fee in decimals.
/// </summary>
[MemoryDiagnoser]
public class ValidatingAPayment
{
    private readonly CatalogueSnapshot _catalogue = EmbeddedCatalogue.Load();
    private readonly Instant _now = Instant.FromUtc(2026, 11, 22, 8, 0);
    private readonly AllowedServices _allowed = AllowedServices.Of(["kommunal", "rabite", "40303"]);
    private readonly SealQuotes _seal = new([new QuoteKey(1, new byte[32])]);
    private PaymentRequest _request = null!;
    private PaymentRequest _typed = null!;
    private string _inquiry = "";

    /// <summary>Fifteen digits; two fields and a VÖEN; a mobile number; a VÖEN and a percent fee.</summary>
    [Params("10101", "10103", "20101", "40303")]
    public string Service { get; set; } = "";

    [GlobalSetup]
    public void Prepare()
    {
        var service = _catalogue.Find(Service)!;
        var rule = service.RuleOn(Baku.DateOf(_now))!;
        var fields = service.Fields.Skip(1).Select(field => new FieldValue(field.Name, field.Example)).ToArray();
        _request = Request(service, rule, service.Fields[0].Example, fields);
        _typed = Request(service, rule, service.Fields[0].Example + " ", fields);
        _inquiry = _seal.Seal(Quote.Of(
            1, service, rule, _request.Account, fields,
            new InquiryAnswer(InquiryResult.Found, "Əli Məmmədov", [], 5_000), _now));
        if (Valid() != 0 || ValidWithInquiry() != 0 || NaiveValid() != 0)
        {
            throw new InvalidOperationException("The request is not good.");
        }
    }

    [Benchmark]
    public int Valid() => Judge(_request, QuoteReading.None);

    /// <summary>The account has a space at its end each time: one new string.</summary>
    [Benchmark]
    public int ValidAfterNormalising()
    {
        _typed.Account = _typed.Account.Length == _request.Account.Length ? _request.Account + " " : _typed.Account;
        return Judge(_typed, QuoteReading.None);
    }

    /// <summary>With the inquiry's signature verified and its binding compared.</summary>
    [Benchmark]
    public int ValidWithInquiry() => Judge(_request, _seal.Read(_inquiry, _now));

    [Benchmark(Baseline = true)]
    public int NaiveValid()
    {
        var service = _catalogue.Services.FirstOrDefault(one => one.CodeText == _request.Service);
        var date = Baku.DateOf(_now);
        var rule = service?.Rules.Where(one => one.From <= date).OrderByDescending(one => one.From).FirstOrDefault();
        if (service is null || rule is not { Open: true }
            || !Regex.IsMatch(_request.Account.Trim(), service.Fields[0].PatternText)
            || service.Fields.Skip(1).Any(field => !Regex.IsMatch(
                _request.Fields!.Single(one => one.Name == field.Name).Value.Trim(), field.PatternText)))
        {
            return 1;
        }

        var amount = _request.AmountQepik / 100m;
        var percent = Math.Round(amount * rule.Fee.HundredthsOfPercent / 10_000m, 2, MidpointRounding.AwayFromZero);
        var fee = Math.Clamp(percent, rule.Fee.Floor.Qepik / 100m, rule.Fee.Cap.Qepik / 100m);
        return amount + fee == _request.TotalQepik / 100m ? 0 : 1;
    }

    private int Judge(PaymentRequest request, in QuoteReading inquiry) =>
        (int?)ValidatePayment.Check(request, _catalogue, _now, 1, _allowed, inquiry).Refused?.Why ?? 0;

    private static PaymentRequest Request(Service service, ServiceRule rule, string account, FieldValue[] fields) =>
        new()
    {
        Reference = "T7-000123",
        Service = service.CodeText,
        Account = account,
        Fields = fields,
        AmountQepik = 5_000,
        TotalQepik = 5_000 + rule.Fee.For(new Money(5_000)).Qepik,
        Tender = Tender.Cash,
    };
}
