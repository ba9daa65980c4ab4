-- why: proposals as people see them: one, or those that wait, or the latest of some kinds
-- locks: none
-- parameters: $1 a proposal, or null · $2 only open and approved ones · $3 kinds, or null for all · $4 how many
--      $5 a break that they are about, or null for any
select p.proposal_id, p.kind, coalesce(p.agent_id, 0), coalesce(a.code, ''), coalesce(whole.parts, a.parts, 1::smallint), p.number, p.edge, p.terminal_id,
    p.reference, p.amount_qepik, p.before_qepik, p.single_limit_qepik, p.daily_limit_qepik, p.provider_transaction, p.reason,
    p.made_by, p.made_at, p.approve_from, p.expires_at, p.state, p.decided_by, p.decided_at, p.ended_at, p.outcome,
    (select t.code from terminal t where t.agent_id = p.agent_id and t.terminal_id = p.terminal_id),
    p.epoch, p.payout_id, p.break_id, p.resolution,
    o.provider_id, o.amount_qepik, o.creditor_name, o.creditor_iban, o.creditor_bic, o.budget_level, o.budget_code, o.execution_day,
    o.purpose, past.payout_id, past.creditor_iban,
    d.draft_id, d.valid_from, d.sha256, d.receivers,
    case when p.kind = 'break' then (
        select json_agg(json_build_object(
            'agent', coalesce(g.code, ''), 'debit', x.debit, 'credit', x.credit, 'qepik', x.amount_qepik, 'group', x.cutoff_group)
            order by x.line)::text
        from proposal_posting x
        join agent g on g.agent_id = x.agent_id
        where x.proposal_id = p.proposal_id) end
from proposal p
-- A lost interval is about no agent, nor is a payout.
left join agent a on a.agent_id = p.agent_id
left join agent whole on whole.agent_id = a.part_of
left join payout o on o.payout_id = p.payout_id
-- The last that a bank carried out for the same provider, before this was decided.
left join lateral (
    select x.payout_id, x.creditor_iban
    from payout x
    where x.provider_id = o.provider_id and x.payout_id <> o.payout_id and x.returned_at is null and exists (
        select from payout_status s
        where s.payout_id = x.payout_id and s.verdict = 'settled' and s.at <= coalesce(p.decided_at, s.at))
    order by x.payout_id desc
    limit 1
) past on true
left join terms_draft d on d.draft_id = p.terms_draft_id
where ($1::bigint is null or p.proposal_id = $1)
    and (not $2 or p.state in ('open', 'approved'))
    and ($3::text[] is null or p.kind = any ($3))
    and ($5::bigint is null or p.break_id = $5)
order by p.proposal_id desc
limit $4
