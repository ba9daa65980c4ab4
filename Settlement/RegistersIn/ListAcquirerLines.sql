-- why: what a card acquirer's report says, line by line, for people; a page of it
-- locks: none
-- parameters: $1 file · $2 after this line · $3 how many
select l.line, l.kind, l.rrn, l.approval, l.masked_pan, l.gross_qepik, l.fee_qepik, l.net_qepik, l.day
from acquirer_line l
where l.file_id = $1 and l.line > $2
order by l.line
limit $3
