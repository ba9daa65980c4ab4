-- why: how many payments of one demo run wait for their register to be acknowledged
-- locks: none
-- parameters: $1 the least number of the run · $2 payable accounts of the receivers
select count(*)
from transfer t
where t.number >= $1 and t.credit = any ($2) and t.debit = 1
  and not exists (
      select from register_file f
      where f.provider_id = t.credit - 1000 and f.cutoff_group = t.cutoff_group and f.bank_day = t.window_day
        and f.acknowledged_at is not null)
