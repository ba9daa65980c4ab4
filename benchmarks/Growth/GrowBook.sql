-- why: payments of the open day as the journal would have written them, all confirmed, over all terminals and the measured services, with
--      scattered references; whoever pays next finds them behind it
-- locks: the benchmark's own database; the lanes, since payments may be going on
-- parameters: none; {first} (number), {payments} and {services}, rows of (place, service, provider, cut-off group), are written in
select pg_advisory_xact_lock(7302, lane) from generate_series(0, 15) as lane;

create temporary table desk on commit drop as
select row_number() over (order by md5(t.terminal_id::text)) - 1 as place, t.agent_id, t.terminal_id, a.lane, count(*) over () as desks
from terminal t join agent a using (agent_id);

create temporary table served on commit drop as
select s.place, s.service_code, s.provider_id, s.cutoff_group, w.bank_day, count(*) over () as services
from (values {services}) as s (place, service_code, provider_id, cutoff_group)
cross join lateral (
    select w.bank_day from settlement_window w
    where w.cutoff_group = s.cutoff_group and w.closes_at > clock_timestamp() order by w.closes_at limit 1
) w;

-- Where each goes is drawn from its position: the same on every machine.
create temporary table made on commit drop as
select {first} + i as number, d.agent_id, d.terminal_id, d.lane, s.service_code, s.provider_id, s.cutoff_group, s.bank_day, b.day,
    b.opened_at + (clock_timestamp() - b.opened_at) * (i::float8 / {payments}) as at, 100 + abs(hashint8(i)::bigint) % 5000 as amount,
    'G' || substr(md5(({first} + i)::text), 1, 17) as reference, (500000000 + abs(hashint8(i + 7)::bigint) % 99999989)::text as account
from generate_series(0::bigint, {payments} - 1) as i
join desk d on d.place = abs(hashint8(i + 1)::bigint) % (select max(k.desks) from desk k)
join served s on s.place = abs(hashint8(i + 2)::bigint) % (select max(k.services) from served k)
cross join (select d.day, d.opened_at from business_day d where d.closed_at is null) b;

insert into number_block (first, node_id, taken_at)
select {first} + b * 1000, (select min(n.node_id) from node n), now() from generate_series(0, ({payments} - 1) / 1000) as b;

insert into payment (
    agent_id, number, accepted_at, amount_qepik, fee_qepik, commission_qepik, provider_fee_qepik, terminal_id, service_code,
    provider_id, tender, cutoff_group, notify, reference, account)
select m.agent_id, m.number, m.at, m.amount, 0, round(m.amount * 0.0015), 0, m.terminal_id, m.service_code, m.provider_id, 0, m.cutoff_group,
    false, m.reference, m.account
from made m;

insert into event (agent_id, number, at, send_before, node_id, step, edge)
select m.agent_id, m.number, m.at, m.at + interval '13 seconds', (select min(n.node_id) from node n), 0, 2 from made m;

insert into event (agent_id, number, at, node_id, receipt_counter, business_day, step, edge, provider_transaction, provider_code)
select m.agent_id, m.number, m.at, (select min(n.node_id) from node n),
    coalesce((select r.last from receipt_series r where r.business_day = m.day and r.series = m.lane), 0)
        + row_number() over (partition by m.lane order by m.number),
    m.day, 1, 8, (m.number % 100000000)::text, '0'
from made m;

insert into receipt_series (business_day, series, last)
select m.day, m.lane, count(*) from made m group by m.day, m.lane
on conflict (business_day, series) do update set last = receipt_series.last + excluded.last;

insert into transfer (agent_id, number, amount_qepik, business_day, window_day, debit, credit, step, leg, cutoff_group)
select m.agent_id, m.number, l.amount, m.day, m.bank_day, l.debit, l.credit, 1, l.leg, m.cutoff_group
from made m
cross join lateral (values
    (1::smallint, 1, 1000 + m.provider_id, m.amount), (3::smallint, 3, 4, round(m.amount * 0.0015)::bigint)
) as l (leg, debit, credit, amount)
where l.amount > 0;

update funds f set debits_posted = f.debits_posted + s.paid
from (select m.agent_id, sum(m.amount)::bigint as paid from made m group by m.agent_id) s
where f.agent_id = s.agent_id;
