using EGovPay.Benchmarks.Torture;
using EGovPay.Processing.Receipts;
using FluentAssertions;
using NodaTime;
using Xunit;

namespace EGovPay.Tests.Torture;

/// <summary>
/// The torture's auditor, alone: three small books that agree, and each lie in one of them that must not pass for the truth.
/// </summary>
public sealed class Auditing : IDisposable
{
    private const long Confirmed = 101;
    private const long Declined = 102;
    private const long Reversed = 103;
    private const long Refused = 104;
    private static readonly DateOnly Day = new(2026, 11, 22);

    private readonly string folder = Directory.CreateTempSubdirectory("egovpay-auditing-").FullName;
    private readonly List<string> told =
    [
        "A\t10\t1\tPUT\tR1\t0\t10101\t111\t500\t520",
        "S\t20\t1\tPUT\tR1\t0\t201\t0\tFalse\tConfirmed\tTrue\t101\t263260010000001#\t500",
        "A\t11\t2\tPUT\tR2\t0\t10101\t222\t600\t620",
        "S\t30\t2\tPUT\tR2\t0\t202\t0\tFalse\tUnknown\tFalse\t102\t\t600",
        "A\t40\t3\tGET\tR2\t0\t\t\t0\t0",
        "S\t50\t3\tGET\tR2\t0\t200\t0\tFalse\tDeclined\tTrue\t102\t\t600",
        "A\t12\t4\tPUT\tR3\t1\t10101\t333\t700\t720",
        "S\t22\t4\tPUT\tR3\t1\t201\t0\tFalse\tConfirmed\tTrue\t103\t263260010000002#\t700",
        "A\t60\t5\tREVERSE\tR3\t1\t\t\t0\t0",
        "S\t70\t5\tREVERSE\tR3\t1\t200\t0\tFalse\tReversed\tTrue\t103\t263260010000002#\t700",
        "A\t13\t6\tPUT\tR4\t1\t10101\t444\t800\t820",
        "S\t23\t6\tPUT\tR4\t1\t422\t130\tFalse\t\tFalse\t\t\t0",
        "E\t99\t0\tEND\tR4\t0\tno",
    ];

    private readonly List<string> record =
    [
        "C\tnet\t101\t1\t500\t0\t1\t0\t111\t0",
        "D\tnet\t102\t0\t600\t0\t1\t5\t222\t0",
        "C\tnet\t103\t2\t700\t0\t1\t0\t333\t0",
        "R\tnet\t103\t2\t700\t0\t1\t0\t333\t9",
    ];

    private readonly EngineBook book = Books();

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Books_that_agree_are_clean()
    {
        var verdict = Compare();
        verdict.First(5).Should().BeEmpty();
        verdict.Good.Should().BeTrue();
    }

    [Fact]
    public void Another_account_in_book_and_record_alike_is_not_what_was_asked_for()
    {
        Replace(Confirmed, account: "999");
        record[0] = record[0].Replace("111", "999", StringComparison.Ordinal);
        Finds(Wrong.Untold, "asked 10101 111");
    }

    [Fact]
    public void Another_service_is_not_what_was_asked_for()
    {
        Replace(Confirmed, service: "10102");
        Finds(Wrong.Untold, "booked 10102");
    }

    [Fact]
    public void A_fee_that_the_payer_never_gave_is_seen()
    {
        told[0] = told[0].Replace("\t520", "\t500", StringComparison.Ordinal);
        Finds(Wrong.Untold, "500 + 20");
    }

    [Fact]
    public void A_reversal_that_nobody_asked_for_is_seen()
    {
        told.RemoveAll(line => line.Contains("REVERSE", StringComparison.Ordinal));
        told.Add("A\t80\t7\tGET\tR3\t0\t\t\t0\t0");
        told.Add("S\t90\t7\tGET\tR3\t0\t200\t0\tFalse\tReversed\tTrue\t103\t263260010000002#\t700");
        Finds(Wrong.Untold, "no terminal asked");
    }

    [Fact]
    public void A_reversal_in_part_is_seen()
    {
        record[3] = record[3].Replace("\t700\t", "\t650\t", StringComparison.Ordinal);
        Finds(Wrong.Lost, "in part");
    }

    [Fact]
    public void A_payment_that_is_denied_after_it_was_told_of_is_seen()
    {
        told.InsertRange(4, ["A\t32\t8\tGET\tR2\t0\t\t\t0\t0", "S\t35\t8\tGET\tR2\t0\t404\t414\tFalse\t\tFalse\t\t\t0"]);
        Finds(Wrong.Untold, "does not");
    }

    [Fact]
    public void A_denial_that_was_asked_for_before_it_was_told_of_is_no_lie()
    {
        told.InsertRange(4, ["A\t12\t8\tGET\tR2\t0\t\t\t0\t0", "S\t35\t8\tGET\tR2\t0\t404\t414\tFalse\t\tFalse\t\t\t0"]);
        Compare().Good.Should().BeTrue();
    }

    [Fact]
    public void A_decline_of_which_its_provider_never_heard_is_seen()
    {
        record.RemoveAt(1);
        Finds(Wrong.Lost, "never heard");
    }

    [Theory]
    [InlineData(Declined, "owes the cash")]
    [InlineData(Reversed, "owes the cash")]
    public void Cash_that_nobody_owes_is_seen(long number, string what)
    {
        book.CashToReturn.Remove(number);
        Finds(Wrong.Untold, what);
    }

    [Fact]
    public void Cash_to_be_given_back_for_what_was_delivered_is_seen()
    {
        book.CashToReturn.Add(Confirmed);
        Finds(Wrong.Untold, "to be given back");
    }

    [Fact]
    public void A_deposit_that_counts_twice_is_seen()
    {
        book.Movements[2] = (1, "top-up", Centre.DepositQepik);
        Finds(Wrong.Unbalanced, "deposited");
    }

    [Fact]
    public void A_credit_that_is_not_booked_is_lost()
    {
        record.Add("C\tnet\t104\t3\t800\t0\t1\t0\t444\t0");
        Finds(Wrong.Lost, "not in the book");
    }

    [Fact]
    public void A_second_credit_is_doubled()
    {
        record.Add(record[0]);
        Finds(Wrong.Doubled, "credited 2 times");
    }

    [Fact]
    public void A_hold_that_stays_is_unbalanced()
    {
        book.Funds[1] = book.Funds[1] with { Pending = 620 };
        Finds(Wrong.Unbalanced, "holds 620");
    }

    [Fact]
    public void A_payment_without_an_end_is_unfinished()
    {
        book.Payments[Declined].Events.RemoveAt(2);
        book.Queue.Add(Declined);
        book.Funds[1] = book.Funds[1] with { Pending = 620 };
        Finds(Wrong.Unfinished, "still Unknown");
    }

    [Fact]
    public void A_refused_request_that_stands_in_the_book_all_the_same_is_seen()
    {
        Add(book, Refused, "R4", "444", 800, (2, null), (7, null));
        Finds(Wrong.Untold, "otherwise than the book");
    }

    private void Finds(Wrong kind, string what)
    {
        var verdict = Compare();
        verdict.Good.Should().BeFalse();
        verdict.First(20).Should().Contain(found => found.Kind == kind && found.What.Contains(what));
    }

    private Verdict Compare()
    {
        // What a receipt's check digit is, the auditor reckons itself; the book's first and second of the day are meant.
        File.WriteAllLines(
            Path.Combine(folder, "desk.log"),
            told.Select(line => line.Replace("263260010000001#", Printed(1), StringComparison.Ordinal)
                .Replace("263260010000002#", Printed(2), StringComparison.Ordinal)));
        var file = Path.Combine(folder, "record");
        File.WriteAllLines(file, record);
        var terminals = new ToldBook();
        var log = Directory.CreateDirectory(Path.Combine(folder, "told")).FullName;
        File.Move(Path.Combine(folder, "desk.log"), Path.Combine(log, "desk.log"), overwrite: true);
        terminals.Read(log, _ => "agent");
        var verdict = new Verdict();
        CompareThreeBooks.Run(
            terminals, book, ProviderBook.Read(file), new Dictionary<int, string> { [7] = "net" }, verdict);
        return verdict;
    }

    private static EngineBook Books()
    {
        var book = new EngineBook();
        book.Agents[1] = ("agent", 0);
        book.Movements[1] = (1, "top-up", Centre.DepositQepik);
        Add(book, Confirmed, "R1", "111", 500, (2, null), (8, 1));
        Add(book, Declined, "R2", "222", 600, (2, null), (12, null), (11, null));
        Add(book, Reversed, "R3", "333", 700, (2, null), (8, 2), (18, null), (19, null));
        book.CashToReturn.UnionWith([Declined, Reversed]);
        book.Payments[Confirmed].Transfers.AddRange([new(1, 1, 1, 1007, 500), new(1, 2, 1, 2, 20)]);
        book.Payments[Reversed].Transfers.AddRange(
            [new(1, 1, 1, 1007, 700), new(1, 2, 1, 2, 20), new(3, 1, 1007, 1, 700), new(3, 2, 2, 1, 20)]);
        book.Funds[1] = new(0, 520 + 720, Centre.DepositQepik + 720, 0);
        book.OfFunds[1] = (520 + 720, Centre.DepositQepik + 720);
        book.Series[(Day, 0)] = 2;
        return book;
    }

    private static void Add(
        EngineBook book, long number, string reference, string account, long amountQepik, params (short Edge, int? Receipt)[] events)
    {
        var payment = Payment(number, reference, account, "10101", amountQepik);
        for (short step = 0; step < events.Length; step++)
        {
            var (edge, receipt) = events[step];
            payment.Events.Add(new(step, edge, receipt, receipt is null ? null : Day, null));
        }

        book.Payments[number] = payment;
    }

    private void Replace(long number, string? account = null, string? service = null)
    {
        var old = book.Payments[number];
        var other = Payment(number, old.Reference, account ?? old.Account, service ?? old.Service, old.AmountQepik);
        other.Events.AddRange(old.Events);
        other.Transfers.AddRange(old.Transfers);
        book.Payments[number] = other;
    }

    private static BookedPayment Payment(long number, string reference, string account, string service, long amountQepik) => new()
    {
        AgentId = 1,
        Number = number,
        Reference = reference,
        AmountQepik = amountQepik,
        FeeQepik = 20,
        CommissionQepik = 0,
        ProviderFeeQepik = 0,
        ProviderId = 7,
        Account = account,
        Service = service,
    };

    private static string Printed(int counter) =>
        new ReceiptNumber(LocalDate.FromDateOnly(Day), 0, counter).ToString();
}
