-- why: a restored database is taken up again: a new epoch, payment numbers and receipt numbers that nobody was ever given, and the
--      interval that is lost, as a break to be worked. Both are reckoned from the time and from nothing that could be lost itself:
--      a million payment numbers a second since 2026, fifty times what was ever measured; a thousand receipts a second of each lane
--      since two days before the business day, 5 000 seconds to a generation, so that half of its ten million stay for the day
-- locks: the caller holds the lock of epochs
-- parameters: $1 system identifier · $2 timeline · $3 who
with moment as materialized (
    select clock_timestamp() as at, (clock_timestamp() at time zone 'Asia/Baku')::date as today
),
last as materialized (
    select e.epoch, e.began_at, e.doubt from cluster_epoch e order by e.epoch desc limit 1
),
alive as materialized (
    -- Where nobody ever counted or took numbers, everything since the first day is perhaps lost.
    select least(coalesce(
            greatest((select max(w.at) from witness w), (select max(b.taken_at) from number_block b), (select l.began_at from last l)),
            (select min(d.opened_at) from business_day d)), m.at) as at
    from moment m
),
begun as (
    insert into cluster_epoch (epoch, system_identifier, timeline, how)
    select greatest(extract(epoch from m.at)::bigint, coalesce((select l.epoch from last l), 0) + 1), $1, $2, 'restored'
    from moment m
    returning epoch
),
numbers as materialized (
    select coalesce(
            (select min(b.first) from number_block b cross join alive a where b.taken_at > a.at - interval '6 minutes'),
            s.last_value) as first,
        setval('payment_number', greatest(
            s.last_value + 1000,
            731000000000 + 1000000 * extract(epoch from m.at - '2026-01-01 00:00+00'::timestamptz)::bigint), false) as next
    from payment_number s cross join moment m
),
days as materialized (
    select d.day::date as day,
        floor(extract(epoch from m.at - ((d.day::date - 2)::timestamp at time zone 'Asia/Baku')))::bigint as seconds
    from moment m
    cross join (select max(b.day) as open from business_day b) o
    cross join generate_series(m.today, greatest(o.open, m.today) + 1, interval '1 day') d (day)
),
places as materialized (
    select d.day, greatest(
            (1 + d.seconds / 5000) * 10000000 + d.seconds % 5000 * 1000,
            (select 1 + max(r.generation::bigint * 10000000 + r.start) from receipt_run r where r.business_day = d.day),
            (select 1 + max((s.series / 16)::bigint * 10000000 + s.last) from receipt_series s where s.business_day = d.day)) as place
    from days d
),
runs as (
    insert into receipt_run (business_day, generation, start, epoch)
    select p.day, p.place / 10000000, p.place % 10000000, b.epoch
    from places p cross join begun b
)
insert into break_lost_interval (epoch, from_at, to_at, from_number, next_number, known, opened_by)
select b.epoch, a.at, m.at, n.first, n.next, (select l.doubt from last l), $3
from begun b cross join alive a cross join moment m cross join numbers n
returning epoch, from_at, to_at, from_number, next_number, known
