-- why: terms that two people want are in force with the end of their proposal, once; void where another version came since they were
--      proposed. From their day on, or from the day of the approval in Baku: what was is not rewritten
-- locks: the proposal's row; the next version's key, at which another that is applied in this moment waits; the record of acts, last
-- parameters: $1 proposal
with asked as materialized (
    select p.proposal_id, p.made_by, p.decided_by, d.based_on, d.valid_from, d.sha256, d.body
    from proposal p
    join terms_draft d on d.draft_id = p.terms_draft_id
    where p.proposal_id = $1 and p.state = 'approved'
    for update of p
),
added as (
    insert into settlement_terms (version, valid_from, applied_by, approved_by, proposal_id, sha256, body)
    select a.based_on + 1, greatest(a.valid_from, (clock_timestamp() at time zone 'Asia/Baku')::date), a.made_by, a.decided_by,
        a.proposal_id, a.sha256, a.body
    from asked a
    where not exists (select from settlement_terms s where s.version > a.based_on)
    on conflict do nothing
    returning version, valid_from, applied_by, approved_by, sha256
),
ended as (
    update proposal p
    set state = case when exists (select from added) then 'done' else 'void' end, ended_at = clock_timestamp(),
        outcome = coalesce(
            (select format('version %s is in force from %s', n.version, n.valid_from) from added n),
            'other terms were applied since it was proposed')
    from asked a
    where p.proposal_id = a.proposal_id
)
select record_act(n.applied_by, 'settle apply', 'settlement terms ' || n.version, json_build_object(
    'validFrom', n.valid_from, 'sha256', encode(n.sha256, 'hex'), 'approvedBy', n.approved_by)::text)
from added n
limit 1
