-- why: a large honest book in a few statements, as the journal would have written it: nine in ten confirmed, the rest declined
-- locks: the test's own database
-- parameters: none; {payments} payments over {agents} agents (16, 32, …), in place of which the caller writes numbers
create temp table made as
select
    731000000000 + i as number,
    16 * (1 + i % {agents})::int as agent_id,
    clock_timestamp() as at,
    1000 + i % 100000 as amount,
    i % 10 <> 3 as confirmed
from generate_series(0, {payments} - 1) as i;

insert into number_block (first, node_id, taken_at)
select distinct m.number / 1000 * 1000, 1, now() from made m;

insert into payment (
    agent_id, number, accepted_at, amount_qepik, fee_qepik, commission_qepik, provider_fee_qepik, terminal_id, service_code,
    provider_id, tender, cutoff_group, notify, reference, account)
select m.agent_id, m.number, m.at, m.amount, 40, 3, 0, 1, 10101, 1 + m.number % 5, 1, 1, false, 'ref-' || m.number, '012345678901234'
from made m;

insert into event (agent_id, number, at, send_before, node_id, step, edge)
select m.agent_id, m.number, m.at, m.at + interval '20 seconds', 1, 0, 2 from made m;

create temp table told as
select m.agent_id, m.number, clock_timestamp() as at, m.amount, m.confirmed, a.lane, d.day,
    case when m.confirmed then row_number() over (partition by a.lane, m.confirmed order by m.number) end as counter
from made m
join agent a on a.agent_id = m.agent_id
cross join (select b.day from business_day b where b.closed_at is null) d;

insert into event (agent_id, number, at, node_id, receipt_counter, business_day, step, edge)
select t.agent_id, t.number, t.at, 1, t.counter, case when t.confirmed then t.day end, 1, case when t.confirmed then 8 else 10 end
from told t;

insert into receipt_series (business_day, series, last)
select t.day, t.lane, max(t.counter) from told t where t.confirmed group by t.day, t.lane;

insert into transfer (agent_id, number, amount_qepik, business_day, window_day, debit, credit, step, leg, cutoff_group)
select t.agent_id, t.number, l.amount, t.day, w.bank_day, l.debit, l.credit, 1, l.leg, 1
from told t
cross join (
    select s.bank_day from settlement_window s where s.cutoff_group = 1 and s.closes_at > clock_timestamp() order by s.closes_at limit 1
) w
cross join lateral (values
    (1::smallint, 1, 1001 + (t.number % 5)::int, t.amount), (2::smallint, 1, 2, 40), (3::smallint, 3, 4, 3)
) as l (leg, debit, credit, amount)
where t.confirmed;

update funds f set debits_posted = f.debits_posted + s.posted
from (select t.agent_id, sum(t.amount + 40) as posted from told t where t.confirmed group by t.agent_id) s
where f.agent_id = s.agent_id;

drop table made, told
