-- why: the record of runs is for people who look for what went wrong of late; of each job the last run stays, however old;
--      what somebody asked for by another name, of several words, is no job of the table
-- locks: the rows deleted
-- parameters: $1 rows at most · $2 days since their end
delete from job_run r
using (
    select q.run_id from job_run q
    where q.ended_at < now() - make_interval(days => $2)
        and (q.job like '% %' or exists (select from job_run later where later.job = q.job and later.run_id > q.run_id))
    order by q.run_id limit $1
) old
where r.run_id = old.run_id
