-- why: every account that a bank was told to pay from: one that left the terms since is ours no less for what was paid from it. There are
--      some payouts a day, and few accounts
-- locks: none
-- parameters: none
select distinct o.debtor_iban
from payout o
where o.dropped_at is null and exists (select from payout_in_file i where i.payout_id = o.payout_id)
order by o.debtor_iban
limit 1000
