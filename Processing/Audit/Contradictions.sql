-- why: contradictions against the late truths that opened them and the decisions that closed them
-- locks: none
-- parameters: none
select c.agent_id, c.number,
    case
        when e.edge is null or e.edge <> c.edge then 'a contradiction is open over nothing that its provider said'
        when c.closed_at is not null and (d.proposal_id is null or d.state <> 'done' or d.number <> c.number)
            then 'a contradiction was closed and two people did not decide it'
    end
from contradiction c
left join event e on e.agent_id = c.agent_id and e.number = c.number and e.step = c.step
left join proposal d on d.proposal_id = c.proposal_id
order by c.agent_id, c.number, c.step
