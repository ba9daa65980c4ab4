-- why: how the centre stands, in one row: nodes, the open day, registers that nobody acknowledged, the database's clock, what is
--      open to be worked
-- locks: none
-- parameters: none
select
    (select count(*) from node n where n.lease_until >= now()),
    (select count(*) from node n where n.lease_until < now() and n.recovered_at is null),
    (select extract(epoch from now() - d.opened_at)::double precision from business_day d where d.closed_at is null),
    (select (now() at time zone 'Asia/Baku')::date - d.day from business_day d where d.closed_at is null),
    (select count(*) from register_file f where f.acknowledged_at is null),
    (select extract(epoch from now() - min(f.written_at))::double precision from register_file f where f.acknowledged_at is null),
    clock_timestamp(),
    (select count(*) from reversal r where r.next_ask_at is not null),
    (select extract(epoch from now() - min(r.asked_at))::double precision from reversal r where r.next_ask_at is not null),
    (select count(*) from contradiction c where c.closed_at is null),
    (select extract(epoch from now() - min(c.opened_at))::double precision from contradiction c where c.closed_at is null),
    (select count(*) from break_lost_interval b where b.settled_at is null),
    (select extract(epoch from now() - min(b.to_at))::double precision from break_lost_interval b where b.settled_at is null),
    (select count(*) from proposal p where p.state = 'approved' and p.decided_at < now() - interval '1 minute'),
    (select extract(epoch from now() - min(p.decided_at))::double precision from proposal p
        where p.state = 'approved' and p.decided_at < now() - interval '1 minute')
