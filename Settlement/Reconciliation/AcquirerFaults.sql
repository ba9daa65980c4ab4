-- why: lines of acquirers that cannot be: said twice, taken back without or above their sale, or of a payment of ours with another amount
-- locks: none
-- parameters: $1 from · $2 to, days · $3 how many of each at most
with line as materialized (
    select a.acquirer, l.file_id, l.line, l.kind, l.rrn, l.gross_qepik, l.day
    from acquirer_in a
    join settlement_file f on f.file_id = a.file_id
    join acquirer_line l on l.file_id = a.file_id
    where l.day between $1 and $2 and f.refused_because is null
),
-- The whole story of these, on whatever days it was told.
story as materialized (
    select a.acquirer, l.rrn, l.kind, count(*) as lines, sum(l.gross_qepik)::bigint as gross, max(abs(l.gross_qepik)) as largest
    from (select distinct n.rrn from line n where n.rrn is not null) n
    join acquirer_line l on l.rrn = n.rrn
    join acquirer_in a on a.file_id = l.file_id
    join settlement_file f on f.file_id = a.file_id
    where f.refused_because is null
    group by a.acquirer, l.rrn, l.kind
),
repeated as (
    select n.acquirer, max(n.file_id) as file_id, max(n.line) as line, n.rrn, max(n.day) as day, abs(t.gross) - t.largest as at_risk, t.lines
    from line n
    join story t on t.acquirer = n.acquirer and t.rrn = n.rrn and t.kind = n.kind
    where n.kind in ('sale', 'reversal') and t.lines > 1
    group by n.acquirer, n.rrn, n.kind, t.gross, t.largest, t.lines
    limit $3
),
reversed as (
    select n.acquirer, n.file_id, n.line, n.rrn, n.day, abs(n.gross_qepik) as gross, coalesce(s.gross, 0) as sold, coalesce(abs(r.gross), 0) as back
    from line n
    left join story s on s.acquirer = n.acquirer and s.rrn = n.rrn and s.kind = 'sale'
    left join story r on r.acquirer = n.acquirer and r.rrn = n.rrn and r.kind = 'reversal'
    where n.kind = 'reversal' and (s.rrn is null or abs(r.gross) > s.gross)
    limit $3
),
ours as (
    select n.acquirer, n.file_id, n.line, n.rrn, n.day, n.gross_qepik, p.agent_id, p.number, p.amount_qepik + p.fee_qepik as total
    from line n
    join payment p on p.rrn = n.rrn and p.accepted_at between $1::date - 3 and $2::date + 2
    where n.kind = 'sale' and n.gross_qepik <> p.amount_qepik + p.fee_qepik
    limit $3
)
select 'Duplicate' as kind, x.acquirer, x.file_id, x.line, x.rrn, x.day, x.at_risk::bigint, 'acquirer-repeated' as cause, null::int as agent_id,
    null::bigint as number, null::bigint as ours_qepik, x.lines as theirs
from repeated x
union all
select case when y.sold = 0 then 'Unidentified' else 'OverAmount' end, y.acquirer, y.file_id, y.line, y.rrn, y.day,
    case when y.sold = 0 then y.gross else y.back - y.sold end, case when y.sold = 0 then 'reversal-without-sale' else 'reversed-above-sale' end,
    null, null, null, y.gross
from reversed y
union all
select case when z.gross_qepik > z.total then 'OverAmount' else 'UnderAmount' end, z.acquirer, z.file_id, z.line, z.rrn, z.day,
    abs(z.gross_qepik - z.total), 'acquirer-other-amount', z.agent_id, z.number, z.total, z.gross_qepik
from ours z
