-- why: where providers' money goes is for two people: terms that change a receiver's account are proposed, and their approval puts them in
--      force; and the account of a payout is held against that of the one before it
-- locks: proposal, settlement_terms and payout, for a moment; the checks read all proposals once
-- parameters: none

-- A document that changes receivers' accounts, as it was proposed; in force only as a version.
create table terms_draft (
    draft_id bigint generated always as identity primary key,
    -- the newest version when it was made: what it changes, it changes of that one; where another came since, it is void
    based_on int not null check (based_on > 0),
    valid_from date not null,
    made_at timestamptz not null default clock_timestamp(),
    made_by text not null,
    sha256 bytea not null check (length(sha256) = 32),
    body text not null,
    -- JSON: each receiver whose account it changes, before and after
    receivers text not null
);

create trigger terms_draft_is_kept before update or delete on terms_draft for each row execute function refuse_change();
create trigger terms_draft_is_not_emptied before truncate on terms_draft for each statement execute function refuse_change();

-- Null: one person applied it, for it changes no receiver's account, or is the first.
alter table settlement_terms add column approved_by text, add column proposal_id bigint,
    add constraint settlement_terms_need_two_people check (approved_by is null or approved_by <> applied_by),
    add constraint settlement_terms_were_proposed check ((approved_by is null) = (proposal_id is null));

create index payout_of_provider on payout (provider_id, payout_id);

alter table proposal add column terms_draft_id bigint;
alter table proposal drop constraint proposal_kind_check;
alter table proposal add constraint proposal_kind_check check (
    kind in ('payment', 'contradiction', 'top-up', 'credit-limit', 'terminal-limits', 'lost-interval', 'payout', 'break', 'terms'));
alter table proposal drop constraint proposal_is_about_something;
alter table proposal add constraint proposal_is_about_something check (
    (kind = 'lost-interval') = (epoch is not null) and (kind = 'payout') = (payout_id is not null)
    and (kind = 'break') = (break_id is not null) and (kind = 'break') = (resolution is not null)
    and (kind = 'terms') = (terms_draft_id is not null)
    and (agent_id is null) = (kind in ('lost-interval', 'payout', 'terms') or (kind = 'break' and number is null)));

-- One at a time: of two the second would change what nobody has looked at.
create unique index proposal_of_terms on proposal (kind) where kind = 'terms' and state in ('open', 'approved');

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
        or (new.break_evidence, new.terms_draft_id) is distinct from (old.break_evidence, old.terms_draft_id)
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
            'providerTransaction', new.provider_transaction, 'epoch', new.epoch, 'payoutId', new.payout_id,
            'breakId', new.break_id, 'resolution', new.resolution,
            'termsSha256', (select encode(d.sha256, 'hex') from terms_draft d where d.draft_id = new.terms_draft_id),
            'reason', new.reason))::text);
    else
        perform record_act(
            case when new.state in ('approved', 'rejected', 'withdrawn') then new.decided_by else 'engine' end,
            'proposal ' || new.state, 'proposal ' || new.proposal_id, json_strip_nulls(json_build_object(
                'before', old.state, 'kind', new.kind, 'agentId', new.agent_id, 'number', new.number, 'step', new.step,
                'epoch', new.epoch, 'payoutId', new.payout_id, 'breakId', new.break_id, 'outcome', new.outcome))::text);
    end if;
    return null;
end
$$;
