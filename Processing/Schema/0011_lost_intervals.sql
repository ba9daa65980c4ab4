-- why: what a restore lost is settled by two people, and by nothing else; nobody could end such a break before
-- locks: proposal and break_lost_interval, for a moment; the checks read all proposals once
-- parameters: none

-- Of what is about no agent: a lost interval concerns all of them.
alter table proposal alter column agent_id drop not null;
alter table proposal add column epoch bigint references break_lost_interval;
alter table proposal drop constraint proposal_kind_check;
alter table proposal add constraint proposal_kind_check check (
    kind in ('payment', 'contradiction', 'top-up', 'credit-limit', 'terminal-limits', 'lost-interval'));
alter table proposal add constraint proposal_is_of_an_agent_or_an_interval check (
    (kind = 'lost-interval') = (epoch is not null) and (epoch is null) = (agent_id is not null));

create unique index proposal_of_lost_interval on proposal (epoch)
    where epoch is not null and state in ('open', 'approved', 'done');

alter table break_lost_interval add column proposal_id bigint references proposal;
-- What was ended by hand before this migration stays as it is.
alter table break_lost_interval add constraint lost_interval_needs_two_people check (
    (settled_at is null) = (proposal_id is null) and (settled_at is null) = (settled_by is null)) not valid;

create or replace function keep_proposal() returns trigger
language plpgsql as $$
begin
    if (new.proposal_id, new.proposing, new.kind, new.agent_id, new.reason, new.made_by, new.made_at, new.approve_from,
            new.expires_at)
        is distinct from (old.proposal_id, old.proposing, old.kind, old.agent_id, old.reason, old.made_by, old.made_at,
            old.approve_from, old.expires_at)
        or (new.number, new.edge, new.terminal_id, new.reference, new.amount_qepik, new.before_qepik, new.single_limit_qepik,
            new.daily_limit_qepik, new.provider_transaction, new.epoch)
        is distinct from (old.number, old.edge, old.terminal_id, old.reference, old.amount_qepik, old.before_qepik,
            old.single_limit_qepik, old.daily_limit_qepik, old.provider_transaction, old.epoch)
        or not (old.state = 'open' or (old.state = 'approved' and new.state in ('done', 'void')))
        or (old.state = 'open' and new.state in ('open', 'done'))
        or (old.state = 'approved' and (new.decided_by, new.decided_at) is distinct from (old.decided_by, old.decided_at))
    then
        raise exception 'a proposal is decided once and never rewritten' using errcode = 'insufficient_privilege';
    end if;
    return new;
end
$$;

create or replace function record_proposal() returns trigger
language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        perform record_act(new.made_by, 'proposal made', 'proposal ' || new.proposal_id, json_strip_nulls(json_build_object(
            'kind', new.kind, 'agentId', new.agent_id, 'number', new.number, 'edge', new.edge, 'terminalId', new.terminal_id,
            'reference', new.reference, 'amountQepik', new.amount_qepik, 'beforeQepik', new.before_qepik,
            'singleLimitQepik', new.single_limit_qepik, 'dailyLimitQepik', new.daily_limit_qepik,
            'providerTransaction', new.provider_transaction, 'epoch', new.epoch, 'reason', new.reason))::text);
    else
        perform record_act(
            case when new.state in ('approved', 'rejected', 'withdrawn') then new.decided_by else 'engine' end,
            'proposal ' || new.state, 'proposal ' || new.proposal_id, json_strip_nulls(json_build_object(
                'before', old.state, 'kind', new.kind, 'agentId', new.agent_id, 'number', new.number, 'step', new.step,
                'epoch', new.epoch, 'outcome', new.outcome))::text);
    end if;
    return null;
end
$$;
