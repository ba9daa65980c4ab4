-- why: which of these payments nobody has finished, whoever has claimed them since, and whoever began them
--      (what nobody has claimed has no claim that ended: another node may claim it between this look and the next)
-- locks: none
-- parameters: $1 agents · $2 numbers, pairwise
select w.agent_id, w.number, coalesce(e.send_before < now(), false) as claim_ended, e.node_id as owner,
    coalesce(o.lease_until < now(), true) as owner_ended
from unnest($1::int[], $2::bigint[]) as w (agent_id, number)
cross join lateral (
    select v.edge, v.node_id, v.send_before, v.at
    from event v
    where v.agent_id = w.agent_id and v.number = w.number
    order by v.step desc
    limit 1
) e
left join node o on o.node_id = e.node_id
where e.edge in (1, 2, 4)
order by w.number
