using System.Diagnostics;
using System.Globalization;
using EGovPay.Processing.Dispatch;
using EGovPay.Processing.Journal;
using EGovPay.Processing.Payments;
using EGovPay.Processing.StateMachine;
using EGovPay.Tests.PostgreSql;
using EGovPay.Tests.Simulation.Worlds;
using FluentAssertions;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;
using Xunit;

namespace EGovPay.Tests.Simulation;

/// <summary>
/// The model that the simulation runs on, proven: the same random operations against it and against the real statements on PostgreSQL,
/// every answer compared, and every row at the end. Time is moved by moving all that is written down the other way.
/// </summary>
public sealed class ModelAgainstPostgreSql(ITestOutputHelper output)
{
    private const int Operations = 700;

    public static TheoryData<int> Seeds { get; } =
        new(1, 2, int.TryParse(Environment.GetEnvironmentVariable("EGOVPAY_SEED"), CultureInfo.InvariantCulture, out var seed)
            ? seed
            : Random.Shared.Next());

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task The_model_answers_as_PostgreSQL_does(int seed)
    {
        await using var database = await TestDatabase.CreateAsync();
        await new Processing.Days.BusinessDays(
            database.DataSource, NullLogger<Processing.Days.BusinessDays>.Instance).PrepareAsync();
        await using var lanes = Processing.PostgreSql.Database.Open(
            Processing.Journal.Journal.ConnectionString(database.ConnectionString));
        await using var lane = await new LaneDatabase(lanes).OpenAsync(null, CancellationToken.None);
        var compare = new CompareWithModel(database, lane, seed);
        await compare.PrepareAsync();

        for (var operation = 0; operation < Operations; operation++)
        {
            await compare.StepAsync();
        }

        await compare.CompareRowsAsync();
        output.WriteLine($"seed {seed}: {string.Join(", ", compare.Done.OrderBy(d => d.Key).Select(d => $"{d.Key} {d.Value}"))}");
        compare.Done.Values.Should().OnlyContain(times => times > 2, "every kind of operation is tried");
    }
}

/// <summary>Does the same to the model and to PostgreSQL, and compares.</summary>
internal sealed class CompareWithModel(TestDatabase database, ILaneConnection lane, int seed)
{
    private const int Nodes = 3;
    private const int GivenOfABlock = 20;
    private const long FirstNumber = 900_000_000_000;

    private static readonly int[] Agents = [16, 32, 48, 49];
    private static readonly Guid[] Inquiries = [.. Enumerable.Range(1, 6).Select(i => new Guid(i, 0, 0, new byte[8]))];

    private readonly Random random = new(seed);
    private readonly ModelBook model = new();
    private readonly ClusterTables tables = new(database.DataSource);
    private readonly PaymentBook book = new(database.DataSource);
    private readonly long began = Stopwatch.GetTimestamp();
    private Duration moved = Duration.Zero;
    private readonly int[] given = new int[Nodes + 1];
    private long lastNumber = FirstNumber;

    public Dictionary<string, int> Done { get; } = [];

    private Instant Now => Host.Epoch + moved + Duration.FromTimeSpan(Stopwatch.GetElapsedTime(began));

    public async Task PrepareAsync()
    {
        foreach (var agent in Agents)
        {
            var partOf = agent == 49 ? "48" : "null";
            await database.ExecuteAsync(FormattableString.Invariant(
                $"insert into agent (agent_id, lane, code, name, part_of) values ({agent}, {Lanes.Of(agent)}, 'a{agent}', 'A', {partOf}); insert into funds (agent_id, credits_posted) values ({agent}, 20000)"));
            model.AddFunds(agent, 20_000);
        }

        await using var command = database.DataSource.CreateCommand("select day::text from business_day where closed_at is null");
        model.Day = NodaTime.Text.LocalDatePattern.Iso.Parse((string)(await command.ExecuteScalarAsync())!).Value;
        for (var node = 0; node < Nodes; node++)
        {
            (await tables.RegisterAsync("n")).Should().Be(model.Register(Now));
        }
        await database.ExecuteAsync(FormattableString.Invariant(
            $"insert into number_block (first, node_id, taken_at) select {FirstNumber} + 1000 * i, 1 + i % {Nodes}, now() from generate_series(0, 2999) as g (i)"));
    }

    public async Task StepAsync()
    {
        await KeepClearAsync();
        var (name, step) = random.Next(100) switch
        {
            < 40 => ("batch", BatchAsync),
            < 48 => ("move", (Func<Task>)(() => MoveAsync(random.Next(1, random.Next(4) == 0 ? 90 : 7)))),
            < 54 => ("beat", BeatAsync),
            < 60 => ("lost", LostAsync),
            < 65 => ("unfinished", UnfinishedAsync),
            < 69 => ("nodes", NodesAsync),
            < 73 => ("close", CloseAsync),
            < 80 => ("due", DueAsync),
            < 84 => ("due reversals", DueReversalsAsync),
            < 90 => ("find", FindAsync),
            < 94 => ("use", UseAsync),
            < 97 => ("available", AvailableAsync),
            _ => ("block", BlockAsync),
        };
        Done[name] = Done.GetValueOrDefault(name) + 1;
        await step();
    }

    /// <summary>Accepts, outcomes, cancels and reversals, one to five, in one transaction.</summary>
    private async Task BatchAsync()
    {
        var (real, mirror) = (new LaneBatch(), new LaneBatch());
        for (var i = random.Next(1, 6); i > 0; i--)
        {
            var made = Make();
            if (real.TryAdd(made()))
            {
                mirror.TryAdd(made()).Should().BeTrue();
            }
        }

        (await lane.ExecuteAsync(real, random.Next(2) == 0)).Should().BeFalse();
        mirror.Accepts.Begin();
        model.Accept([.. mirror.Accepts.Commands.Select(c => c.Acceptance)], Now).ForEach(row => mirror.Accepts.Take(row, 0));
        mirror.Accepts.End();
        model.Record([.. mirror.Records.Commands.Select(c => c.Happening)], Now).ForEach(row => mirror.Records.Take(row, 0));
        foreach (var (told, expected) in real.Accepts.Commands.Zip(mirror.Accepts.Commands))
        {
            (told.Result is { } a ? a with { At = default, StartedTicks = 0 } : default(Accepted?))
                .Should().Be(expected.Result is { } b ? b with { At = default, StartedTicks = 0 } : default(Accepted?));
        }

        foreach (var (told, expected) in real.Records.Commands.Zip(mirror.Records.Commands))
        {
            (told.Result with { At = default, StartedTicks = 0 }).Should().Be(expected.Result with { At = default, StartedTicks = 0 });
        }

        foreach (var single in real.Singles)
        {
            if (single is CancelPayment.Command c)
            {
                c.Result.Should().Be(model.Cancel(c.AgentId, c.Reference, c.Number, c.TerminalId, c.NodeId, Now));
            }
            else if (single is ReversePayment.Command r)
            {
                r.Result.Should().Be(model.Reverse(r.AgentId, r.Number, r.Minutes, r.CancelNumber, r.NodeId, Now));
            }
        }
    }

    /// <summary>A node gives numbers of its own blocks, of which every third is its; what it leaves of one is thrown away.</summary>
    private long NumberOf(int node)
    {
        var (block, place) = Math.DivRem(given[node]++, GivenOfABlock);
        var number = FirstNumber + (((block * Nodes) + node - 1) * Node.BlockSize) + place;
        lastNumber = Math.Max(lastNumber, number);
        return number;
    }

    /// <summary>A number near the last, or some blocks before it.</summary>
    private long Lately() => lastNumber - random.Next(random.Next(2) == 0 ? 30 : 6_000);

    private Func<LaneCommand> Make()
    {
        var agent = Agents[random.Next(Agents.Length)];
        var known = model.Payments.OrderBy(p => p.Asked.Number).ToList();
        var roll = random.Next(100);
        if (roll < 40 || known.Count == 0)
        {
            var acceptance = Acceptance(agent, random.Next(1, Nodes + 1));
            return () => new AcceptCommand(acceptance);
        }

        if (roll < 48)
        {
            var (reference, node) = ($"r{random.Next(60)}", random.Next(1, Nodes + 1));
            var number = NumberOf(node);
            return () => new CancelPayment.Command(agent, reference, number, 1, node, notify: false);
        }

        var payment = known[random.Next(known.Count)];
        if (roll < 60)
        {
            var (minutes, node, now) = (random.Next(2), random.Next(1, Nodes + 1), payment.Now());
            var number = NumberOf(node);
            return () => new ReversePayment.Command(now, minutes, number, 1, "test", "test", node);
        }

        var happening = Happening(payment);
        return () => new RecordCommand(happening);
    }

    private Acceptance Acceptance(int agent, int node) => new()
    {
        AgentId = agent,
        FirstPart = agent == 49 ? 48 : 0,
        Parts = agent >= 48 ? 2 : 1,
        Number = NumberOf(node),
        Reference = $"r{random.Next(60)}",
        TerminalId = random.Next(1, 3),
        ServiceCode = 10101,
        Account = "1",
        AmountQepik = random.Next(1, 900),
        FeeQepik = random.Next(3) == 0 ? 7 : 0,
        CommissionQepik = random.Next(2),
        ProviderFeeQepik = random.Next(2),
        ProviderId = random.Next(1, 3),
        Tender = Tender.Card,
        CutoffGroup = 1,
        InquiryId = random.Next(5) == 0 ? Inquiries[random.Next(Inquiries.Length)] : null,
        DailyLimitQepik = random.Next(4) == 0 ? 3_000 : null,
        NodeId = node,
        Claim = random.Next(3) > 0,
        SendSeconds = random.Next(3, 12),
        ShiftRequired = random.Next(20) == 0,
    };

    /// <summary>Something that could happen to it; now and then as seen by somebody who is late.</summary>
    private Happening Happening(ModelPayment payment)
    {
        var seen = random.Next(4) == 0 ? random.Next(payment.Events.Count) : payment.Events.Count - 1;
        var state = Transitions.Numbered(payment.Events[seen].Edge).To;
        var edges = Transitions.All.Where(e => e.From == state && e.Id is not (5 or 18 or 26)).ToList();
        var edge = edges[random.Next(edges.Count)];
        return new Happening
        {
            AgentId = payment.Asked.AgentId,
            Number = random.Next(30) == 0 ? 1 : payment.Asked.Number,
            SeenStep = (short)seen,
            SeenEdge = payment.Events[seen].Edge,
            Edge = edge,
            NodeId = random.Next(1, 4),
            ProviderTransaction = random.Next(2) == 0 ? $"t{random.Next(9)}" : null,
            DeclineName = edge.To == PaymentState.Declined ? "provider-error" : null,
            ProviderCode = edge.To == PaymentState.Declined ? "5" : null,
            Transient = edge.To == PaymentState.Declined ? random.Next(2) == 0 : null,
            SendSeconds = edge.Event == PaymentEvent.Claimed ? random.Next(3, 12) : null,
            AskSeconds = random.Next(0, 20),
        };
    }

    private async Task MoveAsync(int seconds)
    {
        moved += Duration.FromSeconds(seconds);
        await database.ExecuteAsync(FormattableString.Invariant($"""
            update node set lease_until = lease_until - interval '{seconds} s', recovered_at = recovered_at - interval '{seconds} s';
            update event set at = at - interval '{seconds} s', send_before = send_before - interval '{seconds} s';
            update unknown_payment set next_ask_at = next_ask_at - interval '{seconds} s';
            update reversal set next_ask_at = next_ask_at - interval '{seconds} s';
            """));
    }

    /// <summary>Nothing is compared within a second of a moment at which the answer changes.</summary>
    private async Task KeepClearAsync()
    {
        while (model.Deadlines().Any(d => d > Now - Duration.FromMilliseconds(100) && d < Now + Duration.FromSeconds(1)))
        {
            await MoveAsync(1);
        }
    }

    private async Task BeatAsync()
    {
        var (node, lease, low) = (random.Next(1, 4), random.Next(4) == 0 ? 0 : 5, random.Next(3) == 0 ? Lately() : 0);
        await tables.BeatAsync(node, lease, low);
        model.Beat(node, lease, low, Now);
    }

    private async Task LostAsync()
    {
        var (node, after) = (random.Next(1, 4), random.Next(3) == 0 ? Lately() : 0);
        (await tables.LostAsync(node, after, default)).Should().Equal(model.Lost(node, after, Now));
    }

    private async Task UnfinishedAsync()
    {
        var some = model.Payments.OrderBy(p => p.Asked.Number).Where(_ => random.Next(3) == 0).ToList();
        int[] agents = [.. some.Select(p => p.Asked.AgentId), 16];
        long[] numbers = [.. some.Select(p => p.Asked.Number), 5];
        (await tables.UnfinishedAsync(agents, numbers, default)).Should().Equal(model.Unfinished(agents, numbers, Now));
    }

    private async Task NodesAsync()
    {
        var node = random.Next(1, 4);
        (await tables.NodesAsync(node, default)).Should().Equal(model.NodesFor(node, Now));
    }

    private async Task CloseAsync()
    {
        var node = random.Next(1, 4);
        await tables.CloseAsync(node, default);
        model.Close(node, Now);
    }

    private async Task DueAsync()
    {
        int[] providers = [1, 2];
        int[] room = [1_000, random.Next(2) * 1_000];
        (await tables.LeaseDueAsync(providers, room, 30, default)).Should().BeEquivalentTo(model.LeaseDue(providers, room, 30, Now));
    }

    private async Task DueReversalsAsync()
    {
        int[] providers = [1, 2];
        int[] room = [1_000, random.Next(2) * 1_000];
        var told = await tables.LeaseReversalsAsync(providers, room, [11, 12], default);
        told.Select(d => d with { AskedAt = default })
            .Should().BeEquivalentTo(model.LeaseReversals(providers, room, [11, 12], Now).Select(d => d with { AskedAt = default }));
    }

    private async Task FindAsync()
    {
        var agent = Agents[random.Next(Agents.Length)];
        var reference = $"r{random.Next(60)}";
        Plain(await book.FindAsync(agent, reference)).Should().BeEquivalentTo(Plain(model.Find(agent, reference)?.Now()));
    }

    private async Task UseAsync()
    {
        var (agent, inquiry) = (random.Next(2) == 0 ? 16 : 48, Inquiries[random.Next(Inquiries.Length)]);
        var parts = agent == 48 ? 2 : 1;
        (await book.FindUseAsync(agent, parts, inquiry)).Should().Be(model.FindUse(agent, parts, inquiry));
    }

    private async Task AvailableAsync()
    {
        var agent = Agents[random.Next(Agents.Length)];
        (await book.AvailableAsync(agent)).Should().Be(model.Funds[agent].Available);
    }

    private async Task BlockAsync()
    {
        (await tables.TakeBlockAsync(1)).Should().Be(model.TakeBlock());
        if (random.Next(4) == 0)
        {
            (await tables.RegisterAsync("late")).Should().Be(model.Register(Now));
        }
    }

    /// <summary>Every row, at the end.</summary>
    public async Task CompareRowsAsync()
    {
        (await RowsAsync("select agent_id, number, step, edge, node_id, receipt_counter, business_day::text, provider_transaction, "
            + "decline_name, transient from event order by 1, 2, 3")).Should().Equal(model.Payments
                .OrderBy(p => p.Asked.AgentId).ThenBy(p => p.Asked.Number)
                .SelectMany(p => p.Events.Select((e, step) => Row(
                    p.Asked.AgentId, p.Asked.Number, step, e.Edge, e.NodeId, e.ReceiptCounter,
                    e.BusinessDay?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), e.ProviderTransaction, e.DeclineName, e.Transient))));
        (await RowsAsync("select agent_id, debits_pending, debits_posted, credits_posted from funds order by 1")).Should().Equal(
            model.Funds.Select(f => Row(f.Key, f.Value.Pending, f.Value.Posted, f.Value.Credits)));
        (await RowsAsync("select agent_id, number, step, leg, debit, credit, amount_qepik from transfer order by 1, 2, 3, 4")).Should().Equal(
            model.Payments.OrderBy(p => p.Asked.AgentId).ThenBy(p => p.Asked.Number).SelectMany(p => p.Transfers
                .OrderBy(t => t.Step).ThenBy(t => t.Leg)
                .Select(t => Row(p.Asked.AgentId, p.Asked.Number, t.Step, t.Leg, t.Debit, t.Credit, t.AmountQepik))));
        (await RowsAsync("select agent_id, number, provider_id, asks from unknown_payment order by 1, 2")).Should().Equal(
            model.Unknown.Select(u => Row(u.Key.AgentId, u.Key.Number, u.Value.ProviderId, u.Value.Asks)));
        (await RowsAsync("select agent_id, number, cancel_number, asks, next_ask_at is null from reversal order by 1, 2")).Should().Equal(
            model.Reversals.Select(r => Row(r.Key.AgentId, r.Key.Number, r.Value.CancelNumber, r.Value.Asks, r.Value.NextAskAt is null)));
        (await RowsAsync("select node_id, low_number, recovered_at is null from node order by 1")).Should().Equal(
            model.Nodes.Select(n => Row(n.Key, n.Value.Low, n.Value.RecoveredAt is null)));
    }

    private async Task<List<string>> RowsAsync(string sql)
    {
        await using var command = database.DataSource.CreateCommand(sql);
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<string>();
        while (await reader.ReadAsync())
        {
            rows.Add(Row([.. Enumerable.Range(0, reader.FieldCount).Select(i => reader.IsDBNull(i) ? null : reader.GetValue(i))]));
        }

        return rows;
    }

    private static string Row(params object?[] values) =>
        string.Join(' ', values.Select(v => Convert.ToString(v, CultureInfo.InvariantCulture) is { Length: > 0 } text ? text : "-"));

    /// <summary>Without the times, which differ by what a round trip takes.</summary>
    private static Payment? Plain(Payment? payment) => payment is null ? null : payment with
    {
        AcceptedAt = default,
        At = default,
        ConfirmedAt = payment.ConfirmedAt is null ? null : default(Instant),
        ReversalAskedAt = payment.ReversalAskedAt is null ? null : default(Instant),
        ReversalOutcomeAt = payment.ReversalOutcomeAt is null ? null : default(Instant),
        Correction = null,
    };
}
