-- why: the living payouts that carry a window's money, what statements show of them, and the breaks about them
-- locks: none
-- parameters: $1 cut-off group · $2 bank day · $3 how many rows at most
select x.provider_id, x.payout_id, x.budget_level, x.budget_code, x.amount_qepik,
    exists (select from proposal p where p.payout_id = o.payout_id and p.state = 'done') as approved,
    exists (
        select from payout_status s
        where s.payout_id = o.payout_id and s.source = 'statement' and s.verdict = 'settled') as booked,
    b.break_id, b.kind, b.state, b.amount_at_risk_qepik
from payout_part x
join payout o on o.payout_id = x.payout_id
left join break_now b on b.payout_id = o.payout_id and b.side in ('bank', 'payout') and b.state <> 'settled'
where x.cutoff_group = $1 and x.bank_day = $2 and x.released_at is null
order by x.provider_id, x.payout_id, b.break_id
limit $3
