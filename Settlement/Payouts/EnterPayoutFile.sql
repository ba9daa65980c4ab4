-- why: the file in which a bank is told of payouts, byte by byte; a payout is in one, for ever: one that is in another fails the whole (23505).
--      Nothing is entered where the terms name another receiver of one of them by now
-- locks: the record of acts, last
-- parameters: $1 message id · $2 format · $3 total · $4 SHA-256 · $5 bytes · $6 who · $7 payouts · $8 their blocks · $9 the days that
--             the file tells of them · $10 providers · $11 their codes
with made as (
    insert into payout_file (message_id, format, payouts, total_qepik, sha256, body, made_by)
    select $1, $2, cardinality($7::bigint[]), $3, $4, $5, $6
    where not exists (select from replaced_payouts($10, $11) r where r.payout_id = any ($7))
    returning payout_file_id
)
insert into payout_in_file (payout_id, payout_file_id, block_id, execution_day)
select x.payout_id, m.payout_file_id, x.block_id, x.execution_day
from made m
cross join unnest($7::bigint[], $8::text[], $9::date[]) as x (payout_id, block_id, execution_day)
