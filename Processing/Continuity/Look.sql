-- why: what the database knows of its own past, and whether it knows what a node remembers
-- locks: none
-- parameters: $1 the node's place, or null · $2 the epoch that it remembers · $3 agent · $4 number · $5 step of the last event that it
--      saw committed (agent 0: none) · $6 the epoch in which this process was sure last; 0: it never was · $7 the first of the payment
--      numbers that this process took last (0: none) · $8 its number among the nodes then
select
    l.epoch, l.system_identifier, l.timeline, l.doubted_at is not null as doubted,
    exists (select from cluster_epoch k where k.epoch = $2) as epoch_known,
    exists (select from cluster_epoch r where r.epoch > $2 and r.how = 'restored') as restored_since,
    coalesce((select w.mark from witness w where w.place = $1), -1) as mark,
    $3 = 0 or exists (select from event v where v.agent_id = $3 and v.number = $4 and v.step = $5) as event_known,
    (select max(o.at) from witness o where o.place is distinct from $1) as last_other,
    $6 > 0 and exists (select from cluster_epoch c where c.epoch > $6 and c.how = 'restored') as restored_in_life,
    $7 = 0 or exists (select from number_block b where b.first = $7 and b.node_id = $8) as numbers_known
from (select 1) one
left join lateral (
    select e.epoch, e.system_identifier, e.timeline, e.doubted_at from cluster_epoch e order by e.epoch desc limit 1
) l on true
