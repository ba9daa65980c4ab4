-- why: deliveries that nobody will try any more are dead letters: those of an endpoint that is switched off, and those that were not
--      taken for more than a day
-- locks: the rows taken; rows that another node holds are skipped
-- parameters: $1 rows at most · $2 hours
with late as materialized (
    select d.agent_id, d.number, d.step, d.receiver, w.off_at is not null as off
    from delivery d
    left join webhook_endpoint w on w.endpoint_id = d.receiver
    where d.dead_at is null
        and (w.off_at is not null or (d.since < now() - make_interval(hours => $2) and d.next_at <= now()))
    limit $1
    for update of d skip locked
)
update delivery d
set dead_at = now(), note = case when l.off then 'the endpoint is switched off' else coalesce(d.note, 'not reached for a day') end
from late l
where d.agent_id = l.agent_id and d.number = l.number and d.step = l.step and d.receiver = l.receiver
