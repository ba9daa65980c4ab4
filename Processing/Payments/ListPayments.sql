-- why: an agent's payments, newest first, a page at a time
-- locks: none
-- parameters: $1 the agent and its parts · $2 before this number · $3 from (instant) · $4 to (instant) · $5 edges of the state, or null · $6 rows
--      $7 terminal, or null
select n.agent_id, n.number, n.reference, n.terminal_id, n.service_code, n.account, n.fields, n.lines, n.amount_qepik,
    n.fee_qepik, n.tender, n.rrn, n.masked_pan, n.cashier, n.contact, n.payer, n.provider_id, n.shift_no, n.accepted_at,
    n.budget_level, n.budget_code, n.step, n.edge, n.at, n.receipt_counter, n.business_day, n.confirmed_at,
    n.provider_transaction, n.decline_name, n.provider_code, n.transient, n.card_data, n.reversal_asked_at,
    n.reversal_outcome_edge, n.reversal_outcome_at, n.correction_edge, n.correction_at, n.correction_note
from unnest($1::int[]) as a (agent_id)
cross join lateral (
    select p.agent_id, p.number
    from payment p
    where p.agent_id = a.agent_id and p.number < $2
        and p.number >= coalesce((select max(b.first) from number_block b where b.taken_at < $3::timestamptz - interval '10 minutes'), 0)
        and p.accepted_at >= $3::timestamptz and p.accepted_at < $4::timestamptz and ($7::int is null or p.terminal_id = $7)
        and ($5::smallint[] is null or (
            select v.edge from event v where v.agent_id = p.agent_id and v.number = p.number
            order by v.step desc limit 1) = any ($5))
    order by p.number desc
    limit $6
) k
join payment_now n on n.agent_id = k.agent_id and n.number = k.number
order by n.number desc
limit $6
