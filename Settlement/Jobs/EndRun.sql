-- why: a run of a job has ended; one that was given up as lost stays lost
-- locks: the run's row
-- parameters: $1 run · $2 result · $3 what it did, or why it failed
update job_run
set ended_at = clock_timestamp(), result = $2, outcome = left($3, 2000)
where run_id = $1 and ended_at is null
