-- why: nothing of a dead node is left, and nothing that it sent can still commit; it need not be looked at again
-- locks: the node's row
-- parameters: $1 node
update node
set recovered_at = now()
where node_id = $1 and lease_until < now() - interval '60 seconds' and recovered_at is null
