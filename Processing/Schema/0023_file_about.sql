-- why: a register without lines is the same bytes of every provider and day: what a file is about is part of which file it is
-- locks: settlement_file, while its rows of registers and acquirers are written once more
-- parameters: none

-- What it is about where its bytes need not say so: register/7/2026-11-20, acquirer/millikart. Empty: its content says it.
alter table settlement_file add column about text not null default '';

update settlement_file f
set about = 'register/' || r.provider_id || '/' || to_char(r.day, 'YYYY-MM-DD')
from register_in r
where r.file_id = f.file_id;

update settlement_file f
set about = 'acquirer/' || a.acquirer
from acquirer_in a
where a.file_id = f.file_id;

create unique index settlement_file_read_about on settlement_file (sha256, about) where refused_because is null;
drop index settlement_file_read;
