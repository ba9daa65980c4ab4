-- why: payouts that a bank was told of, to be looked for in its statements: those of some days, and those that bookings name
-- locks: none
-- parameters: $1 from · $2 to, execution days that the bank was told of · $3 how many at most · $4 ids of payouts,
--             files and blocks that bookings name
select o.payout_id, o.provider_id, o.amount_qepik, o.end_to_end_id, d.day, o.creditor_iban, f.payout_file_id, f.message_id,
    o.debtor_iban, o.returned_at is not null, i.block_id
from payout o
join payout_in_file i on i.payout_id = o.payout_id
join payout_file f on f.payout_file_id = i.payout_file_id
cross join lateral (
    -- Told before it was kept: never of a day that was over.
    select coalesce(i.execution_day, greatest(o.execution_day, (f.made_at at time zone 'Asia/Baku')::date)) as day
) d
where (d.day between $1 and $2 or o.end_to_end_id = any ($4) or f.message_id = any ($4) or i.block_id = any ($4)) and o.dropped_at is null
order by d.day, o.payout_id
limit $3
