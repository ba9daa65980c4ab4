using EGovPay.Processing.Payments;
using EGovPay.Processing.StateMachine;
using EGovPay.Settlement.Incoming;
using EGovPay.Settlement.Reconciliation;
using EGovPay.Settlement.RegistersIn;
using FluentAssertions;
using FsCheck;
using FsCheck.Fluent;
using NodaTime;
using Npgsql;
using Xunit;

namespace EGovPay.Tests.Reconciliation;

/// <summary>Random books with random differences: what is found is what was planted, however often, by whomever, in however many parts.</summary>
public sealed class PlantedRegisters
{
    [Fact]
    public async Task What_is_found_is_what_was_planted()
    {
        await using var book = await RegisterBook.OpenAsync();
        var payments = new List<Payment>();
        for (var i = 0; i < 60; i++)
        {
            // Few amounts and accounts: many payments are alike but for their numbers.
            payments.Add(await book.PayAsync(
                (i % 10) switch { 7 => PaymentState.Declined, 8 => PaymentState.Reversed, _ => PaymentState.Confirmed },
                1_000 + (i % 3 * 100), $"50123456{i % 4}"));
        }

        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(25),
            Prop.ForAll(ArbMap.Default.ArbFor<DoNotSize<int>>(), any =>
            {
                var seed = any.Item;
                var (lines, planted) = Plant(book, payments, new Random(seed));
                return Task.Run(async () =>
                {
                    await book.RegisterAsync(book.Today, lines);
                    var first = await book.ReconcileAsync(limits: Limits(new Random(seed)));
                    (await book.OpenAsync()).Should().BeEquivalentTo(planted);
                    first.Breaks.Should().Be(planted.Count);
                    (await book.ReconcileAsync()).Should().BeEquivalentTo(first with { Id = 0, Closed = 0 }, same => same.Excluding(one => one.Id));
                    (await book.OpenAsync()).Should().BeEquivalentTo(planted);
                    return true;
                }).GetAwaiter().GetResult();
            }));
    }

    /// <summary>In one part and in many, by keys and packed, with the confirmations of the day read at once and looked up one by one.</summary>
    private static ReadingLimits Limits(Random random) => new(
        random.Next(2) == 0 ? 1_000 : 17, random.Next(2) == 0 ? 1_000 : 0, Duration.FromHours(random.Next(2) == 0 ? 1 : -25));

    [Fact]
    public async Task A_file_that_is_imported_and_compared_in_one_pass_gives_the_same_as_one_that_was_kept()
    {
        await using var book = await RegisterBook.OpenAsync();
        var right = await book.PayAsync(PaymentState.Confirmed);
        var over = await book.PayAsync(PaymentState.Confirmed);
        var missing = await book.PayAsync(PaymentState.Confirmed);
        var unknown = await book.PayAsync(PaymentState.Unknown);
        var text = new StringWriter();
        foreach (var line in new[] { book.LineOf(unknown), book.LineOf(over) with { AmountQepik = 1_200 }, book.LineOf(right) })
        {
            text.Write($"{line.Txn}\t{line.Day:uuuu-MM-dd}\t10:00:00\t{line.Account}\t{line.AmountQepik / 100}.{line.AmountQepik % 100:00}\n");
        }

        text.Write("Total: 3 32.00\n");
        async Task<(RegisterImport Import, Reconciled? Found)> ImportAsync(string content)
        {
            using var file = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(content));
            return await new ReconcileRegister(book.Engine).ImportAsync(
                new ImportRegisters(book.Database.DataSource, []), new IncomingFile("r.tsv", file, FileSource.Command, "engine"),
                book.Provider, book.Today);
        }

        (await ImportAsync(text.ToString())).Found.Should().BeEquivalentTo(new { Lines = 3, Matched = 2, Settled = 1, Breaks = 2 });
        string[] open = [RegisterBook.Named(over, "OverAmount"), RegisterBook.Named(missing, "MissingThere")];
        (await book.OpenAsync()).Should().BeEquivalentTo(open);

        (await ImportAsync(text.ToString())).Should().Match<(RegisterImport Import, Reconciled? Found)>(
            again => again.Import.Receipt.Verdict == FileVerdict.KnownBefore && again.Found!.Breaks == 2);
        (await ImportAsync("Total: 1 1.00\n")).Should().Match<(RegisterImport Import, Reconciled? Found)>(
            refused => refused.Import.Receipt.Verdict == FileVerdict.Refused && refused.Found == null);
        (await book.ReconcileAsync()).Should().BeEquivalentTo(new { Lines = 3, Matched = 2, Settled = 0, Breaks = 2 });
        (await book.OpenAsync()).Should().BeEquivalentTo(open);
    }

    [Fact]
    public async Task Two_comparisons_at_once_make_each_break_once_and_settle_once()
    {
        await using var book = await RegisterBook.OpenAsync();
        var unknown = await book.PayAsync(PaymentState.Unknown);
        var missing = await book.PayAsync(PaymentState.Confirmed);
        await book.RegisterAsync(book.Today, book.LineOf(unknown));
        await using var other = await RegisterBook.StartAsync(book.Database);

        var both = await Task.WhenAll(
            book.ReconcileAsync(), new ReconcileRegister(other).RunAsync(book.Provider, book.Today, "other")!);

        both.Sum(one => one!.Settled).Should().Be(1);
        (await book.OpenAsync()).Should().Equal(RegisterBook.Named(missing, "MissingThere"));
        (await book.Database.AskAsync<long>("select count(*) from settlement_break")).Should().Be(1);
        (await book.Database.AskAsync<long>($"select count(*) from event where number = {unknown.Number} and edge = 14")).Should().Be(1);
    }

    [Fact]
    public async Task One_that_is_killed_in_the_middle_leaves_nothing_and_the_next_one_finds_everything()
    {
        await using var book = await RegisterBook.OpenAsync();
        var unknown = await book.PayAsync(PaymentState.Unknown);
        var missing = await book.PayAsync(PaymentState.Confirmed);
        await book.RegisterAsync(book.Today, book.LineOf(unknown));
        // Whoever holds the table keeps it from writing what it found; its session is killed there.
        await using var holder = await book.Database.DataSource.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await using var held = await holder.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using (var hold = new NpgsqlCommand("lock table settlement_break in exclusive mode", holder))
        {
            await hold.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        var dying = book.ReconcileAsync();
        while (await book.Database.AskAsync<long>(
            "select count(pg_terminate_backend(pid)) from pg_locks where relation = 'settlement_break'::regclass and not granted "
            + "and database = (select oid from pg_database where datname = current_database())") == 0)
        {
            await Task.Yield();
        }

        await FluentActions.Awaiting(() => dying).Should().ThrowAsync<NpgsqlException>();
        await held.RollbackAsync(TestContext.Current.CancellationToken);
        (await book.Database.AskAsync<long>("select count(*) from settlement_break")).Should().Be(0);
        (await book.Database.AskAsync<long>("select count(*) from reconciliation")).Should().Be(0);

        (await book.ReconcileAsync()).Should().BeEquivalentTo(new { Matched = 1, Settled = 0, Breaks = 1 });
        (await book.OpenAsync()).Should().Equal(RegisterBook.Named(missing, "MissingThere"));
        (await book.FindAsync(unknown.Number)).State.Should().Be(PaymentState.Confirmed);
    }

    /// <summary>An honest register of the payments, in any order, and differences of every kind at random; at most one a payment.</summary>
    private static (IReadOnlyList<WrittenLine> Lines, List<string> Planted) Plant(
        RegisterBook book, List<Payment> payments, Random random)
    {
        var lines = new List<WrittenLine>();
        var planted = new List<string>();
        foreach (var payment in payments)
        {
            var line = book.LineOf(payment);
            var kind = random.Next(12);
            if (payment.State is not PaymentState.Confirmed)
            {
                if (kind == 0)
                {
                    lines.Add(line);
                    planted.Add(RegisterBook.Named(payment, "MissingHere"));
                }

                continue;
            }

            (WrittenLine[] Written, string? Kind) one = kind switch
            {
                0 => ([], "MissingThere"),
                1 => ([line with { AmountQepik = line.AmountQepik + 100 }], "OverAmount"),
                2 => ([line with { AmountQepik = line.AmountQepik - 100 }], "UnderAmount"),
                3 => ([line with { Day = line.Day.PlusDays(-1 - random.Next(3)) }], "WrongDay"),
                4 => ([line with { Account = line.Account[..^1] + (char)('0' + ((line.Account[^1] - '0' + 1) % 4)) }], "WrongAccount"),
                5 => ([line, line with { AmountQepik = line.AmountQepik + random.Next(2) }], "Duplicate"),
                6 => ([line with { Currency = "EUR" }], "CurrencyDiffers"),
                7 => ([line with { Currency = "AZN" }], null),
                _ => ([line], null),
            };
            lines.AddRange(one.Written);
            planted.AddRange(one.Kind is null ? [] : [RegisterBook.Named(payment, one.Kind)]);
        }

        for (var extra = 0; extra < random.Next(3); extra++)
        {
            // Alike in everything but the number, and it is no match all the same.
            lines.Add(book.LineOf(payments[extra]) with { Txn = $"73199999{extra:0000}" });
            lines.Add(book.LineOf(payments[extra]) with { Txn = $"E-{extra}" });
            planted.AddRange([$"73199999{extra:0000} MissingHere", $"E-{extra} Unidentified"]);
        }

        var shuffled = lines.ToArray();
        random.Shuffle(shuffled);
        return (shuffled, planted);
    }
}
