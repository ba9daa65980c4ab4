-- why: lines of acquirers that cannot be: said twice, taken back without or above their sale, or of payments of ours with another amount. A number
--      alone names no payment: it is one of around the sale's day and, where both sides say a card, of that card; what a terminal took with one
--      number was one charge, whatever it paid; what was declined or taken back may be another, which was tried again under the same number
-- locks: none
-- parameters: $1 from · $2 to, days · $3 how many of each at most
with line as materialized (
    select a.acquirer, l.file_id, l.line, l.kind, l.rrn, l.masked_pan, l.gross_qepik, l.day
    from acquirer_in a
    join settlement_file f on f.file_id = a.file_id
    join acquirer_line l on l.file_id = a.file_id
    where l.day between $1 and $2 and f.refused_because is null
),
-- The whole story of these, on whatever days it was told; reckoned in one pass, since any of them may be as many as all.
told as materialized (
    select a.acquirer, l.file_id, l.line, l.kind, l.rrn, l.gross_qepik, l.day, l.day between $1 and $2 as looked_at, count(*) over same as lines,
        sum(l.gross_qepik) over same as gross, max(abs(l.gross_qepik)) over same as largest,
        coalesce(sum(l.gross_qepik) filter (where l.kind = 'sale') over number, 0)::bigint as sold,
        coalesce(abs(sum(l.gross_qepik) filter (where l.kind = 'reversal') over number), 0)::bigint as back
    from (select distinct n.rrn from line n where n.rrn is not null) n
    join acquirer_line l on l.rrn = n.rrn
    join acquirer_in a on a.file_id = l.file_id
    join settlement_file f on f.file_id = a.file_id
    where f.refused_because is null
    window same as (partition by a.acquirer, l.rrn, l.kind), number as (partition by a.acquirer, l.rrn)
),
repeated as (
    select t.acquirer, max(t.file_id) as file_id, max(t.line) as line, t.rrn, max(t.day) as day, abs(t.gross) - t.largest as at_risk, t.lines
    from told t
    where t.looked_at and t.kind in ('sale', 'reversal') and t.lines > 1
    group by t.acquirer, t.rrn, t.kind, t.gross, t.largest, t.lines
    limit $3
),
reversed as (
    select t.acquirer, t.file_id, t.line, t.rrn, t.day, abs(t.gross_qepik) as gross, t.sold, t.back
    from told t
    where t.looked_at and t.kind = 'reversal' and (t.sold = 0 or t.back > t.sold)
    union all
    select n.acquirer, n.file_id, n.line, n.rrn, n.day, abs(n.gross_qepik), 0, 0
    from line n
    where n.rrn is null and n.kind = 'reversal'
    limit $3
),
tied as materialized (
    select n.acquirer, n.file_id, n.line, n.rrn, n.day, n.gross_qepik, p.agent_id, min(p.number) as number,
        sum(p.amount_qepik + p.fee_qepik)::bigint as total, array_agg(p.number) as numbers, array_agg(p.amount_qepik + p.fee_qepik) as charges,
        bool_or(sum(p.amount_qepik + p.fee_qepik) = n.gross_qepik) over (partition by n.file_id, n.line) as agrees
    from line n
    join payment p on p.rrn = n.rrn and p.accepted_at >= n.day - 10 and p.accepted_at < n.day + 3
    where n.kind = 'sale'
        and coalesce(right(p.masked_pan, 4) = right(n.masked_pan, 4) or p.masked_pan !~ '[0-9]{4}$' or n.masked_pan !~ '[0-9]{4}$', true)
    group by n.acquirer, n.file_id, n.line, n.rrn, n.day, n.gross_qepik, p.agent_id, p.terminal_id
),
weighed as materialized (
    -- What became of the payments is looked up of those alone that are not the sale as they are. What does not stand was charged before or after.
    select t.acquirer, t.file_id, t.line, t.rrn, t.day, t.gross_qepik, t.agent_id, t.number, coalesce(s.standing, t.total) as total,
        bool_or(s.agrees) over (partition by t.file_id, t.line) as agrees
    from tied t
    cross join lateral (
        select (sum(c.charge) filter (where b.stands))::bigint as standing,
            coalesce(sum(c.charge) filter (where b.stands) = t.gross_qepik, false)
                or (not bool_and(b.stands) and bool_or(c.charge = t.gross_qepik)) as agrees
        from unnest(t.numbers, t.charges) as c (number, charge)
        cross join lateral (
            select r.to_state not in ('Declined', 'Cancelled', 'Reversed') as stands
            from event e
            join transition r on r.edge_id = e.edge
            where e.agent_id = t.agent_id and e.number = c.number
            order by e.step desc
            limit 1
        ) b
    ) s
    where not t.agrees
),
ours as (
    -- Of several terminals the one that is nearest.
    select distinct on (t.file_id, t.line) t.acquirer, t.file_id, t.line, t.rrn, t.day, t.gross_qepik, t.agent_id, t.number, t.total
    from weighed t
    where not t.agrees
    order by t.file_id, t.line, abs(t.gross_qepik - t.total), t.agent_id, t.number
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
