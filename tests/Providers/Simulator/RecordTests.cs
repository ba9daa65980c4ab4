using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Dispatch;
using EGovPay.Processing.Payments;
using EGovPay.Providers;
using EGovPay.Providers.Simulator;
using FluentAssertions;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;
using Xunit;
using static EGovPay.Tests.Providers.SimulatedProviders;

namespace EGovPay.Tests.Providers.Simulator;

/// <summary>The simulator's own book: what it answered is in it, whatever happens to the program.</summary>
public sealed class RecordTests
{
    [Fact]
    public async Task What_was_credited_is_known_after_a_restart_and_not_credited_again()
    {
        var world = await StartAsync();
        var paid = await world.Adapters["azerishiq"].PayAsync(Delivery(5, "123456"), CancellationToken.None);
        var declined = await world.Adapters["dmx"].PayAsync(Delivery(6, "166609"), CancellationToken.None);
        await world.StopAsync();

        await using var again = await StartAsync(folder: world.Folder);
        var repeated = await again.Adapters["azerishiq"].PayAsync(Delivery(5, "123456"), CancellationToken.None);
        var next = await again.Adapters["azerishiq"].PayAsync(Delivery(7, "123456"), CancellationToken.None);

        repeated.ProviderTransaction.Should().Be(paid.ProviderTransaction);
        next.ProviderTransaction.Should().NotBe(paid.ProviderTransaction);
        (await again.CreditedAsync(5)).Should().Be(1);
        declined.Result.Should().Be(DeliveryResult.Declined);
        (await again.Adapters["dmx"].AskAsync(Delivery(6, "166609"), CancellationToken.None)).Result.Should()
            .Be(DeliveryResult.Declined);
    }

    [Fact]
    public async Task Whatever_was_answered_is_in_the_file_already_when_the_answer_comes()
    {
        await using var world = await StartAsync();
        var copy = Directory.CreateTempSubdirectory("egovpay-sim-").FullName;
        await Task.WhenAll(Enumerable.Range(1, 300).Select(number =>
            world.Adapters["azerishiq"].PayAsync(Delivery(number, "123456"), CancellationToken.None)));

        // The file as a kill -9 would leave it now, and a line that was being written.
        await using (var from = new FileStream(world.RecordFile, FileMode.Open, FileAccess.Read, FileShare.ReadWrite))
        await using (var to = File.Create(Path.Combine(copy, "record.tsv")))
        {
            await from.CopyToAsync(to);
            await to.WriteAsync("C\tazerishiq\t30"u8.ToArray());
        }

        await using var again = await StartAsync(folder: copy);
        var ledger = await again.Http.GetStringAsync(new Uri("/_sim/ledger", UriKind.Relative));
        ledger.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Should().HaveCount(301, "a head and 300 transactions");
        await again.Adapters["azerishiq"].PayAsync(Delivery(301, "123456"), CancellationToken.None);
        await again.StopAsync();
        File.ReadLines(Path.Combine(copy, "record.tsv"))
            .Should().HaveCount(301).And.OnlyContain(line => line.Split('\t').Length == 9);
    }

    [Fact]
    public async Task A_record_that_is_damaged_in_the_middle_is_not_served_from()
    {
        var world = await StartAsync();
        await world.Adapters["azerishiq"].PayAsync(Delivery(5, "123456"), CancellationToken.None);
        await world.StopAsync();
        var lines = await File.ReadAllTextAsync(world.RecordFile);
        await File.WriteAllTextAsync(world.RecordFile, $"C\tnonsense\n{lines}");

        await FluentActions.Awaiting(() => StartAsync(folder: world.Folder))
            .Should().ThrowAsync<InvalidDataException>();
        Directory.Delete(world.Folder, recursive: true);
    }

    [Fact]
    public async Task The_ledger_tells_asked_and_credited_by_number()
    {
        await using var world = await StartAsync();
        await world.Adapters["azerishiq"].PayAsync(Delivery(5, "123456"), CancellationToken.None);
        await world.Adapters["azerishiq"].AskAsync(Delivery(5, "123456"), CancellationToken.None);
        await world.Adapters["dmx"].PayAsync(Delivery(6, "166601"), CancellationToken.None);

        var ledger = await world.Http.GetStringAsync(new Uri("/_sim/ledger", UriKind.Relative));
        ledger.Split('\n').Should().BeEquivalentTo(
            "provider\ttxn\tasked\tcredited\tamountQepik\ttransaction\tcode\treversed",
            "azerishiq\t5\t2\t1\t1045\t1\t0\t0",
            "dmx\t6\t1\t0\t1045\t0\t5\t0",
            "");
        (await world.Http.GetStringAsync(new Uri("/_sim/ledger?provider=dmx", UriKind.Relative)))
            .Should().NotContain("azerishiq");
        (await world.Http.GetStringAsync(new Uri("/_sim/health", UriKind.Relative))).Should().Contain("\"live\"");
        (await world.CreditedAsync(7)).Should().Be(0);
    }

    [Fact]
    public async Task The_register_of_a_day_is_written_from_the_record_and_lies_on_request()
    {
        await using var world = await StartAsync();
        foreach (var number in new[] { 3, 1, 2 })
        {
            await world.Adapters["azerishiq"].PayAsync(Delivery(number, $"00123{number}"), CancellationToken.None);
        }

        async Task<string[]> RegisterAsync(string query) =>
            (await world.Http.GetStringAsync(
                new Uri($"/_sim/register?provider=azerishiq&{query}", UriKind.Relative))).TrimEnd('\n').Split('\n');

        var plain = await RegisterAsync("day=2026-11-23");
        plain.Should().Equal(
            "1\t2026-11-23\t00:30:15\t001231\t10.45",
            "2\t2026-11-23\t00:30:15\t001232\t10.45",
            "3\t2026-11-23\t00:30:15\t001233\t10.45",
            "Total: 3 31.35");
        (await RegisterAsync("day=2026-11-22")).Should().Equal("Total: 0 0.00");
        (await RegisterAsync("day=2026-11-23&lies=missing"))[^1].Should().Be("Total: 2 20.90");
        (await RegisterAsync("day=2026-11-23&lies=changed")).Should().ContainSingle(line => line.EndsWith("\t10.46"));
        (await RegisterAsync("day=2026-11-23&lies=extra"))
            .Should().ContainSingle(line => line.StartsWith('9') && line.EndsWith("\t1.00"));
        (await RegisterAsync("day=2026-11-23&lies=missing,extra,changed"))[^1].Should().Be("Total: 3 21.91");

        (await world.Http.GetStringAsync(
            new Uri("/_sim/statement?provider=azerishiq&day=2026-11-23", UriKind.Relative)))
            .Should().Contain("2026-11-23;EGP00120261123;31.35;");
        (await world.Http.GetStringAsync(
            new Uri("/_sim/statement?provider=azerishiq&day=2026-11-23&form=mt940", UriKind.Relative)))
            .Should().Contain(":61:2611231123C31,35NTRF");
    }

    [Fact]
    public async Task Every_service_of_the_catalogue_is_paid_over_http_with_its_own_example()
    {
        var catalogue = EmbeddedCatalogue.Load();
        var folder = Directory.CreateTempSubdirectory("egovpay-sim-");
        await using (var simulator = await ProviderSimulator.StartAsync(
            new SimulatorSettings { Providers = catalogue.Providers,
                RecordFile = Path.Combine(folder.FullName, "r.tsv") },
            SystemClock.Instance, CancellationToken.None))
        {
            using var connect = new ConnectProviders(
                simulator.Address, SimulatedAccess.For, SystemClock.Instance, NullLoggerFactory.Instance);
            var adapters = connect.Connect(catalogue.Providers);
            foreach (var service in catalogue.Services)
            {
                var adapter = adapters[service.Provider];
                var fields = service.Fields.Skip(1).Select(field => new FieldValue(field.Name, field.Example))
                    .ToArray();
                var question = new InquiryQuestion(
                    service.Code, service, service.Fields[0].Example, fields, SystemClock.Instance.GetCurrentInstant());
                (await adapter.InquireAsync(question, CancellationToken.None)).Result.Should()
                    .Be(InquiryResult.Found, service.CodeText);
                var paid = await adapter.PayAsync(
                    Delivery(service.Code, service.Fields[0].Example, 500, service.Code, fields),
                        CancellationToken.None);
                paid.Result.Should().Be(DeliveryResult.Confirmed, service.CodeText);
                if (service.Code is 10202 or 10302)
                {
                    paid.CardData.Should().NotBeNullOrEmpty();
                }
            }
        }

        folder.Delete(recursive: true);
    }
}
