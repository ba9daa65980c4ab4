-- why: end the journal's sessions of nodes whose lease has ended. A node that froze, or whose machine was lost, in the middle of
--      sending a batch leaves a transaction open that holds its lanes: no time limit of the server counts there, and nobody could
--      post for those agents, or take over, until its connection broke. If it lives after all, it executes the batch again. Sessions are the
--      whole server's, and numbers of nodes each database's own: those of another centre on the same server are not ours to end
-- locks: none
-- parameters: $1 this node, which never ends its own
select count(pg_terminate_backend(s.pid))
from node n
join pg_stat_activity s on s.application_name = 'egovpay-journal-' || n.node_id
    and s.datname = current_database()
where n.recovered_at is null and n.lease_until < now() - interval '2 seconds' and n.node_id <> $1
