-- why: the next closed day to be sealed, and the end of the chain that it follows. Only days after the last seal: one that is missing in the
--      middle was removed, and is for the audit to find
-- locks: none; closed days and seals do not change
-- parameters: $1 seconds since the close: whoever closes seals at once, others wait this long for it
select b.day, coalesce(l.hash, decode(repeat('00', 32), 'hex'))
from business_day b
left join (select s.business_day, s.hash from day_seal s order by s.business_day desc limit 1) l on true
where b.closed_at is not null and ($1 = 0 or b.closed_at <= clock_timestamp() - make_interval(secs => $1))
    and (l.business_day is null or b.day > l.business_day)
order by b.day
limit 1
