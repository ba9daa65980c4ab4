-- why: agents of several parts whose poorest part has less than half of an even share, with their richest; and money that left
--      one part and has not arrived in the other, because a node died in between
-- locks: none
-- parameters: none
with part as (
    select coalesce(a.part_of, a.agent_id) as agent_id, a.agent_id as part_id, a.parts,
        f.credits_posted + f.credit_limit - f.debits_posted - f.debits_pending as available
    from agent a
    join funds f on f.agent_id = a.agent_id
    where a.parts > 1
),
uneven as (
    select p.agent_id, max(p.parts) as parts, sum(p.available) as available,
        (array_agg(p.part_id order by p.available, p.part_id))[1] as poorest, min(p.available) as least,
        (array_agg(p.part_id order by p.available desc, p.part_id))[1] as richest, max(p.available) as most
    from part p
    group by p.agent_id
)
select u.richest as from_part, u.poorest as to_part, ((u.most - u.least) / 2)::bigint as amount, null::text as reference
from uneven u
where u.least < u.available / u.parts / 2 and u.most - u.least >= 2 * u.parts
union all
select o.agent_id, split_part(o.reference, '.', 3)::int, o.amount_qepik, o.reference
from part p
join movement o on o.agent_id = p.part_id and o.kind = 'rebalance-out' and o.at > now() - interval '30 days'
where not exists (
    select from movement i
    where i.agent_id = split_part(o.reference, '.', 3)::int and i.reference = o.reference and i.kind = 'rebalance-in')
