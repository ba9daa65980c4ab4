-- why: numbers that a register has and the day has not: payments of other days or of other providers, or none. A number that no node
--      ever took is not looked for
-- locks: none
-- parameters: $1 numbers
with issued as materialized (
    select w.number, b.taken_at
    from unnest($1::bigint[]) as w (number)
    join number_block b on b.first = w.number / 1000 * 1000
)
select p.agent_id, p.number, p.provider_id
from issued i
join payment p on p.number = i.number
where p.accepted_at >= (select min(o.taken_at) - interval '1 hour' from issued o)
