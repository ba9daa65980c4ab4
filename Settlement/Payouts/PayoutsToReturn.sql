-- why: payouts that the bank refused and whose money does not stand in the payable again. One that it refuses and calls settled is for people:
--      the bank contradicts itself; and so is one that it refuses because it has it already. What a statement shows given back was settled, and came back all the same
-- locks: none
-- parameters: $1 how many at most · $2 only this one; null: all
select o.payout_id, s.code, s.reason
from payout o
cross join lateral (
    select x.code, x.reason from payout_status x
    where x.payout_id = o.payout_id and x.verdict = 'rejected' and (x.source = 'statement' or not exists (
        select from payout_status y where y.payout_id = o.payout_id and y.verdict = 'settled'))
    order by x.payout_status_id
    limit 1
) s
where o.returned_at is null and o.dropped_at is null and ($2::bigint is null or o.payout_id = $2)
order by o.payout_id
limit $1
