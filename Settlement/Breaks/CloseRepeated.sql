-- why: payouts that were refused because the bank has them already, or that it called settled after it had refused them, and of which it is known
--      now: carried out (then there is a break of the booking), or put back
-- locks: the rows of these breaks
-- parameters: none
update settlement_break b
set settled_at = clock_timestamp(), settled_by = 'engine'
from payout o
where b.side = 'payout' and b.settled_at is null and o.payout_id = b.payout_id and case b.cause
    when 'payout-repeated' then o.returned_at is not null or exists (
        select from payout_status x
        where x.payout_id = o.payout_id and x.verdict = 'settled' and (x.source = 'statement' or x.payout_status_id > (
            select max(y.payout_status_id) from payout_status y where y.payout_id = o.payout_id and y.verdict = 'repeated')))
    when 'payout-settled-after-all' then exists (
        select from payout_status x where x.payout_id = o.payout_id and x.source = 'statement' and x.verdict = 'rejected')
        or exists (select from settlement_break k where k.payout_id = o.payout_id and k.side = 'bank' and k.cause = 'bank-paid-refused')
    end
