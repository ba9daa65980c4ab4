-- why: close the open day and open the next one; every posting shares the day's lock, so none is between the two
-- locks: the caller holds the day's advisory lock alone, taken in the statement before
-- parameters: $1 the day that is open · $2 the day to open
with head as materialized (
    -- the record's end at this moment: what is cut off before it later is missed
    select a.number, a.hash from act a order by a.number desc limit 1
),
closed as (
    update business_day
    set closed_at = greatest(clock_timestamp(), dated_from, opened_at), act_number = coalesce((select h.number from head h), 0),
        act_hash = coalesce((select h.hash from head h), decode(repeat('00', 32), 'hex'))
    where day = $1 and closed_at is null
    returning closed_at
)
insert into business_day (day, opened_at)
select $2, c.closed_at from closed c
