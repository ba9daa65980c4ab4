using EGovPay.Processing.StateMachine;
using EGovPay.Tests.PostgreSql;
using FluentAssertions;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace EGovPay.Tests.StateMachine;

/// <summary>The table of states by itself, in the database, and as the diagram in ARCHITECTURE.md.</summary>
public sealed class TransitionsTests
{
    private const string Begin = "<!-- states:begin -->";
    private const string End = "<!-- states:end -->";

    private static readonly PaymentState[] Pending = [PaymentState.Accepted, PaymentState.Dispatched, PaymentState.Unknown];

    /// <summary>Any walk of events, of which those that the table does not allow are passed over, as the journal does.</summary>
    private static readonly Arbitrary<PaymentEvent[]> Walks = Gen.Elements(Enum.GetValues<PaymentEvent>()).ArrayOf().ToArbitrary();

    [Fact]
    public async Task The_database_has_the_same_table_row_by_row()
    {
        await using var database = await TestDatabase.CreateAsync();
        var stored = new List<(short, string?, string, string, string, bool, bool)>();
        await using var command = database.DataSource.CreateCommand(
            "select edge_id, from_state, event, to_state, money, two_people, final from transition order by edge_id");
        await using var row = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        while (await row.ReadAsync(TestContext.Current.CancellationToken))
        {
            stored.Add((row.GetInt16(0), row.IsDBNull(1) ? null : row.GetString(1), row.GetString(2), row.GetString(3),
                row.GetString(4), row.GetBoolean(5), row.GetBoolean(6)));
        }

        stored.Should().Equal(Transitions.All.Select(edge => (
            edge.Id, edge.From == PaymentState.None ? null : edge.From.ToString(), edge.Event.ToString(), edge.To.ToString(),
            edge.Money.ToString(), edge.TwoPeople, Transitions.IsFinal(edge.To))));
    }

    [Fact]
    public void A_state_and_an_event_have_at_most_one_edge_and_each_number_names_one()
    {
        Transitions.All.Select(edge => edge.Id).Should().OnlyHaveUniqueItems();
        Transitions.All.Select(edge => (edge.From, edge.Event)).Should().OnlyHaveUniqueItems();
        foreach (var edge in Transitions.All)
        {
            Transitions.Numbered(edge.Id).Should().BeSameAs(edge);
            Transitions.Find(edge.From, edge.Event).Should().BeSameAs(edge);
        }

        FluentActions.Invoking(() => Transitions.Numbered(0)).Should().Throw<ArgumentOutOfRangeException>();
        FluentActions.Invoking(() => Transitions.Numbered(33)).Should().Throw<ArgumentOutOfRangeException>();
        FluentActions.Invoking(() => Transitions.Numbered(-1)).Should().Throw<ArgumentOutOfRangeException>();
    }

    [Fact]
    public void Every_state_can_be_reached_and_none_leads_back_to_nothing()
    {
        var reached = new HashSet<PaymentState> { PaymentState.None };
        while (Transitions.All.Any(edge => reached.Contains(edge.From) && reached.Add(edge.To)))
        {
        }

        reached.Should().BeEquivalentTo(Enum.GetValues<PaymentState>());
        Transitions.All.Should().NotContain(edge => edge.To == PaymentState.None);
    }

    [Fact]
    public void Every_state_that_is_not_final_can_still_become_final()
    {
        foreach (var state in Enum.GetValues<PaymentState>().Where(state => !Transitions.IsFinal(state)))
        {
            Transitions.All.Should().Contain(edge => edge.From == state && edge.To != state, "{0} must lead on", state);
        }
    }

    [Fact]
    public void A_final_state_is_left_only_by_two_people_or_by_a_reversal_that_is_asked_for()
    {
        Transitions.All.Where(edge => Transitions.IsFinal(edge.From) && edge.To != edge.From && !edge.TwoPeople)
            .Should().ContainSingle().Which.Event.Should().Be(PaymentEvent.ReversalRequested);
        Transitions.All.Where(edge => Transitions.IsFinal(edge.From) && edge.To == edge.From)
            .Should().OnlyContain(edge => edge.Event == PaymentEvent.LateTruth && edge.Money == MoneyEffect.None);
    }

    [Fact]
    public void Whatever_happens_money_is_held_once_and_then_posted_or_released_once() => Prop.ForAll(Walks, walk =>
    {
        var (state, held, posted) = (PaymentState.None, false, false);
        foreach (var happened in walk)
        {
            if (Transitions.Find(state, happened) is not { } edge)
            {
                continue;
            }

            switch (edge.Money)
            {
                case MoneyEffect.Hold when !held && !posted && state == PaymentState.None:
                    held = true;
                    break;
                case MoneyEffect.Post when held:
                    (held, posted) = (false, true);
                    break;
                case MoneyEffect.Release when held:
                    held = false;
                    break;
                case MoneyEffect.SuspenseToPayable when !held && !posted:
                    posted = true;
                    break;
                case MoneyEffect.Reverse or MoneyEffect.ToRefundDue when posted:
                    posted = false;
                    break;
                case MoneyEffect.None or MoneyEffect.Keep:
                    break;
                default:
                    return false;
            }

            state = edge.To;
            // The journal's sums rest on this: what is held is exactly what is not final.
            if (held != Pending.Contains(state) || posted != state is PaymentState.Confirmed or PaymentState.Reversing)
            {
                return false;
            }
        }

        return true;
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_receipt_number_is_given_at_most_once() => Prop.ForAll(Walks, walk =>
    {
        var (state, receipts) = (PaymentState.None, 0);
        foreach (var happened in walk)
        {
            if (Transitions.Find(state, happened) is { } edge)
            {
                receipts += Processing.Journal.RecordBatch.IsNumbered(edge) ? 1 : 0;
                state = edge.To;
            }

            if (receipts > 1 || (state == PaymentState.Confirmed && receipts != 1))
            {
                return false;
            }
        }

        return true;
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void The_diagram_in_the_documents_is_drawn_from_the_table()
    {
        var path = Path.Combine(House.Tree.Root, "ARCHITECTURE.md");
        var text = File.ReadAllText(path);
        var drawn = $"{Begin}\n```mermaid\n{Transitions.ToMermaid()}```\n{End}";
        if (Environment.GetEnvironmentVariable("EGOVPAY_DRAW") == "1")
        {
            var (from, to) = (text.IndexOf(Begin, StringComparison.Ordinal), text.IndexOf(End, StringComparison.Ordinal));
            File.WriteAllText(path, string.Concat(text.AsSpan(0, from), drawn, text.AsSpan(to + End.Length)));
            return;
        }

        text.Should().Contain(drawn, "EGOVPAY_DRAW=1 draws it again");
    }
}
