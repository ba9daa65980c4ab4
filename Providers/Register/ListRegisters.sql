-- why: registers that were written for providers, newest first, and what became of them
-- locks: none
-- parameters: $1 provider, or null · $2 how many at most · $3 only after this bank day's, or null · with it $4 its provider, $5 its group
select f.provider_id, f.cutoff_group, f.bank_day, f.file_name, f.payments, f.total_qepik, f.written_at, f.acknowledged_at,
    (select count(r.number) from register_rejection r
        where r.provider_id = f.provider_id and r.cutoff_group = f.cutoff_group and r.bank_day = f.bank_day) as rejected
from register_file f
where ($1::int is null or f.provider_id = $1)
    and ($3::date is null or f.bank_day < $3 or (f.bank_day = $3 and (f.provider_id, f.cutoff_group) > ($4::int, $5::smallint)))
order by f.bank_day desc, f.provider_id, f.cutoff_group
limit $2
