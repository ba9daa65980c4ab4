-- why: change an agent's credit limit; never below what is already in use: suspend the agent for that
-- locks: the caller holds the day (shared) and the agent's lane
-- parameters: $1 agent · $2 the new limit
update funds
set credit_limit = $2
where agent_id = $1 and debits_pending + debits_posted <= credits_posted + $2
returning agent_id
