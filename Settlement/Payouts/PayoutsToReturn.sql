-- why: payouts that the bank refused and whose money does not stand in the payable again. One of which the bank had said that it was settled
--      is for people: the bank contradicts itself
-- locks: none
-- parameters: $1 how many at most
select o.payout_id, s.code, s.reason
from payout o
cross join lateral (
    select x.code, x.reason from payout_status x
    where x.payout_id = o.payout_id and x.verdict = 'rejected'
    order by x.payout_status_id
    limit 1
) s
where o.returned_at is null and o.dropped_at is null
    and not exists (select from payout_status x where x.payout_id = o.payout_id and x.verdict = 'settled')
order by o.payout_id
limit $1
