-- why: jobs whose last run that ended failed; one that is running now has not mended it yet
-- locks: none
-- parameters: $1 jobs
select j.name
from unnest($1::text[]) as j (name)
cross join lateral (
    select r.result from job_run r where r.job = j.name and r.ended_at is not null order by r.run_id desc limit 1
) l
where l.result = 'failed'
limit 1000
