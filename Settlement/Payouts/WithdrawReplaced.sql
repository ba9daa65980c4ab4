-- why: payouts whose receiver the terms name no more as it was proposed, and that no bank was told of: what nobody approved is void, what is
--      posted goes back and is in the next payout. Sent behind the lane in which proposals are decided and payouts told to banks
-- locks: the caller holds that lane; the proposals' rows
-- parameters: $1 providers · $2 their codes
with replaced as materialized (
    select r.payout_id, r.why
    from replaced_payouts($1, $2) r
),
void as (
    update proposal p
    set state = 'void', outcome = r.why, ended_at = clock_timestamp()
    from replaced r
    where p.payout_id = r.payout_id and p.state = 'open'
    returning p.payout_id
),
taken_back as (
    insert into payout_status (payout_id, source, level, code, verdict, reason)
    select r.payout_id, 'terms', 'transfer', 'withdrawn', 'rejected', r.why
    from replaced r
    where exists (select from proposal p where p.payout_id = r.payout_id and p.state = 'done')
        and not exists (select from payout_status s where s.payout_id = r.payout_id and s.source = 'terms')
    returning payout_id
)
select v.payout_id from void v
union all
select t.payout_id from taken_back t
order by payout_id
limit 10000
