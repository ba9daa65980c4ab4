-- why: the record of what was applied here; with it a changed or unknown migration is refused before anything is touched
-- locks: the migration lock is held; the table's own lock while it is created
-- parameters: none
create table if not exists schema_migration (
    number     integer     primary key check (number > 0),
    name       text        not null,
    sha256     text        not null check (sha256 ~ '^[0-9a-f]{64}$'),
    applied_at timestamptz not null default clock_timestamp()
)
