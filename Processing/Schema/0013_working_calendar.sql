-- why: which days are worked is data, given anew by decree each year: versions are added, each in force from a day on, and never changed
-- locks: new table; none that anyone waits for
-- parameters: none
create table working_calendar (
    version int primary key check (version > 0),
    -- of a day, the newest version that is valid from it or from a day before it is in force
    valid_from date not null,
    applied_at timestamptz not null default clock_timestamp(),
    applied_by text not null,
    sha256 bytea not null check (length(sha256) = 32),
    body text not null
);

create trigger working_calendar_is_kept before update or delete on working_calendar for each row execute function refuse_change();
create trigger working_calendar_is_not_emptied before truncate on working_calendar for each statement execute function refuse_change();
