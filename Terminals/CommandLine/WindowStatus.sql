-- why: for each cut-off group the window that is open now, for `egovpay day status`
-- locks: none
-- parameters: none
select distinct on (cutoff_group) cutoff_group, closes_at, bank_day
from settlement_window
where closes_at > clock_timestamp()
order by cutoff_group, closes_at
