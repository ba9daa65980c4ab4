-- why: a node remembers what this database does not know: no node may go on with it
-- locks: the row of the epoch in force
-- parameters: $1 what the node remembers
update cluster_epoch
set doubted_at = clock_timestamp(), doubt = $1
where epoch = (select max(l.epoch) from cluster_epoch l) and doubted_at is null
