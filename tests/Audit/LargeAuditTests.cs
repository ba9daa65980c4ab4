using System.Globalization;
using EGovPay.Processing;
using EGovPay.Processing.Audit;
using EGovPay.Processing.Days;
using EGovPay.Processing.Ledger;
using EGovPay.Tests.Journal;
using EGovPay.Tests.PostgreSql;
using FluentAssertions;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace EGovPay.Tests.Audit;

/// <summary>
/// The audit of a book that is much larger than its parts. `EGOVPAY_AUDIT_PAYMENTS=1000000` measures it on a million.
/// </summary>
public sealed class LargeAuditTests(ITestOutputHelper output)
{
    private const int Agents = 20;

    [Fact]
    public async Task A_large_book_is_audited_in_many_short_snapshots()
    {
        var payments = int.Parse(
            Environment.GetEnvironmentVariable("EGOVPAY_AUDIT_PAYMENTS") ?? "30000", CultureInfo.InvariantCulture);
        await using var database = await TestDatabase.CreateAsync();
        await using (var book = await OpenBook.OnAsync(database))
        {
            var funds = new AgentFunds(database.DataSource, book.Journal, book.Node);
            // Numbers far beyond those of the payments to come.
            await database.ExecuteAsync("select setval('payment_number', 732000000000)");
            for (var agent = 16; agent <= 16 * Agents; agent += 16)
            {
                await book.AddAgentAsync(agent, 0);
                await funds.TopUpAsync(agent, 1, "deposit", 1_000_000_000_000, "test");
            }
        }

        await using (var connection = await database.DataSource.OpenConnectionAsync())
        await using (var fill = connection.CreateCommand())
        {
            fill.CommandTimeout = 600;
            fill.CommandText = Sql.Load(typeof(LargeAuditTests).Assembly, "Audit/ManyPayments.sql")
                .Replace("{payments}", payments.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
                .Replace("{agents}", Agents.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
            await fill.ExecuteNonQueryAsync();
        }

        await new BusinessDays(database.DataSource, NullLogger<BusinessDays>.Instance).CloseAsync();
        var told = 0;
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var most = 0L;
        var report = await AuditBooks.RunAsync(database.DataSource, _ =>
        {
            told++;
            most = Math.Max(most, GC.GetTotalMemory(forceFullCollection: false) - before);
        }, TestContext.Current.CancellationToken);

        output.WriteLine(
            $"{report.Payments} payments, {report.Transfers} transfers: {report.Took.TotalSeconds:F1} s, longest snapshot "
            + $"{report.LongestSnapshot.TotalSeconds:F2} s, {most / 1_048_576} MiB, process {Environment.WorkingSet / 1_048_576} MiB");
        report.Invariants.Where(i => i.Violations > 0).SelectMany(i => i.Offenders.Select(o => $"{i.Name}: {o}")).Should().BeEmpty();
        report.Payments.Should().Be(payments);
        report.LongestSnapshot.Should().BeLessThan(TimeSpan.FromSeconds(5));
        told.Should().BeGreaterThan(Agents);
    }
}
