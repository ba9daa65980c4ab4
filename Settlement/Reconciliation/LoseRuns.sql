-- why: a comparison that somebody asked for died with its process: nobody holds its lock any more, and its run would seem to go on for ever
-- locks: the rows of such runs
-- parameters: $1 how the names of such runs begin · $2 the first key of their locks
update job_run r
set ended_at = clock_timestamp(), result = 'lost', outcome = 'its node died or lost the database'
where r.ended_at is null and starts_with(r.job, $1)
    and not exists (
        select from pg_locks l
        where l.locktype = 'advisory' and l.granted and l.objsubid = 2 and l.classid::bigint = $2
            and l.database = (select d.oid from pg_database d where d.datname = current_database())
            and l.objid::bigint = hashtext(r.job)::bigint & 4294967295)
