-- why: open proposals whose time is up, and approved ones that whoever approved them has not carried out
-- locks: none
-- parameters: $1 seconds that an approved one is left to its approver · $2 how many
select p.proposal_id
from proposal p
where (p.state = 'open' and p.expires_at <= now())
    or (p.state = 'approved' and p.decided_at < now() - make_interval(secs => $1))
order by p.proposal_id
limit $2
