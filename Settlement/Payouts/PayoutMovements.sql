-- why: what a payout posted, to be put back as it was taken
-- locks: none
-- parameters: $1 the payout's reference · $2 how many at most · $3 the payout
select m.agent_id, m.debit, m.credit, m.amount_qepik
from payout_agent a
join movement m on m.agent_id = a.agent_id and m.kind = 'payout' and m.reference = $1
where a.payout_id = $3
order by m.agent_id
limit $2
