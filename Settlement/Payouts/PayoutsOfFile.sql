-- why: which payouts a bank was told of in a file of ours, and in which blocks
-- locks: none
-- parameters: $1 message id · $2 how many at most
select x.payout_id, o.end_to_end_id, x.block_id
from payout_file f
join payout_in_file x on x.payout_file_id = f.payout_file_id
join payout o on o.payout_id = x.payout_id
where f.message_id = $1
order by x.payout_id
limit $2
