using System.Text.Json;
using System.Text.Json.Serialization;
using EGovPay.Terminals.Api;

namespace EGovPay.Terminals.Office;

/// <summary>Every shape of the finance office's API, compiled in.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, MaxDepth = 16, AllowDuplicateProperties = false,
    NumberHandling = JsonNumberHandling.Strict)]
[JsonSerializable(typeof(OfficeProblemJson))]
[JsonSerializable(typeof(DayListJson))]
[JsonSerializable(typeof(DayClosedJson))]
[JsonSerializable(typeof(DayCloseAsked))]
[JsonSerializable(typeof(ProposalListJson))]
[JsonSerializable(typeof(ProposalJson))]
[JsonSerializable(typeof(ReasonAsked))]
[JsonSerializable(typeof(TopUpAsked))]
[JsonSerializable(typeof(LimitAsked))]
[JsonSerializable(typeof(System.Text.Json.JsonElement))]
[JsonSerializable(typeof(int?))]
[JsonSerializable(typeof(bool?))]
[JsonSerializable(typeof(long?))]
[JsonSerializable(typeof(StatementListJson))]
[JsonSerializable(typeof(StatementFileJson))]
[JsonSerializable(typeof(RegisterListJson))]
[JsonSerializable(typeof(RegisterFileJson))]
[JsonSerializable(typeof(NettingJson))]
[JsonSerializable(typeof(PayoutListJson))]
[JsonSerializable(typeof(PayoutAsked))]
[JsonSerializable(typeof(PayoutRoundJson))]
[JsonSerializable(typeof(ExportAsked))]
[JsonSerializable(typeof(PayoutFileJson))]
[JsonSerializable(typeof(BreakListJson))]
[JsonSerializable(typeof(BreakSummaryJson))]
[JsonSerializable(typeof(BreakWholeJson))]
[JsonSerializable(typeof(BreakAsked))]
[JsonSerializable(typeof(JobListJson))]
[JsonSerializable(typeof(JobRunListJson))]
[JsonSerializable(typeof(JobAskedJson))]
[JsonSerializable(typeof(ReconciliationAsked))]
[JsonSerializable(typeof(ReconciliationJson))]
[JsonSerializable(typeof(ReconciliationListJson))]
[JsonSerializable(typeof(ReportJson))]
[JsonSerializable(typeof(PayoutWholeJson))]
[JsonSerializable(typeof(PaymentStatusJson))]
[JsonSerializable(typeof(TermsJson))]
[JsonSerializable(typeof(TermsVersionListJson))]
[JsonSerializable(typeof(TermsAppliedJson))]
[JsonSerializable(typeof(CalendarJson))]
[JsonSerializable(typeof(CalendarAppliedJson))]
[JsonSerializable(typeof(StandingListJson))]
[JsonSerializable(typeof(AgentDaysJson))]
[JsonSerializable(typeof(EntryListJson))]
[JsonSerializable(typeof(RegisterLinesJson))]
[JsonSerializable(typeof(SentRegisterListJson))]
[JsonSerializable(typeof(SendAsked))]
[JsonSerializable(typeof(SendRoundJson))]
[JsonSerializable(typeof(WindowListJson))]
[JsonSerializable(typeof(TraceJson))]
internal sealed partial class OfficeJson : JsonSerializerContext
{
    /// <summary>The context that is used: as generated, with real letters.</summary>
    public static OfficeJson Wire => WithLetters.Context;

    private static class WithLetters
    {
        public static readonly OfficeJson Context = new(new JsonSerializerOptions(Default!.Options) { Encoder = ApiJson.Letters });
    }
}
