-- why: what a provider's register says, line by line, for people; a page of it
-- locks: none
-- parameters: $1 file · $2 after this line · $3 how many
select l.line, l.txn, l.number, l.amount_qepik, l.currency, l.account, l.day, l."time", l.provider_transaction, l.reversal
from register_in_line l
where l.file_id = $1 and l.line > $2
order by l.line
limit $3
