-- why: a restored database is taken up again: a new epoch, payment numbers and receipt series that nobody was ever given, and the
--      interval that is lost, as a break to be worked. Both are reckoned from the time and from nothing that could be lost itself:
--      a million numbers a second since 2026, fifty times what was ever measured; the series of a day by the 24 minutes of the day.
-- locks: the caller holds the lock of epochs
-- parameters: $1 system identifier · $2 timeline · $3 who
with moment as materialized (
    select clock_timestamp() as at, (clock_timestamp() at time zone 'Asia/Baku') as baku
),
last as materialized (
    select e.epoch, e.began_at, e.doubt from cluster_epoch e order by e.epoch desc limit 1
),
alive as materialized (
    select least(greatest(
            (select max(w.at) from witness w), (select max(b.taken_at) from number_block b), (select l.began_at from last l),
            '-infinity'::timestamptz), m.at) as at
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
days as (
    insert into receipt_generation (business_day, generation)
    select d.day::date, 1 + (extract(hour from m.baku) * 60 + extract(minute from m.baku))::int / 24
    from moment m
    cross join generate_series(
        coalesce((select min(b.day) from business_day b where b.closed_at is null), m.baku::date),
        m.baku::date + 1, interval '1 day') d (day)
    on conflict (business_day) do update
    set generation = greatest(receipt_generation.generation + 1, excluded.generation)
    returning business_day, generation
)
insert into break_lost_interval (epoch, from_at, to_at, from_number, next_number, known, opened_by)
select b.epoch, a.at, m.at, n.first, n.next, (select l.doubt from last l), $3
from begun b cross join alive a cross join moment m cross join numbers n
returning epoch, from_at, to_at, from_number, next_number, known,
    (select min(d.business_day) from days d) as first_day, (select max(d.business_day) from days d) as last_day,
    (select max(d.generation) from days d) as generation
