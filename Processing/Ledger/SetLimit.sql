-- why: change an agent's credit limit; never below what is already in use: suspend the agent for that. Only while the decision stands:
--      a node that was frozen while another carried it out would bring an old limit back
-- locks: the caller holds the day (shared) and the agent's lane
-- parameters: $1 agent · $2 the new limit · $3 the approved proposal that says so
update funds
set credit_limit = $2
where agent_id = $1 and debits_pending + debits_posted <= credits_posted + $2
  and exists (select from proposal d where d.proposal_id = $3 and d.state = 'approved')
returning agent_id
