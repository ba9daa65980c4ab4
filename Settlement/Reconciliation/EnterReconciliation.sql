-- why: a comparison was made
-- locks: none
-- parameters: $1 kind · $2 subject · $3 when it began · $4 lines · $5 matched · $6 settled · $7 in flight · $8 breaks · $9 closed
--      $10 who · $11 the register it was with, or null · $12 statements there were, or null
insert into reconciliation (kind, subject, started_at, lines, matched, settled, in_flight, breaks, closed, run_by, file_id, statements)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
returning reconciliation_id
