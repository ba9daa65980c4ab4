-- why: what a node accepted and nobody has finished, whoever has claimed it since; below the node's low number there is nothing.
--      It has payments only under the numbers of its own blocks: a node that gave out none for long tells a low number that all
--      others have left far behind, and what they took since is not looked through for it. Each step is a look-up for each row of
--      the one before, held apart by its limit: joined freely, the first events are taken for a single row on tables that nobody
--      has analysed, and everything is read once for each of thousands. What nobody has claimed has no claim that ended: another node
--      may claim it between this look and the next
-- locks: none
-- parameters: $1 node · $2 only numbers above this one · $3 numbers in a block
select k.agent_id, k.number, coalesce(e.send_before < now(), false) as claim_ended, e.node_id as owner,
    coalesce(o.lease_until < now(), true) as owner_ended
from node n
cross join lateral (
    select greatest(b.first, n.low_number, $2 + 1) as from_number, b.first + $3 as to_number
    from number_block b
    where b.first > greatest(n.low_number, $2 + 1) - $3 and b.node_id = n.node_id
    order by b.first
) b
cross join agent a
cross join lateral (
    select p.agent_id, p.number
    from payment p
    where p.agent_id = a.agent_id and p.number >= b.from_number and p.number < b.to_number
    order by p.number
) k
cross join lateral (
    select f.node_id
    from event f
    where f.agent_id = k.agent_id and f.number = k.number
    order by f.step
    limit 1
) f
cross join lateral (
    select v.edge, v.node_id, v.send_before, v.at
    from event v
    where v.agent_id = k.agent_id and v.number = k.number
    order by v.step desc
    limit 1
) e
left join node o on o.node_id = e.node_id
where n.node_id = $1 and f.node_id = $1 and e.edge in (1, 2, 4)
order by k.number
limit 5000
