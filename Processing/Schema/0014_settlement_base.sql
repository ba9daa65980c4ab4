-- why: settlement's terms as dated data, the files that come in, and proposals that post money: payouts, and corrections that settle a break
-- locks: proposal and movement, for a moment; the checks read all proposals and movements once
-- parameters: none

-- Our bank accounts, the providers' and agents' terms, the mappings of files, the strategies of reconciliation: a document, by version.
create table settlement_terms (
    version int primary key check (version > 0),
    -- of a day, the newest version that is valid from it or from a day before it is in force
    valid_from date not null,
    applied_at timestamptz not null default clock_timestamp(),
    applied_by text not null,
    sha256 bytea not null check (length(sha256) = 32),
    body text not null
);

create trigger settlement_terms_is_kept before update or delete on settlement_terms for each row execute function refuse_change();
create trigger settlement_terms_is_not_emptied before truncate on settlement_terms for each statement execute function refuse_change();

-- A file that somebody gave us, and whether it could be read.
create table settlement_file (
    file_id bigint generated always as identity primary key,
    kind text not null check (kind in ('statement', 'register', 'acquirer', 'payment-status')),
    name text not null,
    sha256 bytea not null check (length(sha256) = 32),
    bytes bigint not null check (bytes >= 0),
    -- what it turned out to be: camt.053.001.08, MT940, osmp-tab; null: nothing that is known
    format text,
    source text not null check (source in ('command', 'folder', 'http')),
    imported_at timestamptz not null default clock_timestamp(),
    imported_by text not null,
    -- the line and the reason; null: it was read
    refused_because text
);

-- What was read is read once; what was refused may be given again.
create unique index settlement_file_read on settlement_file (sha256) where refused_because is null;
create index settlement_file_at on settlement_file (imported_at);

-- Money that moves without a payment says itself from where to where, where its kind does not.
alter table movement add column debit int, add column credit int, add column proposal_id bigint,
    add column cutoff_group smallint not null default 0 check (cutoff_group between 0 and 4);
alter table movement drop constraint movement_kind_check;
alter table movement add constraint movement_kind_check check (
    kind in ('top-up', 'rebalance-out', 'rebalance-in', 'payout', 'payout-returned', 'correction'));
alter table movement add constraint movement_says_its_accounts check (
    (kind in ('payout', 'payout-returned', 'correction')) = (debit is not null)
    and (debit is null) = (credit is null) and (debit is null or debit <> credit));

-- Two kinds of proposals are about what settlement found or wants to pay. What they post stands in proposal_posting; a break may be
-- settled by a row of the table of states instead, and then names its payment.
alter table proposal add column payout_id bigint, add column break_id bigint, add column resolution text;
alter table proposal drop constraint proposal_kind_check;
alter table proposal add constraint proposal_kind_check check (
    kind in ('payment', 'contradiction', 'top-up', 'credit-limit', 'terminal-limits', 'lost-interval', 'payout', 'break'));
alter table proposal drop constraint proposal_check;
alter table proposal drop constraint proposal_check1;
alter table proposal add constraint proposal_of_a_payment check (
    kind = 'break' or (kind in ('payment', 'contradiction')) = (number is not null));
alter table proposal add constraint proposal_takes_an_edge check (
    (edge is null or number is not null) and (kind = 'break' or (kind = 'payment') = (edge is not null)));
alter table proposal drop constraint proposal_is_of_an_agent_or_an_interval;
alter table proposal add constraint proposal_is_about_something check (
    (kind = 'lost-interval') = (epoch is not null) and (kind = 'payout') = (payout_id is not null)
    and (kind = 'break') = (break_id is not null) and (kind = 'break') = (resolution is not null)
    and (agent_id is null) = (kind in ('lost-interval', 'payout') or (kind = 'break' and number is null)));

create unique index proposal_of_payout on proposal (payout_id)
    where payout_id is not null and state in ('open', 'approved', 'done');
create unique index proposal_of_break on proposal (break_id) where break_id is not null and state in ('open', 'approved');

-- What an approval posts: each line is one movement and one transfer in the day that is open then.
create table proposal_posting (
    proposal_id bigint not null references proposal,
    line smallint not null,
    agent_id int not null references agent,
    debit int not null check (debit > 0),
    credit int not null check (credit > 0),
    amount_qepik bigint not null check (amount_qepik > 0),
    kind text not null check (kind in ('payout', 'correction')),
    -- of the movement; names one of this agent and kind for ever
    reference text not null check (length(reference) between 1 and 100),
    -- 1 to 4: it belongs to that group's next window, and is handed over with it
    cutoff_group smallint not null default 0 check (cutoff_group between 0 and 4),
    primary key (proposal_id, line),
    check (debit <> credit)
);

create trigger proposal_posting_is_kept before update or delete on proposal_posting for each row execute function refuse_change();
create trigger proposal_posting_is_not_emptied before truncate on proposal_posting for each statement execute function refuse_change();

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
            'breakId', new.break_id, 'resolution', new.resolution, 'reason', new.reason))::text);
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
