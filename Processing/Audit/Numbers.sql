-- why: a number is given out once, over all agents, and comes from a block that a node took: a provider never sees two payments
--      under one number
-- locks: none; one snapshot
-- parameters: $1 all agents · $2 numbers above this · $3 up to this
with given as materialized (
    select n.agent_id, n.number
    from unnest($1::int[]) as a (id)
    cross join lateral (
        select p.agent_id, p.number from payment p where p.agent_id = a.id and p.number > $2 and p.number <= $3
        union all
        select m.agent_id, m.number from movement m where m.agent_id = a.id and m.number > $2 and m.number <= $3
        union all
        -- They are few, and are looked for among an agent's reversals: a number of its own has no index.
        select r.agent_id, r.cancel_number from reversal r where r.agent_id = a.id and r.cancel_number > $2 and r.cancel_number <= $3
    ) n
),
repeated as (
    select g.number, max(g.agent_id) as agent_id, 'is the number of ' || count(g.number) || ' payments, movements or reversals' as what
    from given g
    group by g.number
    having count(g.number) > 1
    union all
    select k.number, k.agent_id, 'is not from a block that a node took'
    from (select min(g.number) as number, min(g.agent_id) as agent_id from given g group by g.number / 1000) k
    where not exists (select from number_block b where b.first between k.number - 999 and k.number)
)
select (select count(g.number) from given g) as checked, count(r.number) as count,
    (array_agg(r.agent_id order by r.number))[1:5] as agents, (array_agg(r.number order by r.number))[1:5] as numbers,
    (array_agg(r.what order by r.number))[1:5] as whats
from repeated r
