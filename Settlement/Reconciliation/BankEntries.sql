-- why: what banks booked on accounts of ours in some days, each booking once however many messages brought it
-- locks: none
-- parameters: $1 our accounts · $2 from · $3 to, booking days · $4 how many at most
select e.statement_id, e.entry_no, s.file_id, e.line, e.account, coalesce(e.currency, s.currency), e.amount_minor,
    coalesce(e.value_day, e.booking_day), e.reversal, e.bank_reference, e.own_reference, e.end_to_end_id, e.counterparty_account,
    e.remittance, e.batch_message, e.batch_block
from statement_entry e
join statement s on s.statement_id = e.statement_id
where e.account = any ($1) and coalesce(e.booking_day, e.value_day) between $2 and $3 and e.status = 'booked'
    and e.same_as_statement is null
order by coalesce(e.booking_day, e.value_day), e.statement_id, e.entry_no
limit $4
