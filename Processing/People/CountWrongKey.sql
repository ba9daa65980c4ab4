-- why: a wrong key was shown for a login; the last of too many locks it, and the count begins anew
-- locks: the person's row, which the caller holds
-- parameters: $1 login · $2 how many lock · $3 minutes after which they are forgotten · $4 minutes it is locked for
update person p
set failures = case when n.failures >= $2 then 0 else n.failures end,
    failed_at = now(),
    locked_until = case when n.failures >= $2 then now() + make_interval(mins => $4) end
from (
    select q.login, case when q.failed_at > now() - make_interval(mins => $3) then q.failures + 1 else 1 end as failures
    from person q
    where q.login = $1
) n
where p.login = n.login
returning p.locked_until
