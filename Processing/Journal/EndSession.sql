-- why: end the session that a lane had before this one, and wait until it has ended: its connection broke for us, and the server may still be
--      carrying out what it read. A process is known by its number and its beginning; this very session, taken from the pool again, is not
--      ended, since it carries out one thing after another
-- locks: none
-- parameters: $1 the server's process of that session, 0: none · $2 when it began
select own.backend_start, coalesce((
    select bool_and(pg_terminate_backend(s.pid, 3000))
    from pg_stat_activity s
    where s.pid = $1 and s.backend_start = $2 and s.pid <> pg_backend_pid()
), true) as ended
from pg_stat_activity own
where own.pid = pg_backend_pid()
limit 1
