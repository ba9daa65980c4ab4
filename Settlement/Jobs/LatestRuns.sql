-- why: the latest run of each job
-- locks: none
-- parameters: $1 jobs · $2 how many at most
select r.run_id, r.job, r.node, r.asked_by, r.started_at, r.ended_at, r.result, r.outcome, r.percent, r.progress
from unnest($1::text[]) as j (name)
cross join lateral (
    select x.run_id, x.job, x.node, x.asked_by, x.started_at, x.ended_at, x.result, x.outcome, x.percent, x.progress
    from job_run x where x.job = j.name order by x.run_id desc limit 1
) r
limit $2
