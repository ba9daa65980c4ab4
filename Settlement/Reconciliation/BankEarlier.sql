-- why: what banks booked of some payouts before the days that are looked at: what was given back is judged only beside all that was taken
-- locks: none
-- parameters: $1 our accounts · $2 from · $3 to, booking days · $4 how many at most · $5 end-to-end ids
select e.statement_id, e.entry_no, s.file_id, e.line, e.account, coalesce(e.currency, s.currency), e.amount_minor,
    coalesce(e.value_day, e.booking_day), e.reversal, e.bank_reference, e.own_reference, e.end_to_end_id, e.counterparty_account,
    e.remittance, e.batch_message, e.batch_block
from statement_entry e
join statement s on s.statement_id = e.statement_id
where e.account = any ($1) and coalesce(e.booking_day, e.value_day) between $2 and $3 and e.status = 'booked'
    and e.same_as_statement is null
    and (e.end_to_end_id = any ($5) or exists (
        select from statement_transaction t
        where t.statement_id = e.statement_id and t.entry_no = e.entry_no and t.end_to_end_id = any ($5)))
order by coalesce(e.booking_day, e.value_day), e.statement_id, e.entry_no
limit $4
