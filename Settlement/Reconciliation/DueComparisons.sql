-- why: registers that nobody has compared since they came, of each provider and day the last one; and those of the last days of which a
--      comparison left something open, once every six hours: what was not final may be, what was missing may have come
-- locks: none
-- parameters: $1 providers · $2 their codes, pairwise
select r.provider_id, r.day
from (
    select distinct on (i.provider_id, i.day) i.provider_id, i.day, i.file_id, f.imported_at
    from register_in i
    join settlement_file f on f.file_id = i.file_id
    where f.refused_because is null
    order by i.provider_id, i.day, f.imported_at desc, i.file_id desc
) r
join unnest($1::int[], $2::text[]) as p (provider_id, code) on p.provider_id = r.provider_id
left join lateral (
    select c.started_at, c.file_id, c.in_flight + c.breaks as left_open
    from reconciliation c
    where c.kind = 'register' and c.subject = p.code || '/' || r.day
    order by c.reconciliation_id desc
    limit 1
) l on true
where l.started_at is null or r.file_id <> l.file_id or (l.file_id is null and r.imported_at > l.started_at)
    or (l.left_open > 0 and l.started_at < now() - interval '6 hours' and r.day > current_date - 40)
order by r.day, r.provider_id
limit 1000
