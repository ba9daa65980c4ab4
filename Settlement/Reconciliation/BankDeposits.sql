-- why: deposits that people booked for agents, each as one, over the parts of its agent; so is a correction bank → funds that settles the
--      break of a booking: it is the deposit of that booking, which the last two columns name
-- locks: none
-- parameters: $1 from · $2 to, business days · $3 how many at most
select d.agent_id, w.code, d.reference, sum(d.amount_qepik)::bigint, min(d.business_day), d.statement_id, d.entry_no
from (
    select coalesce(a.part_of, a.agent_id) as agent_id, m.reference, m.amount_qepik, m.business_day, null::bigint as statement_id,
        null::int as entry_no
    from movement m
    join agent a on a.agent_id = m.agent_id
    where m.kind = 'top-up' and m.business_day between $1 and $2
    union all
    select coalesce(a.part_of, a.agent_id), 'break.' || b.break_id, m.amount_qepik, m.business_day,
        coalesce(e.same_as_statement, e.statement_id), coalesce(e.same_as_entry, e.entry_no)
    from movement m
    join proposal p on p.proposal_id = m.proposal_id
    join settlement_break b on b.break_id = p.break_id and b.side = 'bank'
    join statement_entry e on e.statement_id = b.statement_id and e.entry_no = b.entry_no
    join agent a on a.agent_id = m.agent_id
    where m.kind = 'correction' and m.debit = 6 and m.credit = 1 and m.business_day between $1 and $2
) d
join agent w on w.agent_id = d.agent_id
group by d.agent_id, w.code, d.reference, d.statement_id, d.entry_no
order by min(d.business_day), d.reference
limit $3
