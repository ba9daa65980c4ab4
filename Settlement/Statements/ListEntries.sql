-- why: the entries of one statement in its order, a page at a time
-- locks: none
-- parameters: $1 statement · $2 after this entry · $3 how many at most
select e.entry_no, e.line, e.amount_minor, e.currency, e.booking_day, e.value_day, e.status, e.reversal, e.bank_reference, e.own_reference,
    e.end_to_end_id, e.counterparty_name, e.counterparty_account, e.remittance, e.info, e.same_as_statement, e.same_as_entry
from statement_entry e
where e.statement_id = $1 and e.entry_no > $2
order by e.entry_no
limit $3
