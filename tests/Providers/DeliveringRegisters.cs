using EGovPay.Processing.Days;
using EGovPay.Processing.StateMachine;
using EGovPay.Providers.Register;
using EGovPay.Tests.Payments;
using EGovPay.Tests.PostgreSql;
using FluentAssertions;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace EGovPay.Tests.Providers;

public sealed class DeliveringRegisters(TestDatabase database) : IClassFixture<TestDatabase>
{
    [Fact]
    public async Task A_closed_windows_register_is_written_once_handed_over_and_its_acknowledgement_read()
    {
        await using var centre = await SmallCentre.StartAsync(database);
        for (var i = 0; i < 5; i++)
        {
            // Azəristiliktəchizat takes a register; it has no online service.
            var paid = await centre.Engine.Pay.PayAsync(
                centre.Terminal, SmallCentre.Request($"heat-{i}", "10401", "10023456", 1_000 + i), TimeSpan.FromSeconds(20));
            paid.Payment!.State.Should().Be(PaymentState.Confirmed, "it is in the day's register when it is committed");
        }

        var folder = new RegisterFolder(Directory.CreateTempSubdirectory("egovpay-registers").FullName);
        using var handOver = new HandOverRegister(centre.Simulator.Address, folder, NullLogger.Instance);
        var deliver = new DeliverRegisters(
            database.DataSource, () => centre.Engine.Catalogue.Current, folder, handOver,
            NullLogger<DeliverRegisters>.Instance);

        (await deliver.RoundAsync(CancellationToken.None)).Written.Should().Be(0, "its window is still open");

        var closed = await new SettlementWindows(database.DataSource).CloseNowAsync(4);
        closed.Should().NotBeNull();
        var round = await deliver.RoundAsync(CancellationToken.None);
        round.Should().Be(new RegisterRound(1, 1, 1, 0));
        (await deliver.RoundAsync(CancellationToken.None)).Should().Be(new RegisterRound(0, 0, 0, 0), "a window has one register");
        (await database.AskAsync<long>("select total_qepik from register_file where payments = 5")).Should().Be(5_010);

        var later = await centre.Engine.Pay.PayAsync(
            centre.Terminal, SmallCentre.Request("heat-later", "10401", "10023456", 700), TimeSpan.FromSeconds(20));
        later.Payment!.State.Should().Be(PaymentState.Confirmed);
        (await database.AskAsync<bool>(
            $"select max(window_day) > min(window_day) from transfer where cutoff_group = 4")).Should().BeTrue(
            "what commits after the cut-off belongs to the next window");
    }
}
