-- why: the transfers of a part of an agent's numbers are what the edges of its payments, and its movements, say, and no others.
--      A row comes back for each measure ('+…') and for each invariant that does not hold, with the first offenders.
-- locks: none; one snapshot
-- parameters: $1 agent · $2 numbers above this · $3 up to this · $4 the cut: the sums of funds are told as of then
--      $5 edges · $6 money effect, pairwise
with edge as materialized (
    select e.id, e.effect from unnest($5::smallint[], $6::smallint[]) as e (id, effect)
),
posting as materialized (
    select v.number, v.step, v.at, v.business_day, x.effect,
        max(case when x.effect in (4, 6) then v.step end)
            over (partition by v.number order by v.step rows between unbounded preceding and current row) as source_step,
        max(case when x.effect in (4, 6) then v.step * 10 + x.effect end)
            over (partition by v.number order by v.step rows between unbounded preceding and current row) % 10 as source
    from event v
    join edge x on x.id = v.edge and x.effect in (4, 5, 6, 7)
    where v.agent_id = $1 and v.number > $2 and v.number <= $3
),
moved as materialized (
    select m.number, m.kind, m.amount_qepik, m.business_day, m.at, m.debit, m.credit, m.cutoff_group
    from movement m
    where m.agent_id = $1 and m.number > $2 and m.number <= $3
),
due as materialized (
    select s.number, s.step, l.leg, s.at, s.business_day, p.cutoff_group, l.amount, 'transfers' as about,
        case when s.effect in (4, 6) then l.debit else l.credit end as debit,
        case when s.effect in (4, 6) then l.credit when s.effect = 7 and l.debit in (1, 9) then 10 else l.debit end as credit
    from posting s
    join payment p on p.agent_id = $1 and p.number = s.number
    cross join lateral (values
        (1::smallint, case s.source when 4 then 1 else 9 end, 1000 + p.provider_id, p.amount_qepik),
        (2::smallint, 1, 2, case s.source when 4 then p.fee_qepik else 0 end),
        (3::smallint, 3, 4, case s.source when 4 then p.commission_qepik else 0 end),
        (4::smallint, 1000 + p.provider_id, 5, p.provider_fee_qepik)
    ) as l (leg, debit, credit, amount)
    where p.agent_id = $1 and p.number > $2 and p.number <= $3 and l.amount > 0
    union all
    select m.number, 0::smallint, 1::smallint, m.at, m.business_day, m.cutoff_group, m.amount_qepik, 'movements',
        coalesce(m.debit, case m.kind when 'top-up' then 6 when 'rebalance-out' then 1 else 12 end),
        coalesce(m.credit, case m.kind when 'rebalance-out' then 12 else 1 end)
    from moved m
),
posted as materialized (
    select t.number, t.step, t.leg, t.amount_qepik, t.debit, t.credit, t.business_day, t.window_day, t.cutoff_group
    from transfer t
    where t.agent_id = $1 and t.number > $2 and t.number <= $3
),
paired as materialized (
    select coalesce(t.number, d.number) as number, coalesce(t.step, d.step) as step, coalesce(t.leg, d.leg) as leg,
        t.number is not null as is_posted, d.number is not null as is_due, d.about, d.at,
        t.amount_qepik, t.debit, t.credit, t.business_day, t.window_day, t.cutoff_group,
        d.amount as due_amount, d.debit as due_debit, d.credit as due_credit, d.business_day as due_day,
        d.cutoff_group as due_group
    from posted t
    full join due d on d.number = t.number and d.step = t.step and d.leg = t.leg
),
windowed as materialized (
    select w.cutoff_group, w.bank_day, w.closes_at,
        coalesce(lag(w.closes_at) over (partition by w.cutoff_group order by w.closes_at), '-infinity') as opens_at
    from settlement_window w
),
fault (about, number, what) as (
    select p.about, p.number, format('leg %s of step %s is missing', p.leg, p.step)
    from paired p where not p.is_posted
    union all
    select p.about, p.number, format('leg %s of step %s is %s qəpik %s → %s and should be %s qəpik %s → %s', p.leg, p.step,
        p.amount_qepik, p.debit, p.credit, p.due_amount, p.due_debit, p.due_credit)
    from paired p
    where p.is_posted and p.is_due
        and (p.amount_qepik <> p.due_amount or p.debit <> p.due_debit or p.credit <> p.due_credit)
    union all
    select case when b.number is null and m.number is null then 'orphans' when b.number is null then 'movements' else 'transfers' end,
        p.number, format('leg %s of step %s is a transfer that nothing says', p.leg, p.step)
    from paired p
    left join payment b on b.agent_id = $1 and b.number = p.number and b.number > $2 and b.number <= $3
    left join moved m on m.number = p.number
    where not p.is_due
    union all
    select 'entries', p.number, format('leg %s of step %s: %s qəpik, %s → %s', p.leg, p.step, p.amount_qepik, p.debit, p.credit)
    from paired p
    where p.is_posted and (p.amount_qepik <= 0 or p.debit = p.credit
        or not (p.debit between 1 and 12 or p.debit > 1000) or not (p.credit between 1 and 12 or p.credit > 1000))
    union all
    select 'business-days', p.number, format('leg %s of step %s is posted on %s and happened on %s at %s', p.leg, p.step,
        p.business_day, coalesce(p.due_day::text, 'another day'), p.at)
    from paired p
    left join business_day d on d.day = p.business_day and d.opened_at <= p.at and (d.closed_at is null or p.at <= d.closed_at)
    where p.is_posted and p.is_due and (d.day is null or p.business_day <> coalesce(p.due_day, p.business_day))
    union all
    select 'windows', p.number, format('leg %s of step %s is in window %s of group %s and happened at %s', p.leg, p.step,
        coalesce(p.window_day::text, '(none)'), p.cutoff_group, p.at)
    from paired p
    left join windowed w on w.cutoff_group = p.cutoff_group and w.bank_day = p.window_day
        and w.opens_at <= p.at and p.at <= w.closes_at
    where p.is_posted and p.is_due and (p.cutoff_group <> p.due_group
        or case p.cutoff_group when 0 then p.window_day is not null else w.bank_day is null end)
)
select f.about, count(f.about) as count, (array_agg(f.number order by f.number, f.what))[1:5] as numbers,
    (array_agg(f.what order by f.number, f.what))[1:5] as whats
from fault f
group by f.about
union all
select '+transfers', count(t.number), null, null from posted t
union all
select '+movements', count(m.number), null, null from moved m
union all
select '+posted', coalesce(sum(p.amount_qepik), 0)::bigint, null, null
from paired p where p.is_posted and p.debit = 1 and (p.at is null or p.at <= $4)
union all
select '+credits', coalesce(sum(p.amount_qepik), 0)::bigint, null, null
from paired p where p.is_posted and p.credit = 1 and (p.at is null or p.at <= $4)
