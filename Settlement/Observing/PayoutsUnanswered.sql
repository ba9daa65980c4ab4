-- why: payouts that a bank was told of and said nothing final about: an alarm, and whoever asks the bank. Only those of the last hundred days are
--      looked at: an older one has been a break for long
-- locks: none
-- parameters: $1 today in Baku
select count(o.payout_id), coalesce(sum(o.amount_qepik), 0)::bigint, coalesce(greatest(max($1::date - o.execution_day), 0), 0)
from payout o
join payout_in_file i on i.payout_id = o.payout_id
where o.proposed_at > $1::date - 100 and o.dropped_at is null and o.returned_at is null
    and not exists (
        select from payout_status s where s.payout_id = o.payout_id and s.verdict in ('settled', 'rejected'))
limit 1
