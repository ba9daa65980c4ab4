-- why: the windows whose money a payout carries
-- locks: none
-- parameters: $1 payout · $2 how many at most
select x.cutoff_group, x.bank_day, x.amount_qepik, x.released_at
from payout_part x
where x.payout_id = $1
order by x.bank_day, x.cutoff_group
limit $2
