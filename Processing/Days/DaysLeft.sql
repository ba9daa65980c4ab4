-- why: days that should be closed, totalled and sealed by now and are not; whoever closed one has a minute for it. A seal that is missing in the
--      middle was removed, and is for the audit to find
-- locks: none
-- parameters: none
select b.day
from business_day b
where (b.closed_at is null and b.day < (now() at time zone 'Asia/Baku')::date)
    or (b.closed_at < now() - interval '1 minute'
        and (b.totalled_at is null or not exists (select from day_seal s where s.business_day >= b.day)))
order by b.day
limit 10
