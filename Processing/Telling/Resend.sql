-- why: dead letters are tried again from the beginning, oldest first; not those whose endpoint is off: nobody would take them
-- locks: the rows taken; rows that another command holds are skipped
-- parameters: $1 rows at most · $2 number or null for all · $3 step · $4 receiver, or null for all
with dead as materialized (
    select d.agent_id, d.number, d.step, d.receiver
    from delivery d
    where d.dead_at is not null and ($2::bigint is null or (d.number = $2 and d.step = $3))
        and ($4::int is null or d.receiver = $4)
        and (d.receiver < 0 or exists (
            select from webhook_endpoint w where w.endpoint_id = d.receiver and w.off_at is null))
    order by d.dead_at
    limit $1
    for update of d skip locked
)
update delivery d
set dead_at = null, since = now(), next_at = now(), attempts = 0
from dead x
where d.agent_id = x.agent_id and d.number = x.number and d.step = x.step and d.receiver = x.receiver
