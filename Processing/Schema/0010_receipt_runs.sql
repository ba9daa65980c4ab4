-- why: after a restore a day's receipts go on at a place that is never met twice: one generation for each 24 minutes was met again by
--      whoever restored twice within them, and on the next day
-- locks: new table; none that anyone waits for
-- parameters: none

-- From which number of which series on a day's receipts are counted, after each restore; the last one is in force.
create table receipt_run (
    business_day date not null,
    generation smallint not null check (generation between 0 and 61),
    -- the first receipt of the run is the next number
    start int not null check (start between 0 and 9999998),
    epoch bigint,
    primary key (business_day, generation, start)
);

insert into receipt_run (business_day, generation, start)
select g.business_day, g.generation, 0 from receipt_generation g;
