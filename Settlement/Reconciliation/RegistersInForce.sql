-- why: the registers of a provider around a day, of each day the last that came: a provider's later word replaces the earlier one
-- locks: none
-- parameters: $1 provider · $2 from · $3 to, days
select distinct on (r.day) r.file_id, r.day, f.imported_at
from register_in r
join settlement_file f on f.file_id = r.file_id
where r.provider_id = $1 and r.day between $2 and $3 and f.refused_because is null
order by r.day, f.imported_at desc, r.file_id desc
limit 1000
