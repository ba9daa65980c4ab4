-- why: payouts that two people approved and that are posted, and that no bank was told of yet; or one of them
-- locks: none
-- parameters: $1 one payout, or null for all · $2 how many at most
select o.payout_id, o.end_to_end_id, o.amount_qepik, o.execution_day, o.debtor_name, o.debtor_voen, o.debtor_iban, o.debtor_bic,
    o.debtor_bank_code, o.creditor_name, o.creditor_voen, o.creditor_iban, o.creditor_bic, o.creditor_bank_code, o.purpose,
    o.budget_level, o.budget_code
from payout o
join proposal p on p.payout_id = o.payout_id and p.state = 'done'
where o.dropped_at is null and o.returned_at is null
    and ($1::bigint is null or o.payout_id = $1)
    and not exists (select from payout_in_file f where f.payout_id = o.payout_id)
    and not exists (select from payout_status s where s.payout_id = o.payout_id and s.source = 'terms')
order by o.execution_day, o.payout_id
limit $2
