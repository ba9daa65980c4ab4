-- why: commit 2 of a payment, and every later step, for a whole batch: append the event if the payment still stands where the
--      caller saw it, number the receipt, post or release the money, keep the ageing queue and the outbox. One row comes back a command.
-- locks: the caller holds the day (shared) and the lanes of all agents in the batch; a payment occurs once in it
-- parameters: $1 ord, 1 to their number · $2 agent · $3 number · $4 step · $5 the edge of the step before · $6 edge · $7 money effect
--      $8 lane · $9 a receipt number is due · $10 node · $11 provider's transaction · $12 decline name · $13 provider's code
--      $14 transient · $15 card data · $16 note · $17 made by · $18 approved by · $19 seconds until nothing may be sent, or null
--      $20 queue: 0 as it is, 1 becomes unknown, 2 no longer unknown, 3 still unknown, 4 no longer reversing, 5 still reversing
--      $21 seconds until the next question · $22 cash is to be returned · $23 exchange's request · $24 its answer
--      $25 its milliseconds · $26 only while the window in which it was posted is open: nobody has its register yet
--      $27 the approved proposal that it carries out, or null
--      $28 how many of its lane are numbered in the batch up to this one
-- What stands between "more" and "no more" is left out where every outcome in a batch is a plain confirmation (Happening.cs).
with clock as materialized (
    -- Nothing is dated before what was closed already, whatever the clock shows (0008_dated_from.sql); what is waited for ends by the
    -- clock itself.
    select d.day, greatest(clock_timestamp(), coalesce(d.dated_from, d.opened_at)) as at, clock_timestamp() as by_clock,
        coalesce(r.generation, 0)::int as generation, coalesce(r.start, 0) as start
    from business_day d
    left join lateral (
        select u.generation, u.start from receipt_run u
        where u.business_day = d.day
        order by u.generation desc, u.start desc
        limit 1
    ) r on true
    where d.closed_at is null
),
told as materialized (
    -- What the branches look for first comes first: a row is read no further than what is asked of it.
    select
        -- Offsets, or the planner would rather read those tables whole, once, than look there for one payment.
        coalesce(last.step = e.step - 1 and last.edge = e.before_edge, false)
            and (not e.while_open or exists (
                select from transfer o
                join settlement_window w on w.cutoff_group = o.cutoff_group and w.bank_day = o.window_day
                where o.agent_id = e.agent_id and o.number = e.number and o.leg = 1 and w.closes_at > (select c.at from clock c)
                offset 0))
            -- What two people decided is carried out once: whoever comes second finds the proposal done.
            and (e.proposal_id is null
                or exists (
                    select from proposal d where d.proposal_id = e.proposal_id and d.state = 'approved' offset 0)) as fresh,
        e.effect, e.numbered, e.queue, e.edge, e.ord, e.lane, e.agent_id, e.number, e.step, e.node_id, e.nth,
        p.amount_qepik, p.fee_qepik, p.commission_qepik, p.provider_fee_qepik, p.provider_id, p.cutoff_group, p.notify,
        (select c.day from clock c) as day, (select c.at from clock c) as at, (select c.by_clock from clock c) as by_clock, taken.edge as taken_edge, taken.node_id as taken_node, taken.receipt_counter as taken_counter,
        taken.business_day as taken_day, taken.at as taken_at, p.tender, p.terminal_id, p.service_code, p.accepted_at, p.shift_no,
        e.send_seconds, e.ask_seconds, e.return_cash, e.elapsed_ms, e.proposal_id, e.transient, e.provider_transaction,
        e.provider_code, e.decline_name, e.card_data, e.note, e.made_by, e.approved_by, e.request, e.answer
    from (
        -- An array is read by the row's place where it can be: unnested, it costs two copies of each value.
        select
            t.ord, t.provider_transaction, t.decline_name, t.provider_code, t.transient, t.card_data, t.note, t.made_by,
            t.approved_by, t.send_seconds, t.request, t.answer, t.elapsed_ms, t.proposal_id, ($2::int[])[t.ord] as agent_id,
            ($3::bigint[])[t.ord] as number, ($4::smallint[])[t.ord] as step, ($5::smallint[])[t.ord] as before_edge,
            ($6::smallint[])[t.ord] as edge, ($7::smallint[])[t.ord] as effect, ($8::smallint[])[t.ord] as lane,
            ($9::boolean[])[t.ord] as numbered, ($10::int[])[t.ord] as node_id, ($20::smallint[])[t.ord] as queue,
            ($21::int[])[t.ord] as ask_seconds, ($22::boolean[])[t.ord] as return_cash,
            ($26::boolean[])[t.ord] as while_open, ($28::int[])[t.ord] as nth
        from unnest(
                $1::int[], $11::text[], $12::text[], $13::text[], $14::boolean[], $15::text[], $16::text[], $17::text[],
                $18::text[], $19::int[], $23::text[], $24::text[], $25::int[], $27::bigint[]
            ) as t (
                ord, provider_transaction, decline_name, provider_code, transient, card_data, note, made_by, approved_by,
                send_seconds, request, answer, elapsed_ms, proposal_id)
    ) e
    -- A range and an order, where an equality would do: on tables that were empty when the plan was made, the index by reference
    -- looks as good, and would read all of an agent's payments for each outcome. One that is in no book comes back too, as not recorded: it
    -- was counted among those who get a receipt.
    left join lateral (
        select q.amount_qepik, q.fee_qepik, q.commission_qepik, q.provider_fee_qepik, q.provider_id,
            q.cutoff_group, q.notify, q.tender, q.terminal_id, q.service_code, q.accepted_at, q.shift_no
        from payment q
        where q.agent_id = e.agent_id and q.number >= e.number and q.number <= e.number
        order by q.number
        limit 1
    ) p on true
    -- Its last event: either it is the one that the caller saw, or something has happened since.
    left join lateral (
        select v.step, v.edge from event v where v.agent_id = e.agent_id and v.number = e.number order by v.step desc limit 1
    ) last on true
    -- Looked for only where something has; joined, it would be looked for each time.
    left join lateral (
        select x.edge, x.node_id, x.receipt_counter, x.business_day, x.at
        from event x
        where last.step >= e.step and x.agent_id = e.agent_id and x.number = e.number and x.step = e.step
        offset 0
    ) taken on true
    where exists (select from clock)
),
-- Receipts were counted over the whole batch before it came; those who do not get one leave no gap.
passed_over as materialized (
    select t.lane, t.ord from told t where t.numbered and not t.fresh
),
numbered as materialized (
    select t.lane, count(*)::int as many from told t where t.fresh and t.numbered group by t.lane
),
series as materialized (
    insert into receipt_series (business_day, series, last)
    -- After a restore a day goes on at numbers that nobody was ever given: in series 16 further for each generation, from a start.
    select c.day, m.lane + 16 * c.generation, c.start + m.many
    from numbered m
    cross join clock c
    on conflict (business_day, series) do update
    set last = greatest(receipt_series.last, (select c.start from clock c)) + excluded.last - (select c.start from clock c)
    returning series, last
),
-- What was given before in each lane, lane 0 first: joined, all of them would be looked through for every row.
given as materialized (
    select array(
        select s.series / 16 * 10000000 + s.last - m.many
        from generate_series(0, 15) as l (lane)
        left join numbered m on m.lane = l.lane
        left join series s on s.series % 16 = m.lane
        order by l.lane) as before
),
done as (
    insert into event (
        agent_id, number, at, send_before, node_id, receipt_counter, business_day, step, edge, transient,
        provider_transaction, decline_name, provider_code, card_data, note, made_by, approved_by)
    select
        t.agent_id, t.number, t.at, t.by_clock + make_interval(secs => t.send_seconds), t.node_id,
        case when t.numbered then
            (select g.before from given g)[t.lane + 1] + t.nth - case when exists (select from passed_over) then (
                select count(*)::int from passed_over o where o.lane = t.lane and o.ord < t.ord) else 0 end
            end,
        case when t.numbered then t.day end, t.step, t.edge, t.transient,
        t.provider_transaction, t.decline_name, t.provider_code, t.card_data, t.note, t.made_by, t.approved_by
    from told t
    where t.fresh
),
windows as materialized (
    select g.cutoff_group, w.bank_day
    from (select distinct t.cutoff_group from told t where t.fresh and t.effect in (4, 5, 6, 7)) g
    cross join clock c
    cross join lateral (
        select s.bank_day from settlement_window s
        where s.cutoff_group = g.cutoff_group and s.closes_at > c.at
        order by s.closes_at limit 1
    ) w
),
posted as (
    insert into transfer (
        agent_id, number, amount_qepik, business_day, window_day, debit, credit, step, leg, cutoff_group)
    select t.agent_id, t.number, l.amount, t.day, w.bank_day, l.debit, l.credit, t.step, l.leg, t.cutoff_group
    from told t
    -- Where no window is open ahead this fails on the transfer's check, loudly; a join would lose the money in silence.
    left join windows w on w.cutoff_group = t.cutoff_group
    cross join lateral (values
        (1::smallint, case t.effect when 4 then 1 else 9 end, 1000 + t.provider_id, t.amount_qepik),
        (2::smallint, 1, 2, case t.effect when 4 then t.fee_qepik else 0 end),
        (3::smallint, 3, 4, case t.effect when 4 then t.commission_qepik else 0 end),
        (4::smallint, 1000 + t.provider_id, 5, t.provider_fee_qepik)
    ) as l (leg, debit, credit, amount)
    where t.fresh and t.effect in (4, 6) and l.amount > 0
),
-- more
mirrored as (
    insert into transfer (
        agent_id, number, amount_qepik, business_day, window_day, debit, credit, step, leg, cutoff_group)
    select t.agent_id, t.number, o.amount_qepik, t.day, w.bank_day, o.credit,
        case when t.effect = 7 and o.debit in (1, 9) then 10 else o.debit end, t.step, o.leg, o.cutoff_group
    from told t
    join transfer o on o.agent_id = t.agent_id and o.number = t.number
        and o.step = (select max(x.step) from transfer x where x.agent_id = t.agent_id and x.number = t.number)
    left join windows w on w.cutoff_group = t.cutoff_group
    where t.fresh and t.effect in (5, 7)
    returning agent_id, credit, amount_qepik
),
-- no more
moved as (
    update funds f
    set debits_pending = f.debits_pending - m.released,
        debits_posted = f.debits_posted + m.debited,
        credits_posted = f.credits_posted + m.credited
    from (
        select u.agent_id, sum(u.released)::bigint as released, sum(u.debited)::bigint as debited,
            sum(u.credited)::bigint as credited
        from (
            -- What was held is released, or becomes the legs 1 and 2.
            select t.agent_id, t.amount_qepik + t.fee_qepik as released,
                case t.effect when 4 then t.amount_qepik + t.fee_qepik else 0 end as debited, 0::bigint as credited
            from told t where t.fresh and t.effect in (3, 4)
            -- more
            union all
            select r.agent_id, 0, 0, r.amount_qepik from mirrored r where r.credit = 1
            -- no more
        ) u
        group by u.agent_id
    ) m
    where f.agent_id = m.agent_id
),
-- more
queued as (
    insert into unknown_payment (agent_id, number, provider_id, since, next_ask_at, asks)
    select t.agent_id, t.number, t.provider_id, t.at, t.by_clock + make_interval(secs => t.ask_seconds), 0
    from told t where t.fresh and t.queue = 1
),
waiting as (
    update unknown_payment u
    set asks = u.asks + 1, next_ask_at = t.by_clock + make_interval(secs => t.ask_seconds)
    from told t
    where t.fresh and t.queue = 3 and u.agent_id = t.agent_id and u.number = t.number
),
settled as (
    delete from unknown_payment u using told t
    where t.fresh and t.queue = 2 and u.agent_id = t.agent_id and u.number = t.number
),
reversing as (
    update reversal r
    set next_ask_at = case t.queue when 5 then t.by_clock + make_interval(secs => t.ask_seconds) end
    from told t
    where t.fresh and t.queue in (4, 5) and r.agent_id = t.agent_id and r.number = t.number
),
owed as (
    insert into cash_to_return (agent_id, number, terminal_id, since)
    select t.agent_id, t.number, t.terminal_id, t.at
    from told t
    where t.fresh and t.tender = 0 and (t.return_cash
        -- refused after all, and its terminal can have no answer of this request any more, or its shift was closed, counting on the cash
        or (t.edge in (6, 7, 10) and (t.at > t.accepted_at + interval '25 seconds'
            -- While the clock is behind, both have one date; the first claim ended by the clock itself, about 10 s after it was taken.
            or (t.at <= t.accepted_at and exists (
                select from event f
                where f.agent_id = t.agent_id and f.number = t.number and f.step = 0
                    and f.send_before + interval '15 seconds' < t.by_clock))
            or exists (
            select from shift s
            where s.agent_id = t.agent_id and s.terminal_id = t.terminal_id and s.shift_no = t.shift_no
                and s.closed_at is not null))))
        -- What was corrected to delivered and is not owed by then was given back on the spot when it was refused or cancelled.
        and not exists (
            select from event c
            where c.agent_id = t.agent_id and c.number = t.number and c.step < t.step and c.edge between 24 and 26)
    on conflict (agent_id, number) do nothing
),
kept as (
    insert into exchange (agent_id, number, step, elapsed_ms, request, answer)
    select t.agent_id, t.number, t.step, t.elapsed_ms, t.request, t.answer
    from told t where t.fresh and t.request is not null
),
carried as (
    update proposal d
    set state = 'done', ended_at = t.at, step = t.step
    from told t
    where t.fresh and t.proposal_id is not null and d.proposal_id = t.proposal_id
),
voided as (
    -- The truth arrived while people were deciding.
    update proposal d
    set state = 'void', ended_at = t.at, step = t.step, outcome = 'the provider''s answer arrived first'
    from told t
    where t.fresh and t.proposal_id is null and t.queue in (2, 4)
        and d.agent_id = t.agent_id and d.number = t.number and d.state in ('open', 'approved')
),
opened as (
    -- A provider denies what is final: somebody has to find out, and nothing is changed until two have.
    insert into contradiction (agent_id, number, step, edge, opened_at)
    select t.agent_id, t.number, t.step, t.edge, t.at
    from told t
    where t.fresh and t.edge between 28 and 32
    on conflict do nothing
),
closed as (
    update contradiction x
    set closed_at = t.at, proposal_id = t.proposal_id
    from told t
    where t.fresh and t.proposal_id is not null and x.agent_id = t.agent_id and x.number = t.number and x.closed_at is null
),
-- no more
announced as (
    insert into outbox (agent_id, number, step, at)
    select t.agent_id, t.number, t.step, t.at
    -- Not what nobody outside is to know: claims, silence that goes on, late truths (Processing/Telling/Announcement.cs).
    from told t where t.fresh and t.notify and t.edge not in (4, 13, 23, 28, 29, 30, 31, 32)
)
select t.ord, t.fresh, t.taken_edge, t.taken_node,
    case when not t.fresh then t.taken_counter
        when t.numbered then
            (select g.before from given g)[t.lane + 1] + t.nth - case when exists (select from passed_over) then (
                select count(*)::int from passed_over o where o.lane = t.lane and o.ord < t.ord) else 0 end
        end as receipt_counter,
    case when t.fresh then case when t.numbered then t.day end else t.taken_day end as business_day,
    case when t.fresh then t.at else t.taken_at end as at
from told t
