-- why: a register that was written, to be sent again as it was
-- locks: none
-- parameters: $1 provider · $2 cut-off group · $3 bank day
select f.file_name, f.sha256
from register_file f
where f.provider_id = $1 and f.cutoff_group = $2 and f.bank_day = $3
limit 1
