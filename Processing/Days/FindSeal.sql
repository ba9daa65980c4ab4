-- why: the seal of a day
-- locks: none
-- parameters: $1 the day
select s.business_day, s.version, s.transfers, s.amount_qepik, s.previous, s.hash
from day_seal s
where s.business_day = $1
limit 1
