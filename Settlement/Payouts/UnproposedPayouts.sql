-- why: payouts that nobody has proposed yet, because whoever entered them came no further
-- locks: none
-- parameters: $1 how many at most
select o.payout_id
from payout o
where o.dropped_at is null and o.returned_at is null and not exists (select from proposal p where p.payout_id = o.payout_id)
order by o.payout_id
limit $1
