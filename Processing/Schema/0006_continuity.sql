-- why: what this database is the continuation of, so that a restored backup is told from a promoted standby, and what follows
--      from a restore: numbers that are never given out again, and the interval that is lost
-- locks: new tables; none that anyone waits for
-- parameters: none

-- The primaries that this database has lived on. The last one is in force; a doubted one takes no work until somebody has said
-- `egovpay restored`. The number is the second in which it began: it never repeats, whatever was restored in between.
create table cluster_epoch (
    epoch bigint primary key,
    system_identifier bigint not null,
    timeline int not null,
    how text not null check (how in ('first', 'promoted', 'restored')),
    began_at timestamptz not null default clock_timestamp(),
    doubted_at timestamptz,
    doubt text
);

-- Each process counts here, once a second, and remembers outside the database how far it came: what it remembers and the database
-- does not know, the database has lost.
create table witness (
    place uuid primary key,
    name text not null,
    mark bigint not null,
    at timestamptz not null
);

-- Receipts of a day on which something was lost are numbered on in series of their own.
create table receipt_generation (
    business_day date primary key,
    generation smallint not null check (generation between 1 and 61)
);

-- What lies between the last thing that a restored database knows and the moment it was taken up again: to be worked, by the
-- registers of the providers and the terminals' own journals.
create table break_lost_interval (
    epoch bigint primary key references cluster_epoch,
    from_at timestamptz not null,
    to_at timestamptz not null,
    -- payments that the book does not know and that perhaps were delivered have numbers from the first to below the second
    from_number bigint not null,
    next_number bigint not null,
    known text,
    opened_by text not null,
    settled_at timestamptz,
    settled_by text,
    check (from_at <= to_at and from_number < next_number)
);
