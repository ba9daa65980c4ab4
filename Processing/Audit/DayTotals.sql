-- why: what a part of an agent's transfers adds to each account on each day that was closed at the cut
-- locks: none; one snapshot
-- parameters: $1 agent · $2 numbers above this · $3 up to this · $4 the cut
select s.business_day, s.account, sum(s.debit)::bigint as debits, sum(s.credit)::bigint as credits, count(s.account) as transfers
from (
    select t.business_day, t.debit as account, t.amount_qepik as debit, 0::bigint as credit
    from transfer t where t.agent_id = $1 and t.number > $2 and t.number <= $3
    union all
    select t.business_day, t.credit, 0, t.amount_qepik
    from transfer t where t.agent_id = $1 and t.number > $2 and t.number <= $3
) s
join business_day d on d.day = s.business_day and d.closed_at <= $4
group by s.business_day, s.account
