-- why: what an approval of a proposal posts, in its order
-- locks: none
-- parameters: $1 proposal · $2 how many at most
select x.agent_id, x.debit, x.credit, x.amount_qepik, x.kind, x.reference, x.cutoff_group
from proposal_posting x
where x.proposal_id = $1
order by x.line
limit $2
