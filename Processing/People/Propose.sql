-- why: what one person proposes, for another to approve; about an unknown payment asking stops in the same moment
-- locks: the caller holds the day (shared) and the agent's lane, which keeps two proposals about one thing apart; the row of the
--      ageing queue
-- parameters: $1 its own mark, by which an execution that is repeated knows the first · $2 kind · $3 agent or part, or 0 · $4 payment
--      $5 edge · $6 the state that the payment is seen in · $7 terminal · $8 a deposit's reference · $9 amount
--      $10 single limit · $11 daily limit · $12 provider's transaction · $13 reason · $14 who
--      $15 seconds until it may be approved · $16 seconds until it expires · $17 parts of the agent
--      $18 the epoch of a lost interval · $19 payout · $20 break · $21 how it is settled
--      $22 … $28 what it posts, pairwise: agents, debits, credits, amounts, kinds, references, cut-off groups
--      $29 a draft of terms
with known as materialized (
    select p.proposal_id, p.approve_from from proposal p where p.proposing = $1
),
stands as materialized (
    select t.to_state
    from (
        select e.edge from event e where e.agent_id = $3 and e.number = $4 order by e.step desc limit 1
    ) l
    join transition t on t.edge_id = l.edge
),
other as materialized (
    select p.proposal_id
    from proposal p
    where p.epoch = $18 and p.proposing <> $1 and p.state in ('open', 'approved', 'done')
    union all
    select p.proposal_id
    from proposal p
    where p.payout_id = $19 and p.proposing <> $1 and p.state in ('open', 'approved', 'done')
    union all
    select p.proposal_id
    from proposal p
    where p.break_id = $20 and p.proposing <> $1 and p.state in ('open', 'approved')
    union all
    select p.proposal_id
    from proposal p
    where $29::bigint is not null and p.kind = 'terms' and p.proposing <> $1 and p.state in ('open', 'approved')
    union all
    select p.proposal_id
    from proposal p
    where p.agent_id = $3 and p.proposing <> $1 and (
        (p.number = $4 and p.state in ('open', 'approved'))
        or ($2 = 'top-up' and p.kind = $2 and p.reference = $8 and p.state in ('open', 'approved', 'done'))
        or ($2 = 'credit-limit' and p.kind = $2 and p.state in ('open', 'approved'))
        or ($2 = 'terminal-limits' and p.kind = $2 and p.terminal_id = $7 and p.state in ('open', 'approved')))
    order by proposal_id desc
    limit 1
),
made as (
    insert into proposal (
        proposing, kind, agent_id, number, edge, terminal_id, reference, amount_qepik, before_qepik, single_limit_qepik,
        daily_limit_qepik, provider_transaction, reason, made_by, made_at, approve_from, expires_at,
        epoch, payout_id, break_id, resolution, break_evidence, terms_draft_id)
    select $1, $2, nullif($3, 0), $4, $5, $7, $8, $9,
        case when $2 = 'credit-limit' then (
            select sum(f.credit_limit)::bigint from funds f where f.agent_id >= $3 and f.agent_id < $3 + $17) end,
        $10, $11, $12, $13, $14, n.at, n.at + make_interval(secs => $15), n.at + make_interval(secs => $16),
        $18, $19, $20, $21, (select b.evidence from settlement_break b where b.break_id = $20), $29
    from (select clock_timestamp() as at) n
    where not exists (select from known) and not exists (select from other)
        and case $2
            when 'payment' then (select s.to_state from stands s) = $6
            when 'break' then ($5::smallint is null or (select s.to_state from stands s) = $6)
                and not exists (select from break_now n where n.break_id = $20 and n.state = 'settled')
            when 'contradiction' then exists (
                select from contradiction c where c.agent_id = $3 and c.number = $4 and c.closed_at is null)
            when 'top-up' then not exists (
                select from movement m where m.agent_id = $3 and m.reference = $8 and m.kind = 'top-up')
            when 'payout' then not exists (
                select from payout o where o.payout_id = $19 and (o.dropped_at is not null or o.returned_at is not null))
            when 'terms' then exists (
                select from terms_draft d
                where d.draft_id = $29 and d.based_on = (select max(s.version) from settlement_terms s))
            when 'lost-interval' then exists (
                select from break_lost_interval b where b.epoch = $18 and b.settled_at is null)
            else true
        end
    returning proposal_id, approve_from
),
posts as (
    insert into proposal_posting (proposal_id, line, agent_id, debit, credit, amount_qepik, kind, reference, cutoff_group)
    select m.proposal_id, x.line, x.agent_id, x.debit, x.credit, x.amount_qepik, x.kind, x.reference, x.cutoff_group
    from made m
    cross join unnest($22::int[], $23::int[], $24::int[], $25::bigint[], $26::text[], $27::text[], $28::smallint[])
        with ordinality as x (agent_id, debit, credit, amount_qepik, kind, reference, cutoff_group, line)
),
held as (
    update unknown_payment u
    set held_by = m.proposal_id
    from made m
    where $2 in ('payment', 'break') and u.agent_id = $3 and u.number = $4 and u.held_by is null
),
held_reversal as (
    update reversal r
    set held_by = m.proposal_id
    from made m
    where $2 in ('payment', 'break') and r.agent_id = $3 and r.number = $4 and r.held_by is null
)
select coalesce(m.proposal_id, k.proposal_id), coalesce(m.approve_from, k.approve_from),
    (select o.proposal_id from other o), (select s.to_state from stands s)
from (select 1) one
left join known k on true
left join made m on true
