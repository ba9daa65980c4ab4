-- why: close the open day and open the next one, with its entry in the record of acts; every posting shares the day's lock, so none
--      is between the two
-- locks: the day's advisory lock alone, taken by the statement before it in the same batch; last the record's
-- parameters: $1 the day to close, null: whichever is open · $2 who · $3 the act's name
with head as materialized (
    -- the record's end at this moment: what is cut off before it later is missed
    select a.number, a.hash from act a order by a.number desc limit 1
),
due as materialized (
    select b.day, greatest(b.day + 1, (clock_timestamp() at time zone 'Asia/Baku')::date) as next,
        extract(epoch from clock_timestamp() - now())::float8 as waited
    from business_day b
    where b.closed_at is null and ($1::date is null or b.day = $1)
),
closed as (
    update business_day b
    set closed_at = greatest(clock_timestamp(), b.dated_from, b.opened_at),
        act_number = coalesce((select h.number from head h), 0),
        act_hash = coalesce((select h.hash from head h), decode(repeat('00', 32), 'hex'))
    from due d
    where b.day = d.day and b.closed_at is null
    returning b.day, b.closed_at, d.next, d.waited
),
opened as (
    insert into business_day (day, opened_at)
    select c.next, c.closed_at from closed c
    returning day
)
select c.day, o.day, c.waited,
    record_act($2, $3, 'day ' || to_char(c.day, 'YYYY-MM-DD'), '{"opened":"' || to_char(o.day, 'YYYY-MM-DD') || '"}')
from closed c
join opened o on true
