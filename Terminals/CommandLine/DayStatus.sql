-- why: the open business day and the last closed ones, for `egovpay day status`
-- locks: none
-- parameters: none
select day, opened_at, closed_at, totalled_at is not null
from business_day
order by day desc
limit 5
