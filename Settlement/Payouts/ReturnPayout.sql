-- why: a payout came back: its money stands in the payables again, its windows are free for the next payout; once
-- locks: the payout's row; the record of acts, last
-- parameters: $1 payout · $2 why
with returned as (
    update payout o
    set returned_at = clock_timestamp(), return_reason = $2
    where o.payout_id = $1 and o.returned_at is null
    returning o.payout_id
),
freed as (
    update payout_part x
    set released_at = clock_timestamp()
    from returned r
    where x.payout_id = r.payout_id and x.released_at is null
)
select r.payout_id from returned r
limit 1
