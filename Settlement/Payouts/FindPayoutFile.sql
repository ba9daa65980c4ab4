-- why: a file that was made before, by its message id or by a payout that is in it
-- locks: none
-- parameters: $1 message id, or null · $2 payout, or null
select f.message_id, f.format, f.payouts, f.total_qepik, f.sha256, f.body
from payout_file f
where f.message_id = $1
    or f.payout_file_id = (select x.payout_file_id from payout_in_file x where x.payout_id = $2)
limit 1
