using System.Text;
using EGovPay.Processing.Audit;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Days;
using EGovPay.Processing.People;
using EGovPay.Processing.StateMachine;
using EGovPay.Providers.Register;
using EGovPay.Settlement.Breaks;
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

    [Fact]
    public async Task Takings_after_an_early_close_of_the_day_are_in_their_windows_register_too()
    {
        await using var own = await TestDatabase.CreateAsync();
        await using var centre = await SmallCentre.StartAsync(own);
        await PayAsync(centre, "before", 1_000);
        for (var day = 0; day < 7; day++)
        {
            // The business day runs ahead of the window's bank day, over whatever weekend there is.
            await centre.Engine.Days.CloseAsync();
        }

        await PayAsync(centre, "after", 2_000);

        using var handOver = new HandOverRegister(centre.Simulator.Address, Folder(), NullLogger.Instance);
        var deliver = Deliver(own, centre, handOver);
        await new SettlementWindows(own.DataSource).CloseNowAsync(4);
        await deliver.RoundAsync(CancellationToken.None);

        (await own.AskAsync<long>("select sum(total_qepik)::bigint from register_file")).Should().Be(3_000);
    }

    [Fact]
    public async Task A_register_waits_for_the_commits_that_chose_its_window()
    {
        await using var own = await TestDatabase.CreateAsync();
        await using var centre = await SmallCentre.StartAsync(own);
        await PayAsync(centre, "one", 1_000);
        await own.ExecuteAsync("update settlement_window set closes_at = now() where cutoff_group = 4 and closes_at = ("
            + "select min(closes_at) from settlement_window where cutoff_group = 4 and closes_at > now())");
        using var handOver = new HandOverRegister(centre.Simulator.Address, Folder(), NullLogger.Instance);
        var deliver = Deliver(own, centre, handOver);

        await using var committing = await own.DataSource.OpenConnectionAsync();
        await using var commit = await committing.BeginTransactionAsync();
        await using (var share = new Npgsql.NpgsqlCommand("select pg_advisory_xact_lock_shared(7301, 0)", committing, commit))
        {
            await share.ExecuteNonQueryAsync();
        }

        var round = deliver.RoundAsync(CancellationToken.None);
        (await Task.WhenAny(round, Task.Delay(TimeSpan.FromSeconds(1)))).Should().NotBe(round, "a commit is still on its way");
        (await own.AskAsync<long>("select count(*) from register_file")).Should().Be(0);
        await commit.CommitAsync();
        (await round).Written.Should().Be(1);
    }

    [Fact]
    public async Task Several_nodes_at_once_write_and_hand_over_a_windows_register_once()
    {
        await using var own = await TestDatabase.CreateAsync();
        await using var centre = await SmallCentre.StartAsync(own);
        await PayAsync(centre, "one", 1_000);
        await new SettlementWindows(own.DataSource).CloseNowAsync(4);
        var root = Folder();
        using var handOver = new HandOverRegister(centre.Simulator.Address, root, NullLogger.Instance);
        var rounds = await Task.WhenAll(Enumerable.Range(0, 6).Select(
            _ => Deliver(own, centre, handOver, root).RoundAsync(CancellationToken.None)));
        (rounds.Sum(one => one.Written), rounds.Sum(one => one.HandedOver), rounds.Sum(one => one.Acknowledged)).Should().Be((1, 1, 1));
        (await own.AskAsync<long>("select count(*) from register_file")).Should().Be(1);
    }

    [Fact]
    public async Task An_answer_that_is_no_acknowledgement_is_set_aside_and_the_register_handed_over_again()
    {
        await using var own = await TestDatabase.CreateAsync();
        await using var centre = await SmallCentre.StartAsync(own);
        await PayAsync(centre, "one", 1_000);
        await new SettlementWindows(own.DataSource).CloseNowAsync(4);
        var root = Folder();
        using (var nowhere = new HandOverRegister(null, root, NullLogger.Instance))
        {
            var alone = new DeliverRegisters(
                own.DataSource, () => centre.Engine.Catalogue.Current, root, nowhere, NullLogger<DeliverRegisters>.Instance);
            (await alone.RoundAsync(CancellationToken.None)).Should().Be(new RegisterRound(1, 0, 0, 0), "nobody is reached, and that is no defect");
            var file = await own.AskAsync<string>("select file_name from register_file");
            var path = root.AckPath("azeristilik", file!);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            await File.WriteAllTextAsync(path, "Total: 0 0.00 0 0.00\n");
            (await alone.RoundAsync(CancellationToken.None)).Acknowledged.Should().Be(0, "its totals are not the register's");
            File.Exists(path).Should().BeFalse();
            File.Exists(path + ".bad").Should().BeTrue();
        }

        using var handOver = new HandOverRegister(centre.Simulator.Address, root, NullLogger.Instance);
        var deliver = new DeliverRegisters(
            own.DataSource, () => centre.Engine.Catalogue.Current, root, handOver, NullLogger<DeliverRegisters>.Instance);
        (await deliver.RoundAsync(CancellationToken.None)).Should().Be(new RegisterRound(0, 1, 1, 0));
    }

    [Fact]
    public async Task An_acknowledgement_is_read_however_many_registers_before_it_have_none()
    {
        await using var own = await TestDatabase.CreateAsync();
        await using var centre = await SmallCentre.StartAsync(own);
        var provider = centre.Engine.Catalogue.Current.Providers.Single(one => one.Code == "azeristilik").Id;
        await own.ExecuteAsync(
            "insert into register_file (provider_id, cutoff_group, bank_day, file_name, payments, total_qepik, sha256, written_at) "
            + $"select {provider}, 4, date '2020-01-01' + i, 'old-' || i || '.txt', 0, 0, '', now() from generate_series(0, 1200) as g (i)");
        var root = Folder();
        foreach (var file in (string[])["old-0.txt", "old-777.txt", "old-1200.txt"])
        {
            var path = root.AckPath("azeristilik", file);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            await File.WriteAllTextAsync(path, "Total: 0 0.00 0 0.00\n");
        }

        using var nowhere = new HandOverRegister(null, root, NullLogger.Instance);
        (await Deliver(own, centre, nowhere, root).RoundAsync(CancellationToken.None)).Should().Be(new RegisterRound(0, 0, 3, 0));
        (await own.AskAsync<long>("select count(*) from register_file where acknowledged_at is null")).Should().Be(1_198);
    }

    [Fact]
    public async Task A_line_that_the_receiver_refuses_is_a_break_of_its_payment_once_and_is_settled_by_two_people()
    {
        await using var own = await TestDatabase.CreateAsync();
        await using var centre = await SmallCentre.StartAsync(own);
        await PayAsync(centre, "good", 1_000);
        await PayAsync(centre, "bad", 700);
        await new SettlementWindows(own.DataSource).CloseNowAsync(4);
        var root = Folder();
        using var nowhere = new HandOverRegister(null, root, NullLogger.Instance);
        var deliver = Deliver(own, centre, nowhere, root);
        await deliver.RoundAsync(CancellationToken.None);
        var breaks = new AnsweredBreaks(own.DataSource);
        (await breaks.RoundAsync(CancellationToken.None)).Should().Be(0, "nothing is refused yet");
        var file = await own.AskAsync<string>("select file_name from register_file") ?? "";
        var bad = await own.AskAsync<long>("select number from payment where reference = 'bad'");
        var path = root.AckPath("azeristilik", file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await File.WriteAllTextAsync(path, $"{bad}\trejected\tno such flat\nTotal: 1 10.00 1 7.00\n");

        (await deliver.RoundAsync(CancellationToken.None)).Should().Be(new RegisterRound(0, 0, 1, 1));
        (await breaks.RoundAsync(CancellationToken.None)).Should().Be(1);
        (await breaks.RoundAsync(CancellationToken.None)).Should().Be(0, "a line is refused once");

        var book = new BreakBook(own.DataSource);
        var one = (await book.ListAsync(new BreakFilter(), cancel: CancellationToken.None)).Should().ContainSingle().Subject;
        one.Should().BeEquivalentTo(new
        {
            Side = BreakSide.Acknowledgement, Kind = BreakKind.RejectedLine, Number = bad, AmountAtRiskQepik = 700, Cause = "line-rejected",
            Step = "correct-line", State = BreakState.Open,
        });
        one.Ours.Should().Contain(file);
        one.Theirs.Should().Contain("no such flat");
        var proposed = await new SettleBreak(centre.Engine).ProposeAsync(
            TestPeople.Doer, one.Id, new BreakResolution(PaymentDecision.Absent, []), "their letter 9");
        (await centre.Engine.Decide.ApproveAsync(TestPeople.Approver, proposed.Proposed.Id)).Result.Should().Be(DecideResult.Done);
        (await book.FindAsync(one.Id))!.State.Should().Be(BreakState.Settled);
        (await breaks.RoundAsync(CancellationToken.None)).Should().Be(0);
        (await own.AskAsync<long>("select count(*) from settlement_break")).Should().Be(1);
    }

    [Fact]
    public async Task A_refused_line_that_the_register_has_not_got_is_a_break_without_a_payment()
    {
        await using var own = await TestDatabase.CreateAsync();
        await own.ExecuteAsync(
            "insert into register_file (provider_id, cutoff_group, bank_day, file_name, payments, total_qepik, sha256, written_at) "
            + "values (7, 4, '2026-11-20', 'sent.txt', 0, 0, '', now()); "
            + "insert into register_rejection values (7, 4, '2026-11-20', 731000000009, 'not ours')");
        var breaks = new AnsweredBreaks(own.DataSource);
        (await breaks.RoundAsync(CancellationToken.None)).Should().Be(1);
        (await breaks.RoundAsync(CancellationToken.None)).Should().Be(0);

        var one = (await new BreakBook(own.DataSource).ListAsync(new BreakFilter(), cancel: CancellationToken.None)).Should().ContainSingle().Subject;
        one.Should().BeEquivalentTo(new
        {
            Side = BreakSide.Acknowledgement, Kind = BreakKind.Unidentified, ProviderId = 7, Number = 731000000009L, AgentId = (int?)null,
            AmountAtRiskQepik = 0L, Cause = "rejected-not-sent", Step = "ask-receiver", Subject = "sent.txt/731000000009",
        });
    }

    [Fact]
    public async Task What_is_taken_back_before_the_cut_off_is_in_no_register_and_afterwards_it_stays()
    {
        await using var own = await TestDatabase.CreateAsync();
        var lines = Encoding.UTF8.GetString(EmbeddedCatalogue.Read()).Split('\n').ToList();
        var provider = lines.FindIndex(line => line.Contains("\"azeristilik\", \"name\"", StringComparison.Ordinal));
        lines[provider] = lines[provider].Replace("\"Asia/Baku\" }", "\"Asia/Baku\", \"reversals\": true }", StringComparison.Ordinal);
        var service = lines.FindIndex(line => line.Contains("\"code\": \"10401\"", StringComparison.Ordinal));
        var rule = lines.FindIndex(service, line => line.Contains("reversibleMinutes", StringComparison.Ordinal));
        lines[rule] = lines[rule].Replace("\"reversibleMinutes\": 0", "\"reversibleMinutes\": 600", StringComparison.Ordinal);
        (await CatalogueStore.ApplyAsync(own.DataSource, Encoding.UTF8.GetBytes(string.Join('\n', lines)), TestPeople.Doer)).Faults.Should().BeEmpty();
        await using var centre = await SmallCentre.StartAsync(own);
        foreach (var reference in (string[])["back", "stays", "late"])
        {
            await PayAsync(centre, reference, 1_000);
        }

        (await ReverseAsync(centre, "back")).Should().Be(PaymentState.Reversed);
        await new SettlementWindows(own.DataSource).CloseNowAsync(4);
        (await ReverseAsync(centre, "late")).Should().Be(PaymentState.Confirmed, "its window has closed");
        using var handOver = new HandOverRegister(centre.Simulator.Address, Folder(), NullLogger.Instance);
        await Deliver(own, centre, handOver).RoundAsync(CancellationToken.None);

        (await own.AskAsync<string>("select payments || ' ' || total_qepik from register_file")).Should().Be("2 2000");
        var told = await AuditBooks.RunAsync(own.DataSource, null, TestContext.Current.CancellationToken);
        told.Invariants.Where(i => i.Violations > 0).SelectMany(i => i.Offenders.Select(o => $"{i.Name}: {o}")).Should().BeEmpty();
    }

    private static async Task<PaymentState> ReverseAsync(SmallCentre centre, string reference)
    {
        var payment = (await centre.Engine.Book.FindAsync(centre.Terminal.AgentId, reference))!;
        var asked = await centre.Engine.Reverse.ReverseAsync(centre.Terminal, payment, "səhv hesab");
        return (await centre.Engine.Waiting.FinalAsync(asked.Payment!, TimeSpan.FromSeconds(20))).State;
    }

    private static async Task PayAsync(SmallCentre centre, string reference, long amountQepik)
    {
        var paid = await centre.Engine.Pay.PayAsync(
            centre.Terminal, SmallCentre.Request(reference, "10401", "10023456", amountQepik), TimeSpan.FromSeconds(20));
        paid.Payment!.State.Should().Be(PaymentState.Confirmed);
    }

    private static RegisterFolder Folder() => new(Directory.CreateTempSubdirectory("egovpay-registers").FullName);

    private static DeliverRegisters Deliver(TestDatabase own, SmallCentre centre, HandOverRegister handOver, RegisterFolder? root = null) => new(
        own.DataSource, () => centre.Engine.Catalogue.Current, root ?? Folder(), handOver, NullLogger<DeliverRegisters>.Instance);
}
