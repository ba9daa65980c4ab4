-- why: close the open day and open the next one; every posting shares the day's lock, so none is between the two
-- locks: the caller holds the day's advisory lock alone, taken in the statement before
-- parameters: $1 the day that is open · $2 the day to open
with closed as (
    update business_day set closed_at = clock_timestamp() where day = $1 and closed_at is null returning day
)
insert into business_day (day, opened_at)
select $2, clock_timestamp() from closed
