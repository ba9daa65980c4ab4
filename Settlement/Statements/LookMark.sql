-- why: over which days a statement's bookings go, and whether anything else is known of its account there: mostly nothing is
-- locks: none
-- parameters: $1 statement · $2 its account, in all spellings
select d.first_day, d.last_day,
    exists (
        select from statement_entry e
        where e.account = any ($2) and coalesce(e.booking_day, e.value_day) between d.first_day and d.last_day and e.statement_id <> $1
    ) as others
from (
    select min(coalesce(e.booking_day, e.value_day)) as first_day, max(coalesce(e.booking_day, e.value_day)) as last_day
    from statement_entry e
    where e.statement_id = $1
) d
limit 1
