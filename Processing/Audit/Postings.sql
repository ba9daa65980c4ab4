-- why: what two people approved is posted as they approved it, line by line; and no payout and no correction moves money without them
-- locks: none; one snapshot
-- parameters: none
with line as materialized (
    select d.proposal_id, d.state, d.made_by, d.decided_by, x.agent_id, x.debit, x.credit, x.amount_qepik, x.kind, x.reference,
        x.cutoff_group
    from proposal d
    join proposal_posting x on x.proposal_id = d.proposal_id
),
moved as materialized (
    select m.agent_id, m.number, m.kind, m.reference, m.amount_qepik, m.debit, m.credit, m.proposal_id, m.made_by, m.approved_by,
        m.cutoff_group
    from movement m
    where m.kind in ('payout', 'correction')
),
fault (about, agent_id, number, what) as (
    select 'movements', l.agent_id, null::bigint, format('posting %s of proposal %s, which is done, is missing', l.reference, l.proposal_id)
    from line l
    left join moved m on m.agent_id = l.agent_id and m.kind = l.kind and m.reference = l.reference
    where l.state = 'done' and m.number is null
    union all
    select 'movements', m.agent_id, m.number, format('is not what proposal %s posts: %s qəpik %s → %s', l.proposal_id, l.amount_qepik,
        l.debit, l.credit)
    from moved m
    join line l on l.agent_id = m.agent_id and l.kind = m.kind and l.reference = m.reference and l.proposal_id = m.proposal_id
    where (m.amount_qepik, m.debit, m.credit, m.cutoff_group) <> (l.amount_qepik, l.debit, l.credit, l.cutoff_group)
    union all
    select 'two-people', m.agent_id, m.number, format('a %s that two people have not approved', m.kind)
    from moved m
    left join line l on l.agent_id = m.agent_id and l.kind = m.kind and l.reference = m.reference and l.proposal_id = m.proposal_id
    where l.proposal_id is null or l.state not in ('approved', 'done') or m.made_by is distinct from l.made_by
        or m.approved_by is distinct from l.decided_by or m.made_by is not distinct from m.approved_by
)
select f.about, f.agent_id, f.number, f.what
from fault f
order by f.about, f.agent_id, f.number, f.what
limit 1000
