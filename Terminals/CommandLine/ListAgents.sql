-- why: the agents with what they hold, for `egovpay agent list`
-- locks: none
-- parameters: $1 only codes after this one, or null · $2 how many
select
    a.code, a.name, a.parts, a.suspended_at is not null,
    sum(f.credits_posted - f.debits_posted)::bigint, sum(f.debits_pending)::bigint, sum(f.credit_limit)::bigint,
    (select count(*) from point p where p.agent_id = a.agent_id),
    (select count(*) from terminal t where t.agent_id = a.agent_id)
from agent a
join agent part on part.agent_id = a.agent_id or part.part_of = a.agent_id
join funds f on f.agent_id = part.agent_id
where a.part_of is null and ($1::text is null or a.code > $1)
group by a.agent_id
order by a.code
limit $2
