-- why: the lowest number after another, over all agents, so that empty stretches are leapt over
-- locks: none
-- parameters: $1 all agents · $2 numbers above this
select min(n.number)
from unnest($1::int[]) as a (id)
cross join lateral (
    (select p.number from payment p where p.agent_id = a.id and p.number > $2 order by p.number limit 1)
    union all
    (select m.number from movement m where m.agent_id = a.id and m.number > $2 order by m.number limit 1)
) n
