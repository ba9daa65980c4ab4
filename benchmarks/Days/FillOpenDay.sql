-- why: payments of the open day as the journal would have written them, all confirmed, two transfers each
-- locks: the benchmark's own database
-- parameters: none; {first} (number) and {payments} are written in
insert into payment (
    agent_id, number, accepted_at, amount_qepik, fee_qepik, commission_qepik, provider_fee_qepik, terminal_id, service_code,
    provider_id, tender, cutoff_group, notify, reference, account)
select 16 * (1 + i % 100)::int, {first} + i, d.opened_at, 100 + (i * 7919) % 500000, 40, 0, 0, 1, 10101, 1 + (i % 5)::int, 1, 1, false,
    'seal-' || i, '012345678901234'
from generate_series(0::bigint, {payments} - 1) as i
cross join (select b.opened_at from business_day b where b.closed_at is null) d;

insert into event (agent_id, number, at, send_before, node_id, step, edge)
select p.agent_id, p.number, p.accepted_at, p.accepted_at + interval '20 seconds', 1, 0, 2 from payment p where p.number >= {first};

insert into event (agent_id, number, at, node_id, receipt_counter, business_day, step, edge)
select p.agent_id, p.number, p.accepted_at, 1, 1 + (p.number % 1000000)::int, b.day, 1, 8
from payment p
cross join (select d.day from business_day d where d.closed_at is null) b
where p.number >= {first};

insert into transfer (agent_id, number, amount_qepik, business_day, window_day, debit, credit, step, leg, cutoff_group)
select p.agent_id, p.number, l.amount, b.day, w.bank_day, 1, l.credit, 1, l.leg, 1
from payment p
cross join (select d.day from business_day d where d.closed_at is null) b
cross join (
    select s.bank_day from settlement_window s where s.cutoff_group = 1 and s.closes_at > clock_timestamp() order by s.closes_at limit 1
) w
cross join lateral (values (1::smallint, 1000 + p.provider_id, p.amount_qepik), (2::smallint, 2, 40)) as l (leg, credit, amount)
where p.number >= {first};
