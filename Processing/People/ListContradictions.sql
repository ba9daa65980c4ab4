-- why: late truths that deny a final state, oldest first, until two people have decided what is true
-- locks: none
-- parameters: $1 also those that are closed · $2 how many
select c.agent_id, c.number, p.reference, coalesce(whole.code, a.code), p.provider_id, p.amount_qepik + p.fee_qepik, c.edge,
    c.opened_at, extract(epoch from now() - c.opened_at)::bigint, c.closed_at, c.proposal_id
from contradiction c
join payment p on p.agent_id = c.agent_id and p.number = c.number
join agent a on a.agent_id = c.agent_id
left join agent whole on whole.agent_id = a.part_of
where $1 or c.closed_at is null
order by c.opened_at, c.number
limit $2
