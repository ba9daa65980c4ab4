-- why: what restores lost, oldest first, until two people have said that it was worked
-- locks: none
-- parameters: $1 also those that are settled · $2 how many
select b.epoch, b.from_at, b.to_at, extract(epoch from now() - b.to_at)::bigint, b.from_number, b.next_number, b.known,
    b.opened_by, b.settled_at, b.settled_by, coalesce(b.proposal_id, (
        select p.proposal_id from proposal p where p.epoch = b.epoch and p.state in ('open', 'approved')))
from break_lost_interval b
where $1 or b.settled_at is null
order by b.epoch
limit $2
