using EGovPay.Processing;
using EGovPay.Processing.Catalogue;
using EGovPay.Processing.Dispatch;
using EGovPay.Processing.Journal;
using EGovPay.Processing.Payments;
using EGovPay.Processing.StateMachine;
using EGovPay.Settlement.Reconciliation;
using EGovPay.Tests.PostgreSql;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;
using Npgsql;

namespace EGovPay.Tests.Reconciliation;

/// <summary>A line that a test puts into a register.</summary>
internal sealed record WrittenLine(string Txn, long AmountQepik, string Account, LocalDate Day)
{
    public string? Currency { get; init; }
    public bool Reversal { get; init; }
    public string? ProviderTransaction { get; init; }
}

/// <summary>A real engine on a database of its own, payments brought into any state by the journal, and registers.</summary>
internal sealed class RegisterBook : IAsyncDisposable
{
    public const int Agent = 16;
    public const string Account = "501234567";

    private int references;

    private RegisterBook(TestDatabase database, Engine engine)
    {
        Database = database;
        Engine = engine;
        Provider = engine.Catalogue.Current.Provider("azercell")!;
        Other = engine.Catalogue.Current.Provider("azerishiq")!;
        Zone = DateTimeZoneProviders.Tzdb[Provider.Zone];
    }

    public TestDatabase Database { get; }

    public Engine Engine { get; }

    public ProviderSettings Provider { get; }

    public ProviderSettings Other { get; }

    public DateTimeZone Zone { get; }

    /// <summary>The provider day of the payments that are made now.</summary>
    public LocalDate Today => Engine.Clock.GetCurrentInstant().InZone(Zone).Date;

    public static async Task<RegisterBook> OpenAsync()
    {
        var database = await TestDatabase.CreateAsync();
        var engine = await StartAsync(database);
        await database.ExecuteAsync(FormattableString.Invariant($"""
            insert into agent (agent_id, lane, code, name) values ({Agent}, {Lanes.Of(Agent)}, 'a1', 'Agent');
            insert into funds (agent_id, credits_posted) values ({Agent}, 1000000000000);
            """));
        return new RegisterBook(database, engine);
    }

    public static Task<Engine> StartAsync(TestDatabase database) => Engine.StartAsync(
        new EngineSettings
        {
            ConnectionString = database.ConnectionString,
            Secret = new byte[32],
            Connect = _ => new Dictionary<string, IProvider>(StringComparer.Ordinal),
            Route = (_, _) => null,
            Background = false,
        },
        SystemClock.Instance, NullLoggerFactory.Instance);

    /// <summary>Makes a payment and brings it into a state, as the engine would.</summary>
    public async Task<Payment> PayAsync(
        PaymentState state, long amountQepik = 1_000, string account = Account, ProviderSettings? provider = null)
    {
        var number = await Engine.Node.NextNumberAsync();
        var acceptance = new Acceptance
        {
            AgentId = Agent,
            Number = number,
            Reference = FormattableString.Invariant($"ref-{Interlocked.Increment(ref references)}"),
            TerminalId = 1,
            ServiceCode = 20101,
            Account = account,
            AmountQepik = amountQepik,
            FeeQepik = 40,
            ProviderId = (provider ?? Provider).Id,
            Tender = Tender.Cash,
            CutoffGroup = 1,
            NodeId = Engine.Node.Id,
            SendSeconds = 10,
            Claim = state is not (PaymentState.Accepted or PaymentState.Cancelled),
        };
        await Engine.Journal.AcceptAsync(acceptance);
        Engine.Node.Done(number);
        PaymentEvent[] way = state switch
        {
            PaymentState.Confirmed => [PaymentEvent.ProviderConfirmed],
            PaymentState.Declined => [PaymentEvent.ProviderDeclined],
            PaymentState.Unknown => [PaymentEvent.ProviderSilent],
            PaymentState.Cancelled => [PaymentEvent.TerminalCancelled],
            PaymentState.Reversing => [PaymentEvent.ProviderConfirmed, PaymentEvent.ReversalRequested],
            PaymentState.Reversed => [PaymentEvent.ProviderConfirmed, PaymentEvent.ReversalRequested, PaymentEvent.ProviderReversed],
            _ => [],
        };
        foreach (var happened in way)
        {
            await HappenAsync(number, happened);
        }

        return await FindAsync(number);
    }

    public async Task HappenAsync(long number, PaymentEvent happened)
    {
        var payment = await FindAsync(number);
        var recorded = await Engine.Journal.RecordAsync(new Happening
        {
            AgentId = payment.AgentId,
            Number = payment.Number,
            SeenStep = payment.Step,
            SeenEdge = payment.Edge,
            Edge = Transitions.Find(payment.State, happened)!,
            NodeId = Engine.Node.Id,
            ProviderTransaction = happened == PaymentEvent.ProviderConfirmed ? FormattableString.Invariant($"p{number}") : null,
            DeclineName = happened == PaymentEvent.ProviderDeclined ? "account-not-found" : null,
        });
        if (!recorded.Done)
        {
            throw new InvalidOperationException($"{happened} was not recorded.");
        }
    }

    public async Task<Payment> FindAsync(long number) => (await Engine.Book.FindAsync(Agent, number))!;

    /// <summary>Makes it a payment of so many days ago: accepted, and its events, all or the first of them.</summary>
    public async Task<Payment> AgeAsync(Payment payment, int days, int eventsBefore = int.MaxValue)
    {
        await Database.ExecuteAsync(FormattableString.Invariant($"""
            update payment set accepted_at = accepted_at - interval '{days} days' where number = {payment.Number};
            update event set at = at - interval '{days} days' where number = {payment.Number} and step < {eventsBefore};
            update number_block set taken_at = taken_at - interval '{days} days';
            """));
        return await FindAsync(payment.Number);
    }

    /// <summary>The line that an honest provider writes of a payment.</summary>
    public WrittenLine LineOf(Payment payment) => new(
        FormattableString.Invariant($"{payment.Number}"), payment.AmountQepik, payment.Account, payment.AcceptedAt.InZone(Zone).Date);

    /// <summary>A register comes in; of those of one day the last counts.</summary>
    public async Task<long> RegisterAsync(LocalDate day, params IReadOnlyList<WrittenLine> lines)
    {
        await using var command = Database.DataSource.CreateCommand("""
            with file as (
                insert into settlement_file (kind, name, sha256, bytes, format, source, imported_by)
                values ('register', 'register.tsv', sha256(gen_random_uuid()::text::bytea), 1, 'osmp-tab', 'command', 'test')
                returning file_id
            ),
            head as (
                insert into register_in (file_id, provider_id, day, lines, total_qepik)
                select f.file_id, $1, $2, cardinality($3::text[]), 0 from file f
            ),
            body as (
                insert into register_in_line (file_id, line, txn, number, amount_qepik, currency, account, day, reversal, provider_transaction)
                select f.file_id, l.line, l.txn, case when l.txn ~ '^7[0-9]{11,17}$' then l.txn::bigint end, l.amount, l.currency,
                    l.account, l.day, l.reversal, l.theirs
                from file f
                cross join unnest($3::text[], $4::bigint[], $5::text[], $6::text[], $7::date[], $8::boolean[], $9::text[])
                    with ordinality as l (txn, amount, currency, account, day, reversal, theirs, line)
            )
            select file_id from file
            """);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = Provider.Id });
        command.Parameters.Add(new NpgsqlParameter<DateOnly> { TypedValue = day.ToDateOnly() });
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. lines.Select(line => line.Txn)] });
        command.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = [.. lines.Select(line => line.AmountQepik)] });
        command.Parameters.Add(new NpgsqlParameter<string?[]> { TypedValue = [.. lines.Select(line => line.Currency)] });
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. lines.Select(line => line.Account)] });
        command.Parameters.Add(new NpgsqlParameter<DateOnly[]> { TypedValue = [.. lines.Select(line => line.Day.ToDateOnly())] });
        command.Parameters.Add(new NpgsqlParameter<bool[]> { TypedValue = [.. lines.Select(line => line.Reversal)] });
        command.Parameters.Add(new NpgsqlParameter<string?[]> { TypedValue = [.. lines.Select(line => line.ProviderTransaction)] });
        return (long)(await command.ExecuteScalarAsync())!;
    }

    /// <param name="limits">Null: as for a large day, though it is small.</param>
    public async Task<Reconciled> ReconcileAsync(LocalDate? day = null, ReadingLimits? limits = null) =>
        (await new ReconcileRegister(Engine) { Limits = limits ?? ReadingLimits.Usual with { ByKey = 0 } }.RunAsync(
            Provider, day ?? Today, "test"))!;

    /// <summary>The open breaks as (transaction, kind), in order.</summary>
    public async Task<IReadOnlyList<string>> OpenAsync(string more = "")
    {
        await using var command = Database.DataSource.CreateCommand(
            "select split_part(subject, '/', 2) || ' ' || kind from break_now where state <> 'settled' order by 1 limit 10000");
        await using var reader = await command.ExecuteReaderAsync();
        var found = new List<string>();
        while (await reader.ReadAsync())
        {
            found.Add(reader.GetString(0) + more);
        }

        return found;
    }

    public static string Named(Payment payment, string kind) => FormattableString.Invariant($"{payment.Number} {kind}");

    public async ValueTask DisposeAsync()
    {
        await Engine.DisposeAsync();
        await Database.DisposeAsync();
    }
}
