-- why: payouts whose proposals all ended without an approval; their windows are free for the next. Sent behind the lane in which proposals are
--      made and decided, so that none is made for a payout that is being dropped
-- locks: the caller holds that lane
-- parameters: none
with gone as (
    update payout o
    set dropped_at = clock_timestamp()
    where o.dropped_at is null and o.returned_at is null
        and exists (select from proposal p where p.payout_id = o.payout_id)
        and not exists (select from proposal p where p.payout_id = o.payout_id and p.state in ('open', 'approved', 'done'))
    returning o.payout_id
),
freed as (
    update payout_part x
    set released_at = clock_timestamp()
    from gone g
    where x.payout_id = g.payout_id and x.released_at is null
)
select count(g.payout_id) from gone g
limit 1
