-- why: a proposal is approved, rejected, withdrawn or expires; unless it is approved, asking about its payment goes on
-- locks: the caller holds the day (shared) and the agent's lane; the proposal's row, the row of the ageing queue, that of its break (shared), for
--      which nobody waits here: whoever compares holds breaks for as long as that takes, and may wait for this lane itself
-- parameters: $1 proposal · $2 what becomes of it · $3 who; null: the engine, when its time is up · $4 their reason
with before as materialized (
    select p.proposal_id, p.state, p.made_by, p.decided_by, p.approve_from > clock_timestamp() as early,
        p.expires_at <= clock_timestamp() as late, p.break_id, p.break_evidence, p.made_at
    from proposal p
    where p.proposal_id = $1
),
entitled as materialized (
    select exists (
        select from person q where q.login = $3 and q.disabled_at is null and 'approver' = any (q.roles)) as approver
),
-- As it is committed now, and nobody changes it until the approval is.
about as materialized (
    select x.break_id, break_moved_on(x.settled_at, x.evidence, x.reopened_at, b.break_evidence, b.made_at) as moved_on
    from before b
    join settlement_break x on x.break_id = b.break_id
    where $2 = 'approved'
    for share of x skip locked
),
judged as materialized (
    select $2 = 'approved' and exists (select from settlement_break x where x.break_id = b.break_id) and not exists (select from about) as busy
    from before b
),
decided as (
    update proposal p
    set state = $2, decided_by = $3, decided_at = clock_timestamp(), outcome = $4,
        ended_at = case when $2 <> 'approved' then clock_timestamp() end
    from before b
    cross join entitled e
    cross join judged j
    where p.proposal_id = b.proposal_id and p.state = 'open'
        and case $2
            -- What is about a break is about it as it stood.
            when 'approved' then e.approver and p.made_by <> $3 and not b.early and not b.late
                and not j.busy and not exists (select from about a where a.moved_on)
            when 'rejected' then e.approver and p.made_by <> $3
            when 'withdrawn' then p.made_by = $3
            when 'expired' then b.late
            else false
        end
    returning p.proposal_id, p.agent_id, p.number
),
resumed as (
    update unknown_payment u
    set held_by = null, next_ask_at = clock_timestamp()
    from decided d
    where $2 <> 'approved' and u.agent_id = d.agent_id and u.number = d.number and u.held_by = d.proposal_id
),
reversal_resumed as (
    -- Where there is an outcome nobody asks any more.
    update reversal r
    set held_by = null, next_ask_at = case when r.next_ask_at is not null then clock_timestamp() end
    from decided d
    where $2 <> 'approved' and r.agent_id = d.agent_id and r.number = d.number and r.held_by = d.proposal_id
)
select b.state, b.made_by, b.decided_by, b.early, b.late, e.approver, (select count(*) from decided) = 1 as now
from before b
cross join entitled e
