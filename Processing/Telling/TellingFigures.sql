-- why: how telling stands, for alarms: what waits, since when, and what was given up; counted up to a bound
-- locks: none
-- parameters: $1 the highest count that is told
select
    (select count(*) from (select from outbox limit $1) o),
    (select count(*) from (select from delivery where dead_at is null limit $1) d),
    (select count(*) from (select from delivery where dead_at is not null limit $1) x),
    least(
        (select o.at from outbox o order by o.at limit 1),
        (select min(d.event_at) from (select q.event_at from delivery q where q.dead_at is null limit $1) d)),
    now()
