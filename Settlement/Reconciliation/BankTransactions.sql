-- why: what single bookings are made of, where they say it
-- locks: none
-- parameters: $1 statements · $2 entries, pairwise
select t.statement_id, t.entry_no, t.tx_no, t.amount_minor, t.end_to_end_id, t.counterparty_account, t.currency, t.message_id, t.block_id
from unnest($1::bigint[], $2::int[]) as w (statement_id, entry_no)
join statement_transaction t on t.statement_id = w.statement_id and t.entry_no = w.entry_no
order by t.statement_id, t.entry_no, t.tx_no
