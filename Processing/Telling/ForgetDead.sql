-- why: dead letters that nobody sent again go after a while
-- locks: the rows deleted
-- parameters: $1 rows at most · $2 days that dead letters are kept
delete from delivery d
using (
    select q.agent_id, q.number, q.step, q.receiver from delivery q
    where q.dead_at < now() - make_interval(days => $2) order by q.dead_at limit $1
) old
where d.agent_id = old.agent_id and d.number = old.number and d.step = old.step and d.receiver = old.receiver
