-- why: a register that nobody could write for weeks is still to be written: which windows have theirs is marked, so that those that have not are
--      found however old they are, and without reading those that have
-- locks: window_line and register_file, while the lines of windows with a register are written once more
-- parameters: none

-- Its window has a register; kept by the trigger below.
alter table window_line add column written boolean not null default false;

update window_line l
set written = true
from register_file f
where f.provider_id = l.provider_id and f.cutoff_group = l.cutoff_group and f.bank_day = l.bank_day;

create index window_line_unwritten on window_line (provider_id, bank_day) where not written;
create index register_file_of_provider on register_file (provider_id, bank_day);

create function mark_line_written() returns trigger
language plpgsql as $$
begin
    update window_line l
    set written = true
    where l.provider_id = new.provider_id and l.cutoff_group = new.cutoff_group and l.bank_day = new.bank_day and not l.written;
    return null;
end
$$;

create trigger register_file_marks_its_lines after insert on register_file for each row execute function mark_line_written();
