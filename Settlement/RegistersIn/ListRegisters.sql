-- why: the registers and acquirers' reports that were imported, newest first
-- locks: none
-- parameters: $1 before this file · $2 of this provider, or null · $3 how many at most
select f.file_id, f.name, f.format, r.provider_id, a.acquirer, r.day, coalesce(r.lines, a.lines), coalesce(r.total_qepik, a.net_qepik),
    f.imported_at, f.imported_by
from settlement_file f
left join register_in r using (file_id)
left join acquirer_in a using (file_id)
where f.file_id < $1 and f.kind in ('register', 'acquirer') and f.refused_because is null and ($2::int is null or r.provider_id = $2)
order by f.file_id desc
limit $3
