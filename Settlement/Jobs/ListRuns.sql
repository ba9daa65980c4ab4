-- why: the latest runs of a job or of all, newest first
-- locks: none
-- parameters: $1 job, or null for all · $2 how many · $3 only before this run · $4 only after this run
select r.run_id, r.job, r.node, r.asked_by, r.started_at, r.ended_at, r.result, r.outcome, r.percent, r.progress
from job_run r
where ($1::text is null or r.job = $1) and r.run_id < $3 and r.run_id > $4
order by r.run_id desc
limit $2
