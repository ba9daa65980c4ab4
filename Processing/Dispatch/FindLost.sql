-- why: what a node had begun and not finished; below its low number there is nothing
-- locks: none
-- parameters: $1 node
select k.agent_id, k.number, coalesce(e.send_before, e.at) < now() as claim_ended
from node n
cross join agent a
cross join lateral (
    select p.agent_id, p.number
    from payment p
    where p.agent_id = a.agent_id and p.number >= n.low_number
    order by p.number
) k
cross join lateral (
    select v.edge, v.node_id, v.send_before, v.at
    from event v
    where v.agent_id = k.agent_id and v.number = k.number
    order by v.step desc
    limit 1
) e
where n.node_id = $1 and e.edge in (1, 2, 4) and e.node_id = $1
order by k.number
limit 5000
