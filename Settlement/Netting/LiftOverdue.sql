-- why: an agent has paid what was overdue: it goes on, where the engine suspended it and nobody else has touched that since
-- locks: the agent's row; the record of acts, last
-- parameters: $1 agent
with paid as (
    update agent_overdue o
    set lifted_at = clock_timestamp()
    where o.agent_id = $1 and o.lifted_at is null
    returning o.agent_id, o.suspended_at
),
lifted as (
    update agent a
    set suspended_at = null
    from paid p
    where a.agent_id = p.agent_id and a.suspended_at = p.suspended_at
    returning a.code
)
select record_act('engine', 'agent suspend', 'agent ' || l.code, json_build_object('before', true, 'after', false)::text)
from lifted l
limit 1
