-- why: this node is alive, and has nothing unfinished below a number; 0 is "nothing known": the old one stays
-- locks: the node's own row
-- parameters: $1 node · $2 seconds the lease lasts from now by database time · $3 the number
update node
set lease_until = now() + make_interval(secs => $2), low_number = greatest(low_number, $3), recovered_at = null
where node_id = $1
returning clock_timestamp() as now_is
