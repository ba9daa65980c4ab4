-- why: a payer's address is kept only as long as something may still be told
-- locks: the rows deleted
-- parameters: $1 rows at most · $2 days after the acceptance
delete from payer_contact c
using (
    select q.agent_id, q.number from payer_contact q
    where q.accepted_at < now() - make_interval(days => $2) order by q.accepted_at limit $1
) old
where c.agent_id = old.agent_id and c.number = old.number
