-- why: an agent that is late takes nothing more; noted, so that this suspension and no other is lifted when it has paid
-- locks: the agent's row; the record of acts, last
-- parameters: $1 agent's code · $2 oldest due day · $3 how much is overdue
with late as (
    update agent a
    set suspended_at = clock_timestamp()
    where a.code = $1 and a.part_of is null and a.suspended_at is null
        and not exists (select from agent_overdue o where o.agent_id = a.agent_id and o.lifted_at is null)
    returning a.agent_id, a.suspended_at
),
noted as (
    insert into agent_overdue (agent_id, suspended_at, oldest_due, overdue_qepik)
    select l.agent_id, l.suspended_at, $2, $3 from late l
    returning agent_id
)
select record_act('engine', 'agent suspend', 'agent ' || $1, json_build_object('overdueQepik', $3::bigint, 'oldestDue', $2::date)::text)
from noted
limit 1
