using EGovPay.Processing.Audit;
using FluentAssertions;
using Xunit;

namespace EGovPay.Tests.Audit;

/// <summary>An honest book is clean; each kind of damage is found by the invariant that it breaks, and by no other.</summary>
public sealed class AuditTests(HonestBook book) : IClassFixture<HonestBook>
{
    /// <summary>The payment with a reference, inside a statement.</summary>
    private static string Number(string reference) => $"(select number from payment where reference = '{reference}')";

    private static string Of(string reference) => $"number = {Number(reference)}";

    private const string Seal = "alter table day_seal disable trigger user; alter table day_seal_piece disable trigger user; ";

    private const string Hand = "alter table act disable trigger user; ";

    public static TheoryData<string, string, string> Damages { get; } = new()
    {
        // What happened.
        { "an event in the middle is gone", $"delete from event where step = 1 and {Of("kept")}", "events orphans receipts transfers" },
        { "the first event is gone", $"delete from event where step = 0 and {Of("declined")}", "events" },
        { "all events of a payment are gone", $"delete from event where {Of("not-sent")}", "events orphans" },
        { "the last event is gone", $"delete from event where step = 1 and {Of("never-sent")}", "held orphans" },
        { "an event after a final state that no edge allows",
            $"insert into event (agent_id, number, at, node_id, step, edge) "
            + $"select agent_id, number, at, node_id, 3, 13 from event where step = 2 and {Of("asked-declined")}",
            "events held unknown" },
        { "an event that is in no table",
            $"alter table event drop constraint event_edge_check; update event set edge = 77 where step = 1 and {Of("not-sent")}",
            "events" },
        { "the same step twice", $"alter table event drop constraint event_pkey; insert into event (agent_id, number, at, node_id, "
            + $"step, edge, send_before) select agent_id, number, at, node_id, step, edge, send_before from event where {Of("dispatched")}",
            "events" },
        { "an acceptance at another time", $"update payment set accepted_at = accepted_at - interval '1 hour' where {Of("confirmed")}",
            "acceptance" },
        { "money in what was cancelled unseen", $"update payment set amount_qepik = 100 where {Of("unseen")}", "acceptance" },
        { "a claim without an end", $"update event set send_before = null where step = 0 and {Of("confirmed")}", "claims" },
        { "a decision of one person", $"update event set approved_by = made_by where step = 2 and {Of("operator-declined")}",
            "two-people" },
        { "a decision of nobody", $"update event set made_by = null where step = 2 and {Of("operator-confirmed")}", "two-people" },

        // Money.
        { "a payment's amount was changed", $"update payment set amount_qepik = 1001 where {Of("today")}", "transfers" },
        { "an amount that is held was changed", $"update payment set amount_qepik = 900 where {Of("unknown")}", "held" },
        { "a transfer's amount was changed", $"update transfer set amount_qepik = 999 where leg = 1 and {Of("today")}",
            "transfers funds" },
        { "the fee's leg is missing", $"delete from transfer where leg = 2 and {Of("today")}", "transfers funds" },
        { "the provider's fee is missing", $"delete from transfer where leg = 4 and {Of("today")}", "transfers" },
        { "the wrong provider is owed", $"update transfer set credit = 1002 where leg = 1 and {Of("today")}", "transfers" },
        { "the wrong way round", $"update transfer set debit = credit, credit = debit where leg = 3 and {Of("today")}", "transfers" },
        { "an account that does not exist", $"update transfer set credit = 99 where leg = 3 and {Of("today")}", "transfers entries" },
        { "a transfer to itself", $"alter table transfer drop constraint transfer_check; "
            + $"update transfer set credit = debit where leg = 4 and {Of("today")}", "transfers entries" },
        { "a negative transfer", $"alter table transfer drop constraint transfer_amount_qepik_check; "
            + $"update transfer set amount_qepik = -3 where leg = 3 and {Of("today")}", "transfers entries" },
        { "a transfer too many", $"insert into transfer (agent_id, number, amount_qepik, business_day, window_day, debit, credit, step, "
            + $"leg, cutoff_group) select agent_id, number, 5, business_day, window_day, 3, 4, step, 9, cutoff_group "
            + $"from transfer where leg = 1 and {Of("today")}", "transfers" },
        { "a transfer for a declined payment", $"alter table transfer drop constraint transfer_has_window; insert into transfer (agent_id, number, amount_qepik, business_day, debit, credit, step, "
            + $"leg, cutoff_group) select agent_id, number, 1000, (select max(day) from business_day), 1, 1001, 1, 1, 1 "
            + $"from payment where {Of("declined")}", "transfers funds" },
        { "a reversal that mirrors something else", $"update transfer set amount_qepik = 41 where leg = 2 and step = 3 and {Of("p-reversed")} "
            + "and false; " + $"update transfer set amount_qepik = 8 where leg = 4 and step = 3 and {Of("reversed")}", "day-totals seals transfers" },
        { "a transfer of nobody", "alter table transfer drop constraint transfer_has_window; insert into transfer (agent_id, number, amount_qepik, business_day, debit, credit, step, leg, cutoff_group) "
            + "select agent_id, 5, 100, (select max(day) from business_day), 3, 4, 1, 1, 1 from agent where code = 'bank'", "orphans" },
        { "a top-up's transfer is missing", "delete from transfer where number = "
            + "(select m.number from movement m join agent a on a.agent_id = m.agent_id and a.code = 'bank')", "day-totals funds movements seals" },
        { "a top-up is missing", "delete from movement where agent_id = (select agent_id from agent where code = 'bank')", "orphans" },
        { "a top-up of another amount", "update movement set amount_qepik = 7 where agent_id = (select agent_id from agent where code = 'bank')",
            "movements" },
        { "too little is held", "update funds set debits_pending = debits_pending - 1 where agent_id = (select agent_id from agent where code = 'bank')",
            "held" },
        { "too much is held", "update funds set debits_pending = debits_pending + 1 where agent_id = (select agent_id from agent where code = 'portal')",
            "held" },
        { "too little is posted", "update funds set debits_posted = debits_posted - 1 where agent_id = (select agent_id from agent where code = 'bank')",
            "funds" },
        { "money out of nothing", "update funds set credits_posted = credits_posted + 1 where agent_id = (select agent_id from agent where code = 'bank')",
            "funds" },
        { "more is held than there is", "alter table funds drop constraint funds_never_overdrawn; "
            + "update funds set debits_pending = 5000000 where agent_id = (select agent_id from agent where code = 'bank')", "held overdrawn" },

        // Names and numbers.
        { "a reference twice", "alter table payment drop constraint payment_agent_id_reference_key; "
            + "update payment set reference = 'confirmed' where reference = 'confirmed-too'", "references" },
        { "a reference in another part", "update payment set reference = reference || '7' where reference = 'p-confirmed' "
            + "or reference = 'p-declined' or reference = 'p-kept' or reference = 'p-unknown' or reference = 'p-reversed'", "references" },
        { "an inquiry twice", "drop index payment_inquiry; update payment set inquiry_id = "
            + "(select inquiry_id from payment where reference = 'confirmed') where reference = 'declined'", "inquiries" },
        { "an inquiry in two parts", "update payment set inquiry_id = (select p.inquiry_id from payment p where p.reference = 'p-confirmed') "
            + "where number = (select min(q.number) from payment q join payment p on p.reference = 'p-confirmed' "
            + "where q.reference like 'p-%' and q.agent_id <> p.agent_id)", "inquiries" },
        { "one number for two agents", "update payment set number = (select number from payment where reference = 'p-not-sent') "
            + "where reference = 'unseen' and false; with k as (select agent_id, number from payment where reference = 'unseen'), "
            + "n as (select number from payment where reference = 'p-not-sent'), "
            + "e as (update event v set number = n.number from k, n where v.agent_id = k.agent_id and v.number = k.number) "
            + "update payment p set number = n.number from k, n where p.agent_id = k.agent_id and p.number = k.number", "numbers" },
        { "a number from no block", "with k as (select agent_id, number from payment where reference = 'unseen'), "
            + "e as (update event v set number = 17 from k where v.agent_id = k.agent_id and v.number = k.number) "
            + "update payment p set number = 17 from k where p.agent_id = k.agent_id and p.number = k.number", "numbers" },
        { "another lane", "update agent set lane = (lane + 1) % 16 where code = 'bank'", "agents" },
        { "a part is gone", "delete from agent where code = 'portal#1' and false; update agent set parts = 3 where code like 'portal%'",
            "agents references" },
        { "funds are gone", "delete from funds where agent_id = (select agent_id from agent where code = 'bank')", "agents funds held" },

        // What belongs to a payment.
        { "an event of no payment", "insert into event (agent_id, number, at, node_id, step, edge) "
            + "select agent_id, 5, now(), 1, 0, 1 from agent where code = 'bank'", "orphans" },
        { "an exchange of no event", "update exchange set step = 9 where " + Of("declined"), "orphans" },
        { "a notice of no event", "insert into outbox (agent_id, number, step, at) select agent_id, number, 9, at from event "
            + "where step = 1 and " + Of("declined"), "orphans" },
        { "a delivery of no event", "insert into delivery (agent_id, number, event_at, since, next_at, receiver, step) "
            + "select agent_id, number, now(), now(), now(), 1, 9 from event where step = 1 and " + Of("declined"), "orphans" },
        { "something told of no event", "insert into told (agent_id, number, at, receiver, step, attempts) "
            + "select agent_id, number, now(), 1, 9, 1 from event where step = 1 and " + Of("declined"), "orphans" },
        { "an address of no payment", "insert into payer_contact (agent_id, number, accepted_at, contact) "
            + "select agent_id, 5, now(), '[]' from agent where code = 'bank'", "orphans" },
        { "an event that nobody is told of", "delete from outbox where step = 1 and " + Of("confirmed"), "telling" },
        { "a row of no agent", "insert into cash_to_return (agent_id, number, terminal_id, since) values (3, 5, 1, now())", "orphans to-return" },
        { "nobody asks about an unknown payment", "delete from unknown_payment where " + Of("unknown"), "unknown" },
        { "a final payment is asked about", "insert into unknown_payment (agent_id, number, provider_id, since, next_ask_at) "
            + "select agent_id, number, provider_id, now(), now() from payment where " + Of("confirmed"), "unknown" },
        { "another provider is asked", "update unknown_payment set provider_id = 2 where " + Of("unknown"), "unknown" },
        { "nobody asks for a reversal", "delete from reversal where " + Of("reversing"), "reversals" },
        { "a reversal is under way and not asked for", "update reversal set next_ask_at = null where " + Of("reversing"), "reversals" },
        { "a reversal with an outcome is asked for", "update reversal set next_ask_at = now() where " + Of("reversed"), "reversals" },
        { "another provider is asked to take back", "update reversal set provider_id = 2 where " + Of("reversing"), "reversals" },
        { "a reversal that no step asked for", "update reversal set step = 7 where " + Of("kept"), "reversals" },
        { "a reversal at another time", "update reversal set asked_at = asked_at - interval '1 hour' where " + Of("kept"), "reversals" },
        { "a reversal under the number of a payment", $"update reversal set cancel_number = {Number("confirmed")} where " + Of("kept"),
            "numbers" },
        { "a reversal of no payment", "insert into reversal (agent_id, number, step, cancel_number, asked_at, provider_id) "
            + "values (3, 5, 1, 6, now(), 1)", "orphans reversals" },
        { "cash that nobody returns", "delete from cash_to_return where " + Of("reversed"), "to-return" },
        { "cash returned of a good payment", "insert into cash_to_return (agent_id, number, terminal_id, since) "
            + "select agent_id, number, terminal_id, now() from payment where " + Of("confirmed"), "to-return" },

        // Receipts and days.
        { "a receipt number is gone", "update event set receipt_counter = null where step = 1 and " + Of("today"), "receipts" },
        { "a receipt number twice", "update event set receipt_counter = (select receipt_counter from event where step = 1 and "
            + Of("today") + ") where step = 1 and " + Of("today-too"), "receipts" },
        { "a receipt number beyond the last", "update event set receipt_counter = 5000 where step = 1 and " + Of("today"), "receipts" },
        { "a receipt for a decline", "update event set receipt_counter = 1, business_day = (select max(day) from business_day) "
            + "where step = 1 and " + Of("declined"), "business-days receipts" },
        { "a series that gave out more", "update receipt_series set last = last + 1", "receipts" },
        { "a series of no lane", "insert into receipt_series (business_day, series, last) select max(day), 32000, 1 from business_day",
            "receipts" },
        { "a posting on another day", $"update transfer set business_day = business_day + 1 where leg = 2 and {Of("today")}",
            "business-days" },
        { "a posting into a closed day", $"update transfer set business_day = (select min(day) from business_day) where {Of("today")}",
            "business-days day-totals seals" },
        { "a confirmation on another day", $"update event set business_day = business_day + 1 where step = 1 and {Of("today")}",
            "business-days receipts" },
        { "a closed day's total was changed", "update day_total set debits_qepik = debits_qepik + 1 where account = 1", "day-totals" },
        { "a closed day's total is gone", "delete from day_total where account = 2", "day-totals" },
        { "a total of an open day", "insert into day_total (agent_id, business_day, account, debits_qepik, credits_qepik, transfers) "
            + "select a.agent_id, (select max(day) from business_day), 1, 0, 0, 0 from agent a where a.code = 'bank'", "day-totals" },
        { "no day is open", "update business_day set closed_at = now() where closed_at is null", "days record" },
        { "two days are open", "drop index business_day_open; update business_day set closed_at = null, totalled_at = null "
            + "where day = (select min(day) from business_day)", "day-totals days seals" },
        { "days overlap", "update business_day set opened_at = (select min(opened_at) from business_day) where closed_at is null", "days" },
        { "the wrong settlement window", $"update transfer set window_day = (select max(bank_day) from settlement_window "
            + $"where cutoff_group = 1) where leg = 1 and {Of("today")}", "windows" },
        { "no settlement window", $"alter table transfer drop constraint transfer_has_window; update transfer set window_day = null where leg = 1 and {Of("today")}", "windows" },
        { "another cut-off group", $"update transfer set cutoff_group = 2 where leg = 1 and {Of("today")}", "windows" },

        // The seals: the damage is done by somebody who may switch off what keeps them.
        { "an amount and all that it is held against were changed", $"update payment set amount_qepik = 1001 where {Of("confirmed")}; "
            + $"update transfer set amount_qepik = 1001 where leg = 1 and {Of("confirmed")}; update funds set debits_posted = debits_posted + 1 "
            + "where agent_id = (select agent_id from agent where code = 'bank'); update day_total set debits_qepik = debits_qepik + 1 "
            + "where account = 1 and agent_id = (select agent_id from agent where code = 'bank'); "
            + "update day_total set credits_qepik = credits_qepik + 1 where account = 1001 "
            + "and agent_id = (select agent_id from agent where code = 'bank')", "seals" },
        { "a transfer of a closed day is gone", $"delete from transfer where leg = 4 and {Of("confirmed")}", "day-totals seals transfers" },
        { "a transfer of a closed day is one too many", "insert into transfer (agent_id, number, amount_qepik, business_day, window_day, debit, "
            + "credit, step, leg, cutoff_group) select agent_id, number, 5, business_day, window_day, 3, 4, step, 9, cutoff_group "
            + $"from transfer where leg = 1 and {Of("confirmed")}", "day-totals seals transfers" },
        { "a seal has another hash", Seal + "update day_seal set hash = sha256(hash)", "seals" },
        { "a seal counts wrong", Seal + "update day_seal set transfers = transfers + 1", "seals" },
        { "a seal sums wrong", Seal + "update day_seal set amount_qepik = amount_qepik + 1", "seals" },
        { "a seal follows another", Seal + "update day_seal set previous = sha256(previous)", "seals" },
        { "a seal is of another version", Seal + "update day_seal set version = 2", "seals" },
        { "the first seal is gone", Seal + "delete from day_seal where business_day = (select min(business_day) from day_seal)", "seals" },
        { "the last seal is gone", Seal + "delete from day_seal where business_day = (select max(business_day) from day_seal)", "seals" },
        { "all seals are gone", Seal + "delete from day_seal", "seals" },
        { "a seal of the open day", Seal + "insert into day_seal (business_day, version, transfers, amount_qepik, previous, hash) "
            + "select (select max(day) from business_day), 1, 0, 0, hash, sha256(hash) from day_seal order by business_day desc limit 1", "seals" },
        { "a seal of no day", Seal + "update day_seal set business_day = business_day + 100 "
            + "where business_day = (select max(business_day) from day_seal)", "seals" },
        { "a piece of a seal was changed", Seal + "update day_seal_piece set amount_qepik = amount_qepik + 1", "seals" },
        { "a piece of a seal is gone", Seal + "delete from day_seal_piece", "seals" },

        // What people did: the damage is done by somebody who may switch off what keeps the record.
        { "an entry was changed", Hand + "update act set details = details || ' ' where number = 3", "record" },
        { "an entry is of somebody else", Hand + "update act set who = 'resad' where number = 5", "record" },
        { "an entry was dated back", Hand + "update act set at = at - interval '1 microsecond' where number = 8", "record" },
        { "an entry has another hash", Hand + "update act set hash = sha256(hash) where number = 4", "record" },
        { "an entry in the middle is gone", Hand + "delete from act where number = 6", "record" },
        { "the first entry is gone", Hand + "delete from act where number = 1", "record" },
        { "an entry in the middle is gone and the rest moved up", Hand + "delete from act where number = 3; "
            + "update act set number = number + 100 where number > 3; update act set number = number - 101 where number > 100", "record" },
        { "an entry was put in at the end", Hand + "insert into act (number, at, who, what, subject, details, previous, hash) "
            + "select number + 1, at, who, what, subject, details, hash, sha256(hash) from act order by number desc limit 1", "record" },
        { "the first entry stands once more at the end", Hand + "insert into act (number, at, who, what, subject, details, previous, hash) "
            + "select (select max(number) + 1 from act), at, who, what, subject, details, previous, hash from act where number = 1", "record" },
        { "the end is cut off before a close had seen it", Hand + "delete from act where number >= 7", "record" },
        { "the whole record is gone", Hand + "delete from act", "record" },
        { "the record was written anew, with hashes that fit", Hand + "update act set details = '{}' where number = 2; "
            + "do $$ declare one record; h bytea := decode(repeat('00', 32), 'hex'); begin "
            + "for one in select * from act order by number loop "
            + "update act set previous = h, hash = sha256(convert_to(act_text(one.number, one.at, one.who, one.what, one.subject, "
            + "one.details, h), 'UTF8')) where number = one.number returning hash into h; end loop; end $$", "record" },
        { "a close says that it saw another end", "update business_day set act_hash = sha256(act_hash) "
            + "where day = (select min(day) from business_day)", "record" },
        { "a close says nothing of the record", "update business_day set act_number = null "
            + "where day = (select max(day) from business_day where closed_at is not null)", "record" },
        { "a late truth that is nobody's work", "delete from contradiction where " + Of("p-late-truth"), "contradictions" },
        { "a late truth whose closed contradiction is gone", "delete from contradiction where " + Of("late-truth"), "contradictions" },
        { "a contradiction over a step that denies nothing", "insert into contradiction (agent_id, number, step, edge, opened_at) "
            + "select agent_id, number, step, 28, at from event where step = 1 and " + Of("confirmed"), "contradictions" },
        { "a contradiction over another late truth", "update contradiction set edge = 30 where " + Of("p-late-truth"), "contradictions" },
        { "a contradiction of another time", "update contradiction set opened_at = opened_at - interval '1 hour' where "
            + Of("p-late-truth"), "contradictions" },
        { "a contradiction that was closed by a decision about another payment", "update contradiction set closed_at = now(), "
            + "proposal_id = (select max(proposal_id) from proposal) where " + Of("p-late-truth"), "contradictions" },
        { "a contradiction that one person decided", "alter table proposal drop constraint proposal_needs_two_people; "
            + "alter table proposal disable trigger user; update proposal set decided_by = made_by", "contradictions" },
        { "a contradiction that nobody approved", "alter table proposal disable trigger user; "
            + "update proposal set state = 'rejected'", "contradictions" },
        { "a contradiction of nobody", "insert into contradiction (agent_id, number, step, edge, opened_at) "
            + "values (3, 5, 1, 28, now())", "contradictions orphans" },

        // The table of states.
        { "another edge in the database", "update transition set to_state = 'Confirmed' where edge_id = 7", "states" },
        { "an edge too few", "delete from transition where edge_id = 31", "states" },
    };

    [Fact]
    public async Task An_honest_book_is_clean_and_everything_in_it_was_looked_at()
    {
        var report = await book.AuditAsync(null);

        report.Invariants.Where(i => i.Violations > 0).SelectMany(i => i.Offenders.Select(o => $"{i.Name}: {o}")).Should().BeEmpty();
        report.Payments.Should().Be(48);
        report.Transfers.Should().BeGreaterThan(100);
        report.Invariants.Where(i => i.Checked == 0).Select(i => i.Name).Should().BeEmpty();
        report.LongestSnapshot.Should().BeLessThan(TimeSpan.FromSeconds(5));
    }

    [Theory]
    [MemberData(nameof(Damages))]
    public async Task Damage_is_found_by_the_invariant_that_it_breaks(string what, string damage, string expected)
    {
        var report = await book.AuditAsync(damage);

        var broken = report.Invariants.Where(i => i.Violations > 0).ToList();
        broken.Select(i => i.Name).Should().BeEquivalentTo(
            expected.Split(' '), "{0}: {1}", what, string.Join("; ", broken.SelectMany(i => i.Offenders.Select(o => $"{i.Name}: {o}"))));
        broken.Should().OnlyContain(i => i.Offenders.Count > 0 && i.Offenders.Count <= AuditReport.OffenderLimit);
    }

    [Theory]
    [InlineData("delete from transfer where leg = 4 and number = {0}", "1 transfers are missing")]
    [InlineData("insert into transfer (agent_id, number, amount_qepik, business_day, window_day, debit, credit, step, leg, cutoff_group) "
        + "select agent_id, number, 5, business_day, window_day, 3, 4, step, 9, cutoff_group from transfer where leg = 1 and number = {0}",
        "1 transfers were added")]
    [InlineData("update transfer set amount_qepik = amount_qepik + 1 where leg = 1 and number = {0}", "a transfer was changed")]
    public async Task What_differs_from_a_seal_is_named_by_its_day_its_agent_and_its_numbers(string damage, string expected)
    {
        var report = await book.AuditAsync(damage.Replace("{0}", Number("confirmed"), StringComparison.Ordinal));

        var offenders = report.Invariants.Single(one => one.Name == "seals").Offenders;
        offenders.Should().HaveCount(2);
        offenders[0].What.Should().MatchRegex("^20[0-9]{2}-[0-9]{2}-[0-9]{2}, numbers [0-9]+00000 to [0-9]+99999: " + expected);
        offenders[0].AgentId.Should().NotBeNull();
        offenders[1].What.Should().MatchRegex("^the day 20.* and was sealed with .*; its seal does not fit them$");
    }
}
