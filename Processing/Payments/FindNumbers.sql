-- why: payments by their numbers, for recovery, receipts and operators
-- locks: none
-- parameters: $1 agents · $2 numbers, pairwise
select n.agent_id, n.number, n.reference, n.terminal_id, n.service_code, n.account, n.fields, n.lines, n.amount_qepik,
    n.fee_qepik, n.tender, n.rrn, n.masked_pan, n.cashier, n.contact, n.payer, n.provider_id, n.shift_no, n.accepted_at,
    n.budget_level, n.budget_code, n.step, n.edge, n.at, n.receipt_counter, n.business_day, n.confirmed_at,
    n.provider_transaction, n.decline_name, n.provider_code, n.transient, n.card_data, n.reversal_asked_at,
    n.reversal_outcome_edge, n.reversal_outcome_at, n.correction_edge, n.correction_at, n.correction_note
from unnest($1::int[], $2::bigint[]) as w (agent_id, number)
join payment_now n on n.agent_id = w.agent_id and n.number = w.number
