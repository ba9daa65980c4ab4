-- why: one inquiry pays one payment, in all parts of an agent; walked in the order of inquiries
-- locks: none
-- parameters: $1 all parts of an agent · $2 inquiries after this, or null · $3 how many of the first part at once
with last as materialized (
    select p.inquiry_id from payment p
    where p.agent_id = ($1::int[])[1] and p.inquiry_id is not null and ($2::uuid is null or p.inquiry_id > $2)
    order by p.inquiry_id
    offset $3 limit 1
),
used as (
    select p.inquiry_id, count(p.number) as times, max(p.number) as number
    from payment p
    where p.agent_id = any($1::int[]) and p.inquiry_id is not null and ($2::uuid is null or p.inquiry_id > $2)
        and (not exists (select from last) or p.inquiry_id <= (select l.inquiry_id from last l))
    group by p.inquiry_id
)
select (select l.inquiry_id from last l) as last, count(u.inquiry_id) as count,
    count(u.inquiry_id) filter (where u.times > 1) as repeats,
    (array_agg(u.number order by u.number) filter (where u.times > 1))[1:5] as numbers
from used u
