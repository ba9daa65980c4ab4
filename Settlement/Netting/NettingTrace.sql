-- why: the payments behind a figure of netting: each posting in the same scope, for one agent, provider, group or budget line or for all
-- locks: none
-- parameters: $1 first business day · $2 last business day, or null for both · $3 cut-off group of a window · $4 its bank day, or null
--      $5 agent's code · $6 provider · $7 cut-off group · $8 budget level · $9 budget code, each or null for any · $10 how many at most
with posting as (
    select t.agent_id, t.number, t.step, t.cutoff_group,
        max(t.business_day) as business_day, max(t.window_day) as window_day,
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
        and (greatest(t.debit, t.credit) > 1000 or t.debit in (2, 4) or t.credit in (2, 4))
    group by t.agent_id, t.number, t.step, t.cutoff_group, t.side
)
select p.number, coalesce(b.reference, m.reference), coalesce(w.code, a.code), p.provider_id, p.cutoff_group, p.business_day,
    p.window_day, coalesce(b.budget_level, c.budget_level), coalesce(b.budget_code, c.budget_code),
    coalesce(p.gross, 0)::bigint, coalesce(p.reversed, 0)::bigint, coalesce(p.corrected, 0)::bigint,
    coalesce(p.provider_fee, 0)::bigint, coalesce(p.paid_out, 0)::bigint, coalesce(p.payer_fee, 0)::bigint,
    coalesce(p.commission, 0)::bigint
from posting p
join agent a on a.agent_id = p.agent_id
left join agent w on w.agent_id = a.part_of
left join payment b on b.agent_id = p.agent_id and b.number = p.number
left join movement m on m.agent_id = p.agent_id and m.number = p.number
left join lateral (
    select v.budget_level, v.budget_code
    from movement_budget v
    where b.number is null and v.agent_id = p.agent_id and v.number = p.number and v.provider_id = p.provider_id
    limit 1
) c on true
where ($5::text is null or coalesce(w.code, a.code) = $5)
    and ($6::int is null or p.provider_id = $6)
    and ($7::smallint is null or p.cutoff_group = $7)
    and ($8::text is null or coalesce(b.budget_level, c.budget_level) = $8)
    and ($9::text is null or coalesce(b.budget_code, c.budget_code) = $9)
order by p.number, p.step
limit $10
