using EGovPay.Processing;
using EGovPay.Processing.Agents;
using EGovPay.Processing.Audit;
using EGovPay.Processing.Days;
using EGovPay.Processing.Dispatch;
using EGovPay.Processing.Journal;
using EGovPay.Processing.Ledger;
using EGovPay.Processing.Payments;
using EGovPay.Processing.StateMachine;
using EGovPay.Tests.Journal;
using EGovPay.Tests.PostgreSql;
using FluentAssertions;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Xunit;

namespace EGovPay.Tests.Audit;

/// <summary>
/// A small book that the real journal wrote, with every outcome there is, over three business days; each test gets a copy.
/// A payment's reference says what became of it.
/// </summary>
public sealed class HonestBook : IAsyncLifetime
{
    private static readonly (string Reference, bool Claim, PaymentEvent[] Events)[] Ways =
    [
        ("waiting", false, []),
        ("dispatched", true, []),
        ("confirmed", true, [PaymentEvent.ProviderConfirmed]),
        ("confirmed-too", true, [PaymentEvent.ProviderConfirmed]),
        ("declined", true, [PaymentEvent.ProviderDeclined]),
        ("not-sent", true, [PaymentEvent.NotSent]),
        ("never-sent", false, [PaymentEvent.NeverSent]),
        ("claimed-late", false, [PaymentEvent.Claimed, PaymentEvent.ProviderConfirmed]),
        ("unknown", true, [PaymentEvent.ProviderSilent, PaymentEvent.ProviderSilent]),
        ("asked-confirmed", true, [PaymentEvent.ProviderSilent, PaymentEvent.ProviderConfirmed]),
        ("asked-declined", true, [PaymentEvent.ProviderSilent, PaymentEvent.ProviderDeclined]),
        ("register-delivered", true, [PaymentEvent.ProviderSilent, PaymentEvent.RegisterShowsDelivered]),
        ("register-absent", true, [PaymentEvent.ProviderSilent, PaymentEvent.RegisterShowsAbsent]),
        ("operator-declined", true, [PaymentEvent.ProviderSilent, PaymentEvent.OperatorDeclined]),
        ("operator-confirmed", true, [PaymentEvent.ProviderSilent, PaymentEvent.OperatorConfirmed]),
        ("reversing", true, [PaymentEvent.ProviderConfirmed, PaymentEvent.ReversalRequested, PaymentEvent.LateTruth]),
        ("reversed", true, [PaymentEvent.ProviderConfirmed, PaymentEvent.ReversalRequested, PaymentEvent.ProviderReversed]),
        ("kept", true, [PaymentEvent.ProviderConfirmed, PaymentEvent.ReversalRequested, PaymentEvent.ProviderSilent,
            PaymentEvent.ProviderKept]),
        ("delivered-after-decline", true, [PaymentEvent.ProviderDeclined, PaymentEvent.RegisterShowsDelivered]),
        ("never-delivered", true, [PaymentEvent.ProviderConfirmed, PaymentEvent.RegisterShowsAbsent]),
        ("reversed-and-delivered", true, [PaymentEvent.ProviderConfirmed, PaymentEvent.ReversalRequested,
            PaymentEvent.OperatorReversed, PaymentEvent.RegisterShowsDelivered, PaymentEvent.RegisterShowsAbsent]),
        ("late-truth", true, [PaymentEvent.ProviderDeclined, PaymentEvent.LateTruth]),
    ];

    private readonly TestDatabase database = new();

    public async ValueTask InitializeAsync()
    {
        await database.InitializeAsync();
        await using (var book = await OpenBook.OnAsync(database))
        {
            await FillAsync(book);
        }

        database.DataSource.Clear();
    }

    public async ValueTask DisposeAsync() => await database.DisposeAsync();

    /// <summary>A copy of the book, damaged by a statement, and what the audit says of it.</summary>
    public async Task<AuditReport> AuditAsync(string? damage)
    {
        var copy = new NpgsqlConnectionStringBuilder(database.ConnectionString) { Pooling = false };
        var original = copy.Database;
        copy.Database = "postgres";
        await using var admin = NpgsqlDataSource.Create(copy.ConnectionString);
        copy.Database = $"test_copy_{Guid.NewGuid():N}";
        await ExecuteAsync(admin, $"create database {copy.Database} template {original}");
        try
        {
            await using var source = NpgsqlDataSource.Create(copy.ConnectionString);
            if (damage is not null)
            {
                await ExecuteAsync(source, damage);
            }

            return await AuditBooks.RunAsync(source, null, TestContext.Current.CancellationToken);
        }
        finally
        {
            await ExecuteAsync(admin, $"drop database {copy.Database} with (force)");
        }
    }

    private async Task FillAsync(OpenBook book)
    {
        await TestPeople.BeAsync(database.DataSource);
        var administer = new Administer(database.DataSource, TestPeople.Doer);
        var funds = new AgentFunds(database.DataSource, book.Journal, book.Node);
        var days = new BusinessDays(database.DataSource, NullLogger<BusinessDays>.Instance);
        var bank = (await administer.AddAgentAsync("bank", "Sınaq bankı"))!.Value;
        var portal = (await administer.AddAgentAsync("portal", "Portal", parts: 2))!.Value;
        (await funds.TopUpAsync(bank, 1, "deposit-1", 1_000_000, "test")).Should().BeTrue();
        (await funds.TopUpAsync(portal, 2, "deposit-1", 1_000_001, "test")).Should().BeTrue();
        foreach (var (reference, claim, events) in Ways)
        {
            await GoAsync(book, bank, reference, claim, events);
        }

        await days.CloseAsync();
        await DecideThatItStandsAsync("late-truth");
        foreach (var (reference, claim, events) in Ways)
        {
            await GoAsync(book, portal + Lanes.Part("p-" + reference, 2), "p-" + reference, claim, events);
        }

        await days.CloseAsync();
        await GoAsync(book, bank, "today", true, [PaymentEvent.ProviderConfirmed]);
        await GoAsync(book, bank, "today-too", true, [PaymentEvent.ProviderConfirmed]);
        await GoAsync(book, bank, "cancelled", false, []);
        var cancel = new CancelPayment(book.Journal, book.Book, book.Node);
        (await cancel.CancelAsync(TerminalOf(bank), "cancelled")).State.Should().Be(PaymentState.Cancelled);
        (await cancel.CancelAsync(TerminalOf(bank), "unseen")).State.Should().Be(PaymentState.Cancelled);
        // An entry of the record that no close has seen yet.
        (await administer.SuspendAgentAsync("portal", suspended: true)).Should().BeTrue();
    }

    /// <summary>The contradiction of a payment is closed by two people: it stands.</summary>
    private async Task DecideThatItStandsAsync(string reference)
    {
        var proposal = await database.AskAsync<long>(
            "insert into proposal (proposing, kind, agent_id, number, reason, made_by, made_at, approve_from, expires_at) "
            + "select gen_random_uuid(), 'contradiction', agent_id, number, 'a letter', 'aysel', now(), now(), now() + interval '7 days' "
            + $"from payment where reference = '{reference}' returning proposal_id");
        await database.ExecuteAsync(
            $"update proposal set state = 'approved', decided_by = 'resad', decided_at = now() where proposal_id = {proposal}");
        await using var end = database.DataSource.CreateCommand(Sql.Load(typeof(AuditBooks).Assembly, "People/EndProposal.sql"));
        end.Parameters.Add(new NpgsqlParameter<long> { TypedValue = proposal });
        end.Parameters.Add(new NpgsqlParameter<string> { TypedValue = "done" });
        end.Parameters.Add(new NpgsqlParameter<string> { TypedValue = "it stands" });
        (await end.ExecuteScalarAsync()).Should().Be(proposal);
    }

    private static async Task GoAsync(OpenBook book, int agentId, string reference, bool claim, PaymentEvent[] events)
    {
        var acceptance = await book.AcceptanceAsync(reference, 1_000, agentId, claim) with
        {
            FeeQepik = 40,
            CommissionQepik = 3,
            ProviderFeeQepik = 7,
            Notify = true,
            InquiryId = Guid.NewGuid(),
        };
        (await book.Journal.AcceptAsync(acceptance)).Verdict.Should().Be(AcceptVerdict.Entered);
        foreach (var happened in events)
        {
            var now = (await book.Book.FindAsync(agentId, reference))!;
            if (happened == PaymentEvent.ReversalRequested)
            {
                (await book.Journal.ExecuteAsync(new ReversePayment.Command(
                    now, 15, await book.Node.NextNumberAsync(), 1, "terminal t1", "səhv hesab", book.Node.Id))).Should().BeTrue();
                continue;
            }

            var edge = Transitions.Find(now.State, happened)!;
            (await book.Journal.RecordAsync(new Happening
            {
                AgentId = agentId,
                Number = now.Number,
                SeenStep = now.Step,
                SeenEdge = now.Edge,
                Edge = edge,
                NodeId = book.Node.Id,
                MadeBy = edge.TwoPeople ? "aysel" : null,
                ApprovedBy = edge.TwoPeople ? "rəşad" : null,
                SendSeconds = edge.To == PaymentState.Dispatched ? 10 : null,
                Exchange = edge.To == PaymentState.Declined ? new RawExchange("asked", "answered", 12) : null,
            })).Done.Should().BeTrue();
        }
    }

    private static Terminal TerminalOf(int agentId) => new()
    {
        AgentId = agentId,
        Parts = 1,
        AgentCode = "bank",
        AgentName = "Sınaq bankı",
        PointId = 1,
        PointCode = "p1",
        PointName = "Mərkəz",
        TerminalId = 1,
        TerminalCode = "t1",
        TerminalName = "Kassa 1",
        Suspended = false,
        Signed = false,
    };

    private static async Task ExecuteAsync(NpgsqlDataSource source, string sql)
    {
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
