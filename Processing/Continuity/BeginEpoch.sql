-- why: this primary is the one from here on: the first, or one that a node vouches for
-- locks: none that wait; of two that vouch at once one writes
-- parameters: $1 system identifier · $2 timeline · $3 how
insert into cluster_epoch (epoch, system_identifier, timeline, how)
select greatest(extract(epoch from clock_timestamp())::bigint, l.epoch + 1), $1, $2, $3
from (select 1) one
left join lateral (
    select e.epoch, e.system_identifier, e.timeline from cluster_epoch e order by e.epoch desc limit 1
) l on true
where l.epoch is null or l.system_identifier <> $1 or l.timeline <> $2
on conflict (epoch) do nothing
