-- why: the open business day and the last closed ones with their seals, for `egovpay day status`
-- locks: none
-- parameters: none
select b.day, b.opened_at, b.closed_at, b.totalled_at is not null, s.transfers, s.amount_qepik, s.hash
from business_day b
left join day_seal s on s.business_day = b.day
order by b.day desc
limit 5
