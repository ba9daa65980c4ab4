-- why: a run of a job begins; whatever of the same job is open died with its node: no two run at once
-- locks: the rows of this job that are open
-- parameters: $1 job · $2 node · $3 who asked for it, or null
with lost as (
    update job_run r
    set ended_at = clock_timestamp(), result = 'lost', outcome = 'its node died or lost the database'
    where r.job = $1 and r.ended_at is null
)
insert into job_run (job, node, asked_by)
values ($1, $2, $3)
returning run_id
