using EGovPay.Processing.StateMachine;
using EGovPay.Providers.Register;
using EGovPay.Settlement.Incoming;
using EGovPay.Settlement.Jobs;
using EGovPay.Settlement.Terms;
using EGovPay.Terminals.Jobs;
using EGovPay.Tests.CommandLine;
using EGovPay.Tests.Reconciliation;
using EGovPay.Tests.Statements;
using FluentAssertions;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;
using Xunit;

namespace EGovPay.Tests.Jobs;

/// <summary>What long jobs tell while they run.</summary>
public sealed class ToldProgress
{
    [Fact]
    public async Task Each_long_job_tells_how_far_it_is_and_at_what_and_never_whose_file_it_reads()
    {
        using var root = new ScratchFolder();
        await using var book = await RegisterBook.OpenAsync();
        var registers = new RegisterFolder(Path.Combine(root.Path, "registers"));
        using var handOver = new HandOverRegister(null, registers, NullLogger.Instance);
        var deliver = new DeliverRegisters(
            book.Database.DataSource, () => book.Engine.Catalogue.Current, registers, handOver, NullLogger<DeliverRegisters>.Instance);
        var tools = new JobTools(book.Engine, deliver, null!, Path.Combine(root.Path, "in"), 1);

        await book.Database.ExecuteAsync("update business_day set day = day - 3, opened_at = opened_at - interval '3 days'");
        (await ToldAsync(tools, "close-days")).Should().Equal(Close(book.Today.PlusDays(-3)));
        var payment = await book.PayAsync(PaymentState.Confirmed);
        await book.RegisterAsync(book.Today, book.LineOf(payment));
        (await ToldAsync(tools, "reconcile")).Should().Equal($"0 register 1 of 1: {book.Provider.Code} {book.Today:uuuu-MM-dd}");

        for (var n = 0; n < 4; n++)
        {
            Put(tools.Incoming, $"AZ21NABZ0000000013701000194{n}.sta", Bank.Mt($"1{n}", n * 1_00, n * 1_00 + 1, new Booking(1, Reference: $"R{n}")));
        }

        (await ToldAsync(tools, "import-files")).Should().Equal(
            "0 file 1 of 4, statements, 0 KiB", "25 file 2 of 4, statements, 0 KiB", "50 file 3 of 4, statements, 0 KiB",
            "75 file 4 of 4, statements, 0 KiB");
        (await ToldAsync(tools, "send-registers")).Should().HaveCountGreaterThan(1).And.EndWith("90 reading acknowledgements")
            .And.Contain(one => one.Contains("handing over to ", StringComparison.Ordinal));
        await TermsStore.ApplyAsync(book.Database.DataSource, ExampleTerms.Read(), book.Today, book.Today, TestPeople.Doer, TestContext.Current.CancellationToken);
        (await ToldAsync(tools, "reconcile-bank")).Should().Equal("0 bookings against payouts and deposits");
    }

    [Fact]
    public async Task What_is_told_is_written_once_a_second_and_with_each_twentieth_of_the_whole()
    {
        var written = new List<int>();
        var progress = new JobProgress(TimeProvider.System, null, (percent, _) =>
        {
            written.Add(percent);
            return Task.CompletedTask;
        });
        for (var at = 0; at <= 1_000; at++)
        {
            await progress.TellAsync(at / 10, "x");
        }

        written.Should().OnlyHaveUniqueItems().And.Contain([0, 50, 100]).And.HaveCountLessThan(30);
    }

    private static string[] Close(LocalDate day) => [$"0 closing {day:uuuu-MM-dd}"];

    private static async Task<List<string>> ToldAsync(JobTools tools, string job)
    {
        var told = new List<string>();
        await JobTable.Of(tools).Single(one => one.Name == job).Run(
            new JobProgress(TimeProvider.System, null, (percent, what) =>
            {
                told.Add(FormattableString.Invariant($"{percent} {what}"));
                return Task.CompletedTask;
            }),
            TestContext.Current.CancellationToken);
        return told;
    }

    private static void Put(string folder, string name, string text)
    {
        var at = Path.Combine(folder, "statements", name);
        Directory.CreateDirectory(Path.GetDirectoryName(at)!);
        File.WriteAllText(at, text);
        File.SetLastWriteTimeUtc(at, (SystemClock.Instance.GetCurrentInstant() - ImportFolder.Quiet - Duration.FromMinutes(1)).ToDateTimeUtc());
    }
}
