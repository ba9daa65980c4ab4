-- why: whether something else stands under the name of what a proposal posts (agent, reference, kind); and whether any of it stands as approved
-- locks: none
-- parameters: $1 proposal
select x.agent_id, x.reference, exists (
    select from proposal_posting o
    join movement n on n.agent_id = o.agent_id and n.reference = o.reference and n.kind = o.kind
    where o.proposal_id = $1 and n.proposal_id = $1
        and (n.amount_qepik, n.debit, n.credit) = (o.amount_qepik, o.debit, o.credit))
from proposal_posting x
join movement m on m.agent_id = x.agent_id and m.reference = x.reference and m.kind = x.kind
where x.proposal_id = $1 and (m.amount_qepik, m.debit, m.credit) <> (x.amount_qepik, x.debit, x.credit)
order by x.line
limit 1
