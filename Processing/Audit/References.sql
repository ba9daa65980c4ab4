-- why: (agent, reference) names one payment; walked in the order of references, without believing the index
-- locks: none
-- parameters: $1 agent · $2 references after this, or null · $3 how many at once
with part as materialized (
    select p.reference, p.number from payment p
    where p.agent_id = $1 and ($2::text is null or p.reference > $2)
    order by p.reference limit $3
),
last as (
    select max(p.reference) as reference from part p
),
walked as (
    select p.reference, p.number from part p
    union
    select p.reference, p.number from payment p
    where p.agent_id = $1 and p.reference = (select l.reference from last l)
),
marked as (
    select w.reference, w.number, lag(w.reference) over (order by w.reference, w.number) as before from walked w
)
select (select l.reference from last l) as last, count(m.reference) as count,
    count(m.reference) filter (where m.reference = m.before) as repeats,
    (array_agg(m.number order by m.number) filter (where m.reference = m.before))[1:5] as numbers
from marked m
