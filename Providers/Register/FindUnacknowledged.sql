-- why: a page of the registers that nobody has acknowledged, in the order of their keys: a receiver that never answers keeps no other
--      one waiting, and all of them are never held at once
-- locks: none
-- parameters: $1 provider · $2 group · $3 bank day of the last one that was looked at · $4 how many
select f.provider_id, f.cutoff_group, f.bank_day, f.file_name, f.payments, f.total_qepik
from register_file f
where f.acknowledged_at is null and (f.provider_id, f.cutoff_group, f.bank_day) > ($1, $2, $3)
order by f.provider_id, f.cutoff_group, f.bank_day
limit $4
