-- why: payments as they stood at a step, so that each retry of an event says the same, whatever has happened since; and the address
--      that the payer left
-- locks: none
-- parameters: $1 agents · $2 numbers · $3 steps, pairwise
select
    p.agent_id, p.number, p.reference, p.terminal_id, p.service_code, p.account, p.fields, p.lines, p.amount_qepik,
    p.fee_qepik, p.tender, p.rrn, p.masked_pan, p.cashier, p.contact, p.payer, p.provider_id, p.shift_no, p.accepted_at,
    p.budget_level, p.budget_code, e.step, e.edge, e.at, e.receipt_counter, e.business_day, e.confirmed_at,
    e.provider_transaction, e.decline_name, e.provider_code, e.transient, e.card_data, e.reversal_asked_at,
    e.reversal_outcome_edge, e.reversal_outcome_at, e.correction_edge, e.correction_at, e.correction_note,
    c.contact as address
from unnest($1::int[], $2::bigint[], $3::smallint[]) as w (agent_id, number, step)
cross join lateral (
    select
        q.agent_id, q.number, q.reference, q.terminal_id, q.service_code, q.account, q.fields, q.lines, q.amount_qepik,
        q.fee_qepik, q.tender, q.rrn, q.masked_pan, q.cashier, q.contact, q.payer, q.provider_id, q.shift_no, q.accepted_at,
        q.budget_level, q.budget_code
    from payment q
    where q.agent_id = w.agent_id and q.number >= w.number and q.number <= w.number
    order by q.number
    limit 1
) p
cross join lateral (
    select
        max(v.step) as step,
        (array_agg(v.edge order by v.step desc))[1] as edge,
        (array_agg(v.at order by v.step desc))[1] as at,
        max(v.receipt_counter) as receipt_counter,
        max(v.business_day) as business_day,
        max(v.at) filter (where v.receipt_counter is not null) as confirmed_at,
        (array_agg(v.provider_transaction order by v.step desc) filter (where v.provider_transaction is not null))[1]
            as provider_transaction,
        (array_agg(v.decline_name order by v.step desc) filter (where v.decline_name is not null))[1] as decline_name,
        (array_agg(v.provider_code order by v.step desc) filter (where v.decline_name is not null))[1] as provider_code,
        (array_agg(v.transient order by v.step desc) filter (where v.decline_name is not null))[1] as transient,
        (array_agg(v.card_data order by v.step desc) filter (where v.card_data is not null))[1] as card_data,
        max(v.at) filter (where v.edge = 18) as reversal_asked_at,
        (array_agg(v.edge order by v.step desc) filter (where v.edge between 19 and 22))[1] as reversal_outcome_edge,
        max(v.at) filter (where v.edge between 19 and 22) as reversal_outcome_at,
        (array_agg(v.edge order by v.step desc) filter (where v.edge between 24 and 27))[1] as correction_edge,
        max(v.at) filter (where v.edge between 24 and 27) as correction_at,
        (array_agg(v.note order by v.step desc) filter (where v.edge between 24 and 27))[1] as correction_note
    from event v
    where v.agent_id = w.agent_id and v.number = w.number and v.step <= w.step
) e
left join payer_contact c on c.agent_id = w.agent_id and c.number = w.number
where e.step is not null
