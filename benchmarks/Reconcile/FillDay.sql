-- why: a provider's day of payments as the journal would have written it, each made from its position alone, so that whoever knows the
--      rule needs no list: 1 in 100 declined, 1 in 1 000 taken back, 1 in 2 000 unknown, the rest confirmed
-- locks: the benchmark's own database
-- parameters: none; {first} (number), {payments}, {provider}, {from} (the day's beginning) and {microseconds} (from one to the next) are written in
create table made as
select
    {first} + i as number, 16 * (1 + i % 100)::int as agent_id,
    timestamptz '{from}' + i * interval '{microseconds} microseconds' as at,
    100 + (i * 7919) % 500000 as amount, (500000000 + (i * 104729) % 99999989)::text as account,
    case when i % 100 = 37 then 'declined' when i % 1000 = 511 then 'reversed' when i % 2000 = 1013 then 'unknown' else 'confirmed' end
        as state
from generate_series(0::bigint, {payments} - 1) as i;

insert into number_block (first, node_id, taken_at)
select {first} + b * 1000, 1, timestamptz '{from}' + b * 1000 * interval '{microseconds} microseconds'
from generate_series(0, {payments} / 1000) as b;
select setval('payment_number', greatest({first} + {payments} + 1000000, (select last_value from payment_number)));

insert into payment (
    agent_id, number, accepted_at, amount_qepik, fee_qepik, commission_qepik, provider_fee_qepik, terminal_id, service_code,
    provider_id, tender, cutoff_group, notify, reference, account, cashier)
select m.agent_id, m.number, m.at, m.amount, 40, 0, 0, 1, 20101, {provider}, 0, 2, false, 'bench-' || m.number, m.account, 'Aysel Məmmədova'
from made m;

insert into event (agent_id, number, at, send_before, node_id, step, edge)
select m.agent_id, m.number, m.at, m.at + interval '20 seconds', 1, 0, 2 from made m;

insert into event (agent_id, number, at, node_id, receipt_counter, business_day, step, edge, provider_transaction)
select m.agent_id, m.number, m.at + interval '200 milliseconds', 1,
    case when m.state in ('confirmed', 'reversed') then 1 + (m.number % 1000000)::int end,
    case when m.state in ('confirmed', 'reversed') then (timestamptz '{from}' + interval '12 hours')::date end, 1,
    case m.state when 'declined' then 10 when 'unknown' then 12 else 8 end, 'prv' || m.number
from made m;

insert into event (agent_id, number, at, node_id, step, edge)
select m.agent_id, m.number, m.at + s.step * interval '300 milliseconds', 1, s.step, 16 + s.step
from made m
cross join (values (2::smallint), (3::smallint)) as s (step)
where m.state = 'reversed';

insert into transfer (agent_id, number, amount_qepik, business_day, window_day, debit, credit, step, leg, cutoff_group)
select m.agent_id, m.number, l.amount, (timestamptz '{from}' + interval '12 hours')::date,
    (timestamptz '{from}' + interval '12 hours')::date, 1, l.credit, 1, l.leg, 2
from made m
cross join lateral (values (1::smallint, 1000 + {provider}, m.amount), (2::smallint, 2, 40)) as l (leg, credit, amount)
where m.state in ('confirmed', 'reversed');

insert into unknown_payment (agent_id, number, provider_id, since, next_ask_at)
select m.agent_id, m.number, {provider}, m.at, now() + interval '1 hour' from made m where m.state = 'unknown';

update funds f set debits_pending = f.debits_pending + s.held
from (select m.agent_id, sum(m.amount + 40)::bigint as held from made m where m.state = 'unknown' group by m.agent_id) s
where f.agent_id = s.agent_id;

drop table made;
