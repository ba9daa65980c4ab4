-- why: what runs by itself is seen: each run of a job, on which node, how long, what came of it. The scheduler's own tables lie in a
--      schema of their own: their shape is its library's and changes with it
-- locks: new tables; none that anyone waits for
-- parameters: none
create schema quartz;

create table job_run (
    run_id bigint generated always as identity primary key,
    job text not null,
    -- a node's name
    node text not null,
    -- a login; null: its schedule
    asked_by text,
    started_at timestamptz not null default clock_timestamp(),
    ended_at timestamptz,
    -- done, skipped, failed, lost (its node died; another run follows)
    result text check (result in ('done', 'skipped', 'failed', 'lost')),
    -- what it did, or why it failed; never a payer's name or account
    outcome text,
    percent smallint check (percent between 0 and 100),
    progress text,
    check ((ended_at is null) = (result is null))
);

create index job_run_of on job_run (job, run_id);
create index job_run_open on job_run (job) where ended_at is null;
