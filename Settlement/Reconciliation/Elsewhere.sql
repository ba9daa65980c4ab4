-- why: which of some payments stand in registers of other days
-- locks: none
-- parameters: $1 files · $2 numbers
select distinct l.number
from register_in_line l
join unnest($2::bigint[]) as w (number) on w.number = l.number
where l.file_id = any ($1) and not l.reversal
