-- why: what was approved is done without an event of a payment, or turned out void; a contradiction that stands is closed by it,
--      a lost interval is settled by it. What has posted something is not void
-- locks: the caller holds the day (shared) and the agent's lane; the proposal's row, the row of the ageing queue, of the interval
-- parameters: $1 proposal · $2 done or void · $3 what is to be said of it
with ended as (
    update proposal p
    set state = $2, outcome = $3, ended_at = clock_timestamp()
    where p.proposal_id = $1 and (p.state = 'approved' or (p.state = 'open' and $2 = 'void'))
        and not ($2 = 'void' and exists (
            select from proposal_posting x
            join movement m on m.agent_id = x.agent_id and m.kind = x.kind and m.reference = x.reference
            where x.proposal_id = p.proposal_id and m.proposal_id = p.proposal_id))
    returning p.proposal_id, p.kind, p.agent_id, p.number, p.epoch, p.decided_by
),
resumed as (
    update unknown_payment u
    set held_by = null, next_ask_at = clock_timestamp()
    from ended e
    where u.agent_id = e.agent_id and u.number = e.number and u.held_by = e.proposal_id
),
reversal_resumed as (
    -- Where there is an outcome nobody asks any more.
    update reversal r
    set held_by = null, next_ask_at = case when r.next_ask_at is not null then clock_timestamp() end
    from ended e
    where r.agent_id = e.agent_id and r.number = e.number and r.held_by = e.proposal_id
),
closed as (
    update contradiction c
    set closed_at = clock_timestamp(), proposal_id = e.proposal_id
    from ended e
    where $2 = 'done' and e.kind = 'contradiction' and c.agent_id = e.agent_id and c.number = e.number and c.closed_at is null
),
lost_settled as (
    update break_lost_interval b
    set settled_at = clock_timestamp(), settled_by = e.decided_by, proposal_id = e.proposal_id
    from ended e
    where $2 = 'done' and e.kind = 'lost-interval' and b.epoch = e.epoch and b.settled_at is null
)
select e.proposal_id from ended e
