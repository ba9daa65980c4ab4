-- why: what a day, a range of days or a settlement window is made of, cut by agent, provider, cut-off group or budget line; from the ledger
--      only. Each posting of a payment (its legs together) is one row first, so that every figure leads back to payments (NettingTrace.sql)
-- locks: none
-- parameters: $1 first business day · $2 last business day, or null for both · $3 cut-off group of a window · $4 its bank day, or null
--      $5 the cut: agent, provider, group, budget · $6 how many rows at most
with posting as (
    select t.agent_id, t.number, t.step, t.cutoff_group,
        max(case when t.debit > 1000 then t.debit - 1000 when t.credit > 1000 then t.credit - 1000 end) as provider_id,
        sum(t.amount_qepik) filter (where t.debit = 1 and t.credit > 1000) as gross,
        sum(t.amount_qepik) filter (where t.credit = 1 and t.debit > 1000) as reversed,
        sum(case when t.credit > 1000 then t.amount_qepik else -t.amount_qepik end) filter (
            where greatest(t.debit, t.credit) > 1000 and least(t.debit, t.credit) not in (1, 5, 6)) as corrected,
        sum(case when t.debit > 1000 then t.amount_qepik else -t.amount_qepik end) filter (
            where greatest(t.debit, t.credit) > 1000 and least(t.debit, t.credit) = 5) as provider_fee,
        sum(case when t.debit > 1000 then t.amount_qepik else -t.amount_qepik end) filter (
            where greatest(t.debit, t.credit) > 1000 and least(t.debit, t.credit) = 6) as paid_out,
        sum(case t.credit when 2 then t.amount_qepik else -t.amount_qepik end) filter (where 2 in (t.debit, t.credit)) as payer_fee,
        sum(case t.credit when 4 then t.amount_qepik else -t.amount_qepik end) filter (where 4 in (t.debit, t.credit)) as commission
    from (
        -- From one provider's payable to another's is two sides, each of its own provider.
        select x.agent_id, x.number, x.step, x.cutoff_group, x.business_day, x.window_day, x.amount_qepik, s.debit, s.credit, s.side
        from transfer x
        cross join lateral (
            select x.debit, x.credit, 0 as side where least(x.debit, x.credit) <= 1000
            union all
            select x.debit, 9, 1 where least(x.debit, x.credit) > 1000
            union all
            select 9, x.credit, 2 where least(x.debit, x.credit) > 1000
        ) s
    ) t
    where ($1::date is null or t.business_day between $1 and $2)
        and ($3::smallint is null or (t.cutoff_group = $3 and t.window_day = $4))
        -- What neither concerns a provider nor is a fee or a commission: deposits, funds between parts.
        and (greatest(t.debit, t.credit) > 1000 or t.debit in (2, 4) or t.credit in (2, 4))
    group by t.agent_id, t.number, t.step, t.cutoff_group, t.side
)
select
    case when $5 = 'agent' then coalesce(w.code, a.code) end as agent,
    case when $5 in ('provider', 'budget') then p.provider_id end as provider_id,
    case when $5 = 'group' then p.cutoff_group end as cutoff_group,
    case when $5 = 'budget' then coalesce(b.budget_level, c.budget_level) end as budget_level,
    case when $5 = 'budget' then coalesce(b.budget_code, c.budget_code) end as budget_code,
    count(p.gross) as payments,
    coalesce(sum(p.gross), 0)::bigint as gross,
    coalesce(sum(p.reversed), 0)::bigint as reversed,
    coalesce(sum(p.corrected), 0)::bigint as corrected,
    coalesce(sum(p.provider_fee), 0)::bigint as provider_fee,
    coalesce(sum(p.paid_out), 0)::bigint as paid_out,
    coalesce(sum(p.payer_fee), 0)::bigint as payer_fee,
    coalesce(sum(p.commission), 0)::bigint as commission
from posting p
join agent a on a.agent_id = p.agent_id
left join agent w on w.agent_id = a.part_of
left join payment b on $5 = 'budget' and b.agent_id = p.agent_id and b.number = p.number
left join lateral (
    select v.budget_level, v.budget_code
    from movement_budget v
    where $5 = 'budget' and b.number is null and v.agent_id = p.agent_id and v.number = p.number and v.provider_id = p.provider_id
    limit 1
) c on true
group by 1, 2, 3, 4, 5
order by 1, 2, 3, 4, 5
limit $6
