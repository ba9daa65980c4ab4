-- why: writes whose report a file is and what it makes, after its lines
-- locks: the new row
-- parameters: $1 file · $2 acquirer · $3 lines · $4 gross · $5 fee · $6 net
insert into acquirer_in (file_id, acquirer, lines, gross_qepik, fee_qepik, net_qepik)
values ($1, $2, $3, $4, $5, $6)
