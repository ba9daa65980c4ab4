-- why: windows whose cut-off is final and whose sums nobody has reckoned; a thousand rows a year are looked through
-- locks: none
-- parameters: $1 how many at most
select w.cutoff_group, w.bank_day
from settlement_window w
where w.closes_at <= (select coalesce(d.dated_from, d.opened_at) from business_day d where d.closed_at is null)
    and not exists (select from window_reckoned r where r.cutoff_group = w.cutoff_group and r.bank_day = w.bank_day)
order by w.closes_at
limit $1
