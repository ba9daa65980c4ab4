-- why: money moves without a payment, from one account of an agent to another: a payout, its return, a correction; once for each
--      reference and kind. What takes from the agent's funds takes only what is there; what a proposal posts, only while it is approved
-- locks: the caller holds the day (shared) and the agent's lane
-- parameters: $1 agent · $2 a new number · $3 reference · $4 amount · $5 made by · $6 note · $7 kind · $8 debit · $9 credit
--      $10 approved by · $11 group in whose next window it is handed over; 0: in none · $12 proposal, or null
with clock as materialized (
    select d.day, greatest(clock_timestamp(), coalesce(d.dated_from, d.opened_at)) as at
    from business_day d where d.closed_at is null
),
known as materialized (
    select m.number, m.amount_qepik, m.debit, m.credit from movement m
    where m.agent_id = $1 and m.reference = $3 and m.kind = $7
),
approved as materialized (
    select $12::bigint is null or exists (select from proposal p where p.proposal_id = $12 and p.state = 'approved') as it_is
),
entered as (
    insert into movement (
        agent_id, number, kind, reference, amount_qepik, business_day, at, made_by, note, approved_by, debit, credit, proposal_id,
        cutoff_group)
    select $1, $2, $7, $3, $4, c.day, c.at, $5, $6, $10, $8, $9, $12, $11
    from clock c
    cross join approved a
    where not exists (select from known) and a.it_is
        and ($8 <> 1 or exists (
            select from funds f
            where f.agent_id = $1 and f.credits_posted + f.credit_limit - f.debits_posted - f.debits_pending >= $4))
    returning number, amount_qepik, business_day, at
),
posted as (
    insert into transfer (agent_id, number, amount_qepik, business_day, window_day, debit, credit, step, leg, cutoff_group)
    select $1, e.number, e.amount_qepik, e.business_day, (
            select w.bank_day from settlement_window w
            where w.cutoff_group = $11 and w.closes_at > e.at
            order by w.closes_at limit 1),
        $8, $9, 0, 1, $11
    from entered e
),
moved as (
    update funds f
    set debits_posted = f.debits_posted + case when $8 = 1 then e.amount_qepik else 0 end,
        credits_posted = f.credits_posted + case when $9 = 1 then e.amount_qepik else 0 end
    from entered e
    where f.agent_id = $1 and 1 in ($8, $9)
)
select exists (select from entered) as now, k.amount_qepik, k.debit, k.credit, not a.it_is as ended
from approved a
left join known k on true
