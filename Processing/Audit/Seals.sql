-- why: the days, their seals, and what the record of acts says of them: one that the record knows and that is gone was removed
-- locks: none; one snapshot
-- parameters: none
select coalesce(b.day, s.business_day), b.closed_at is not null, s.version, s.transfers, s.amount_qepik, s.previous, s.hash, a.details
from business_day b
full join day_seal s on s.business_day = b.day
left join lateral (
    select e.details from act e
    where e.subject = 'day ' || to_char(coalesce(b.day, s.business_day), 'YYYY-MM-DD') and e.what = 'day sealed'
    order by e.number
    limit 1
) a on true
order by coalesce(b.day, s.business_day)
