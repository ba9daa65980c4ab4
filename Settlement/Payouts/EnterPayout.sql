-- why: a payout with its windows and agents, before anybody proposes it. A window that is in a living payout already fails the whole (23505)
-- locks: none; the index of living parts keeps two proposers apart
-- parameters: $1 provider · $2 amount · $3 end-to-end id · $4 execution day · $5 to $9 debtor's name, VÖEN, IBAN, BIC, bank code
--      $10 to $14 creditor's · $15 budget level · $16 budget code · $17 purpose · $18 who · $19 parts' groups · $20 their bank days
--      $21 their amounts · $22 agents · $23 their amounts
with made as (
    insert into payout (
        provider_id, amount_qepik, end_to_end_id, execution_day, debtor_name, debtor_voen, debtor_iban, debtor_bic, debtor_bank_code,
        creditor_name, creditor_voen, creditor_iban, creditor_bic, creditor_bank_code, budget_level, budget_code, purpose, proposed_by)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
    returning payout_id
),
parts as (
    insert into payout_part (payout_id, provider_id, cutoff_group, bank_day, budget_level, budget_code, amount_qepik)
    select m.payout_id, $1, x.cutoff_group, x.bank_day, coalesce($15, ''), coalesce($16, ''), x.amount_qepik
    from made m
    cross join unnest($19::smallint[], $20::date[], $21::bigint[]) as x (cutoff_group, bank_day, amount_qepik)
),
agents as (
    insert into payout_agent (payout_id, agent_id, amount_qepik)
    select m.payout_id, x.agent_id, x.amount_qepik
    from made m
    cross join unnest($22::int[], $23::bigint[]) as x (agent_id, amount_qepik)
)
select m.payout_id from made m
