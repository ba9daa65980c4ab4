-- why: what is proposed about a break is about what both sides said then; and a correction of budget money belongs to the budget line of the
--      payment that its break is about
-- locks: settlement_break and proposal, for a moment
-- parameters: none

-- Goes up whenever either side says something else of it, or it is opened again.
alter table settlement_break add column evidence int not null default 1 check (evidence > 0);
-- of the break, when the proposal was made; null: made by a program that did not say so
alter table proposal add column break_evidence int;

create or replace function keep_proposal() returns trigger
language plpgsql as $$
begin
    if (new.proposal_id, new.proposing, new.kind, new.agent_id, new.reason, new.made_by, new.made_at, new.approve_from,
            new.expires_at)
        is distinct from (old.proposal_id, old.proposing, old.kind, old.agent_id, old.reason, old.made_by, old.made_at,
            old.approve_from, old.expires_at)
        or (new.number, new.edge, new.terminal_id, new.reference, new.amount_qepik, new.before_qepik, new.single_limit_qepik,
            new.daily_limit_qepik, new.provider_transaction, new.epoch, new.payout_id, new.break_id, new.resolution)
        is distinct from (old.number, old.edge, old.terminal_id, old.reference, old.amount_qepik, old.before_qepik,
            old.single_limit_qepik, old.daily_limit_qepik, old.provider_transaction, old.epoch, old.payout_id, old.break_id,
            old.resolution)
        or new.break_evidence is distinct from old.break_evidence
        or not (old.state = 'open' or (old.state = 'approved' and new.state in ('done', 'void')))
        or (old.state = 'open' and new.state in ('open', 'done'))
        or (old.state = 'approved' and (new.decided_by, new.decided_at) is distinct from (old.decided_by, old.decided_at))
    then
        raise exception 'a proposal is decided once and never rewritten' using errcode = 'insufficient_privilege';
    end if;
    return new;
end
$$;

-- Corrections of breaks about budget payments: of these payments' provider, level and code.
create view movement_budget as
select m.agent_id, m.number, q.provider_id, q.budget_level, q.budget_code
from movement m
join proposal p on p.proposal_id = m.proposal_id
join settlement_break b on b.break_id = p.break_id
join payment q on q.agent_id = b.agent_id and q.number = b.number
where m.kind = 'correction' and q.budget_level is not null;
