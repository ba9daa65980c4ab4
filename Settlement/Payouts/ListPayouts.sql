-- why: payouts with how they stand, newest first
-- locks: none
-- parameters: $1 one of them, or null · $2 provider, or null · $3 only those that are not ended · $4 how many at most
select o.payout_id, o.provider_id, o.amount_qepik, o.end_to_end_id, o.execution_day, o.creditor_name, o.creditor_iban, o.budget_level,
    o.budget_code, o.purpose, o.proposed_at, o.proposed_by, p.proposal_id, p.state, p.decided_by, f.message_id, s.code, s.verdict, s.reason,
    o.dropped_at, o.returned_at, o.return_reason, s.source = 'terms'
from payout o
left join lateral (
    select x.proposal_id, x.state, x.decided_by from proposal x where x.payout_id = o.payout_id order by x.proposal_id desc limit 1
) p on true
left join payout_in_file i on i.payout_id = o.payout_id
left join payout_file f on f.payout_file_id = i.payout_file_id
left join lateral (
    -- What is settled or refused is not open again because an answer comes late that says less; that the bank has it already says nothing.
    select x.code, x.verdict, x.reason, x.source from payout_status x
    where x.payout_id = o.payout_id and x.verdict <> 'repeated'
    order by x.verdict in ('settled', 'rejected') desc, x.payout_status_id desc
    limit 1
) s on true
where ($1::bigint is null or o.payout_id = $1)
    and ($2::int is null or o.provider_id = $2)
    and (not $3 or (o.dropped_at is null and o.returned_at is null and s.verdict is distinct from 'settled'))
order by o.payout_id desc
limit $4
