-- why: what providers' registers say of the payments of a settlement window, where it is not what the ledger says: by provider, by the break
--      that is about the payment, and apart where no register came for the payment's day
-- locks: none
-- parameters: $1 cut-off group · $2 bank day · $3 providers · $4 their zones, pairwise · $5 how many rows at most
with posting as materialized (
    select s.account - 1000 as provider_id, t.agent_id, t.number, sum(s.amount_qepik)::bigint as effect, min(t.step) as step
    from transfer t
    cross join lateral (values (t.debit, -t.amount_qepik, t.credit), (t.credit, t.amount_qepik, t.debit)) as s (account, amount_qepik, other)
    where t.cutoff_group = $1 and t.window_day = $2 and s.account > 1000 and s.other not in (5, 6)
    group by s.account, t.agent_id, t.number
    having bool_or(s.amount_qepik > 0)
),
-- Whatever a register says of a payment is held against the window in which it was taken for the provider; only that one.
paid as materialized (
    select q.provider_id, q.agent_id, q.number, q.effect, p.reference, p.account, p.amount_qepik, z.zone,
        (p.accepted_at at time zone z.zone)::date as day
    from posting q
    join payment p on p.agent_id = q.agent_id and p.number = q.number
    join unnest($3::int[], $4::text[]) as z (provider_id, zone) on z.provider_id = q.provider_id
    where not exists (
        select from transfer x
        where x.agent_id = q.agent_id and x.number = q.number and x.step < q.step and x.credit = 1000 + q.provider_id and x.debit not in (5, 6))
),
span as (
    select d.provider_id, d.zone, min(d.day) - 1 as from_day, max(d.day) + 3 as to_day from paid d group by d.provider_id, d.zone
),
register as materialized (
    -- One that came before its day was over says nothing of what was confirmed after it came, until a day later.
    select distinct on (r.provider_id, r.day) r.provider_id, r.day, r.file_id,
        case when f.imported_at < e.at and now() < e.at + interval '1 day' then f.imported_at else 'infinity' end as speaks_to
    from span s
    join register_in r on r.provider_id = s.provider_id and r.day between s.from_day and s.to_day
    join settlement_file f on f.file_id = r.file_id
    cross join lateral (select (r.day + 1)::timestamp at time zone s.zone as at) e
    where f.refused_because is null
    order by r.provider_id, r.day, f.imported_at desc, r.file_id desc
),
numbered as (
    select g.provider_id, l.number,
        sum(case when l.currency is null or l.currency in ('AZN', '944')
            then case when l.reversal then -abs(l.amount_qepik) else l.amount_qepik end else 0 end)::bigint as said
    from register g
    join register_in_line l on l.file_id = g.file_id
    where l.number is not null
    group by g.provider_id, l.number
),
differing as materialized (
    select d.provider_id, d.agent_id, d.number, d.effect, d.reference, d.account, d.amount_qepik, d.day, n.said
    from paid d
    left join numbered n on n.provider_id = d.provider_id and n.number = d.number
    where n.said is distinct from d.effect and (n.said is not null or d.effect <> 0)
),
unnumbered as materialized (
    select g.provider_id, coalesce(l.provider_transaction, l.txn) as word, l.account, l.day, max(l.amount_qepik) as amount_qepik
    from register g
    join register_in_line l on l.file_id = g.file_id
    where l.number is null and not l.reversal and (l.currency is null or l.currency in ('AZN', '944'))
        and exists (select from differing)
    group by g.provider_id, coalesce(l.provider_transaction, l.txn), l.account, l.day
    having count(*) = 1
),
-- A line without a number is taken for a payment where the comparison took it: it left no break.
judged as (
    select d.provider_id, d.number, b.break_id, b.kind, b.state,
        exists (
            select from register g
            where g.provider_id = d.provider_id and g.day = d.day and y.confirmed_at <= g.speaks_to) as came,
        case when d.said is null and b.break_id is null and exists (
            select from unnumbered u
            where u.provider_id = d.provider_id and u.word in (d.reference, y.provider_transaction) and u.account = d.account and u.day = d.day
                and u.amount_qepik = d.amount_qepik) then 0 else coalesce(d.said, 0) - d.effect end as difference
    from differing d
    join payment_now y on y.agent_id = d.agent_id and y.number = d.number
    left join lateral (
        select x.break_id, x.kind, x.state
        from break_now x
        where x.side = 'register' and x.number = d.number and x.provider_id = d.provider_id
        order by x.state = 'settled', x.break_id desc
        limit 1
    ) b on true
)
select j.provider_id, j.came or j.break_id is not null, j.break_id, j.kind, j.state, sum(j.difference)::bigint, count(*)
from judged j
where j.difference <> 0
group by j.provider_id, j.came or j.break_id is not null, j.break_id, j.kind, j.state
order by j.provider_id, j.break_id
limit $5
