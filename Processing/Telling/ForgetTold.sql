-- why: what was told is remembered for a while only; before a record goes, the promise that the audit checks is moved past it
-- locks: the rows deleted, the row of telling_kept
-- parameters: $1 rows at most · $2 days that the record is kept
with moved as (
    update telling_kept k set since = now() - make_interval(days => $2)
    where k.since < now() - make_interval(days => $2)
)
delete from told t
using (
    select q.agent_id, q.number, q.step, q.receiver from told q
    where q.at < now() - make_interval(days => $2) order by q.at limit $1
) old
where t.agent_id = old.agent_id and t.number = old.number and t.step = old.step and t.receiver = old.receiver
