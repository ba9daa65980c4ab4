-- why: commit 1 of a payment, for a whole batch: recognise repeats, judge limits by running sum in command order, write the
--      payments with their first event, hold the money. One row comes back for each command.
-- locks: the caller holds the day (shared) and the lanes of all agents in the batch (with an inquiry, of the agent's first part too);
--      a (agent, reference), and an inquiry, occur once in it
-- parameters: $1 ord, 1 to their number · $2 agent · $3 number · $4 reference · $5 terminal · $6 service · $7 account · $8 fields · $9 lines
--      $10 amount · $11 fee · $12 commission · $13 provider fee (qəpik) · $14 provider · $15 tender · $16 cut-off group
--      $17 notify · $18 rrn · $19 masked PAN · $20 cashier · $21 contact · $22 payer · $23 inquiry id · $24 budget level
--      $25 budget code · $26 terminal's daily limit or null · $27 edge (1 accepted, 2 accepted and claimed)
--      $28 node · $29 seconds until nothing may be sent · $30 a shift is required
--      $31 the agent's first part · $32 its parts
--      $33 amount and fee of this command and of those of its agent before it · $34 of its terminal, where it has a daily limit
-- What stands between "more" and "no more" is left out where none in a batch leaves a contact or has a daily limit (Acceptance.cs).
with clock as materialized (
    -- Dated not before what was closed (0008_dated_from.sql); what is waited for ends by the clock itself.
    select d.day, greatest(clock_timestamp(), coalesce(d.dated_from, d.opened_at)) as at, clock_timestamp() as by_clock
    from business_day d where d.closed_at is null
),
gone as materialized (
    -- A node that was given up long ago woke up: nobody would look after what it takes now.
    select n.node_id from node n where n.node_id = any ($28::int[]) and n.recovered_at is not null
),
judged as materialized (
    -- What the branches look for first comes first: a row is read no further than what is asked of it.
    select
        case
            when known.number is not null then 140
            when exists (select from gone g where g.node_id = a.node_id) then 900
            when used.number is not null then 223
            when a.running > f.credits_posted + f.credit_limit - f.debits_posted - f.debits_pending then 300
            when a.daily_limit is not null and coalesce(t.taken_qepik, 0) + a.terminal_running > a.daily_limit then 301
            when a.shift_required and s.shift_no is null then 410
            else 0
        end as verdict,
        a.ord, a.agent_id, (select c.at from clock c) as at, a.amount, a.fee, known.number as known_number, s.shift_no,
        f.credits_posted + f.credit_limit - f.debits_posted - f.debits_pending as available,
        a.daily_limit - coalesce(t.taken_qepik, 0) as terminal_available,
        a.number, a.edge, a.node_id,
        case when a.edge = 2 then (select c.by_clock from clock c) + make_interval(secs => a.send_seconds) end as send_before,
        a.terminal_id, a.service_code, a.commission, a.provider_fee, a.provider_id, a.tender, a.cutoff_group, a.notify,
        used.reference as used_by, a.reference, a.account, a.fields, a.lines, a.rrn, a.masked_pan, a.cashier, a.contact, a.payer,
        a.inquiry_id, a.budget_level, a.budget_code
    from (
        -- An array is read by the row's place where it can be: unnested, it costs two copies of each value.
        select
            t.ord, t.reference, t.account, t.fields, t.lines, t.rrn, t.masked_pan, t.cashier, t.contact, t.payer,
            t.inquiry_id, t.budget_level, t.budget_code, t.daily_limit, ($2::int[])[t.ord] as agent_id,
            ($3::bigint[])[t.ord] as number, ($5::int[])[t.ord] as terminal_id, ($6::int[])[t.ord] as service_code,
            ($10::bigint[])[t.ord] as amount, ($11::bigint[])[t.ord] as fee, ($12::bigint[])[t.ord] as commission,
            ($13::bigint[])[t.ord] as provider_fee, ($14::int[])[t.ord] as provider_id, ($15::smallint[])[t.ord] as tender,
            ($16::smallint[])[t.ord] as cutoff_group, ($17::boolean[])[t.ord] as notify, ($27::smallint[])[t.ord] as edge,
            ($28::int[])[t.ord] as node_id, ($29::int[])[t.ord] as send_seconds, ($30::boolean[])[t.ord] as shift_required,
            ($31::int[])[t.ord] as first_part, ($32::int[])[t.ord] as parts, ($33::bigint[])[t.ord] as running,
            ($34::bigint[])[t.ord] as terminal_running
        from unnest(
                $1::int[], $4::text[], $7::text[], $8::text[], $9::text[], $18::text[], $19::text[], $20::text[],
                $21::text[], $22::text[], $23::uuid[], $24::text[], $25::text[], $26::bigint[]
            ) as t (
                ord, reference, account, fields, lines, rrn, masked_pan, cashier, contact, payer, inquiry_id, budget_level,
                budget_code, daily_limit)
    ) a
    join funds f on f.agent_id = a.agent_id
    -- Ranges and orders, where equalities would do: they leave the planner one index, also on tables that are still empty. What is not
    -- asked for is not looked up: a join would look first.
    left join lateral (
        select p.number
        from payment p
        where p.agent_id = a.agent_id and p.reference >= a.reference and p.reference <= a.reference
        order by p.reference
        limit 1
    ) known on true
    left join lateral (
        select u.reference, u.number
        from generate_series(a.first_part, a.first_part + a.parts - 1) as g (agent_id)
        cross join lateral (
            select p.reference, p.number
            from payment p
            where p.agent_id = g.agent_id and p.inquiry_id >= a.inquiry_id and p.inquiry_id <= a.inquiry_id
            order by p.inquiry_id
            limit 1
        ) u
        where a.inquiry_id is not null
        limit 1
    ) used on true
    left join lateral (
        select s.shift_no
        from shift s
        where s.agent_id = a.agent_id and s.terminal_id >= a.terminal_id and s.terminal_id <= a.terminal_id and s.closed_at is null
        order by s.terminal_id
        limit 1
    ) s on true
    left join lateral (
        select t.taken_qepik
        from terminal_day t
        where a.daily_limit is not null
            and t.agent_id = a.agent_id and t.terminal_id = a.terminal_id and t.business_day = (select c.day from clock c)
        offset 0
    ) t on true
    where exists (select from clock)
),
entered as (
    insert into payment (
        agent_id, number, accepted_at, amount_qepik, fee_qepik, commission_qepik, provider_fee_qepik, terminal_id,
        service_code, provider_id, shift_no, tender, cutoff_group, notify, reference, account, fields, lines, rrn,
        masked_pan, cashier, payer, inquiry_id, budget_level, budget_code)
    select
        r.agent_id, r.number, r.at, r.amount, r.fee, r.commission, r.provider_fee, r.terminal_id,
        r.service_code, r.provider_id, r.shift_no, r.tender, r.cutoff_group, r.notify, r.reference, r.account, r.fields,
        r.lines, r.rrn, r.masked_pan, r.cashier, r.payer, r.inquiry_id, r.budget_level, r.budget_code
    from judged r
    where r.verdict = 0
),
-- more
-- Apart from the payment, which never changes: an address is forgotten after a while.
reachable as (
    insert into payer_contact (agent_id, number, accepted_at, contact)
    select r.agent_id, r.number, r.at, r.contact from judged r where r.verdict = 0 and r.contact is not null
),
taken as (
    insert into terminal_day (agent_id, terminal_id, business_day, taken_qepik)
    select r.agent_id, r.terminal_id, (select c.day from clock c), sum(r.amount + r.fee)::bigint
    from judged r
    where r.verdict = 0 and r.terminal_available is not null
    group by r.agent_id, r.terminal_id
    on conflict (agent_id, terminal_id, business_day)
    do update set taken_qepik = terminal_day.taken_qepik + excluded.taken_qepik
),
-- no more
begun as (
    insert into event (agent_id, number, at, send_before, node_id, step, edge)
    select r.agent_id, r.number, r.at, r.send_before, r.node_id, 0, r.edge
    from judged r
    where r.verdict = 0
),
held as (
    update funds f
    set debits_pending = f.debits_pending + h.hold
    from (
        select r.agent_id, sum(r.amount + r.fee)::bigint as hold from judged r where r.verdict = 0 group by r.agent_id
    ) h
    where f.agent_id = h.agent_id
)
select r.ord, r.verdict, r.known_number, r.used_by, r.shift_no, r.at, r.available,
    coalesce(r.terminal_available, 9223372036854775807) as terminal_available
from judged r
