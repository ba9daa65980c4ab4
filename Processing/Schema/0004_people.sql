-- why: people with personal credentials, the record of what they did, decisions that need two of them, and contradictions to work.
--      Who did what is written by the database itself, in the transaction of the change; nobody can leave it out.
-- locks: the hot tables get a column each without a rewrite; everything else is new
-- parameters: none

create table person (
    login text primary key check (login ~ '^[a-z][a-z0-9-]{0,31}$'),
    name text not null,
    roles text[] not null check (cardinality(roles) > 0 and roles <@ array[
        'teller', 'supervisor', 'finance', 'approver', 'operator', 'administrator', 'auditor']),
    -- sha-256 of the random part of the personal key; the key itself was shown once
    key_hash bytea not null unique check (length(key_hash) = 32),
    key_generation int not null default 1,
    disabled_at timestamptz,
    -- wrong keys lately, over all machines; enough of them lock the login for a while
    failures int not null default 0 check (failures >= 0),
    failed_at timestamptz,
    locked_until timestamptz,
    created_at timestamptz not null default now(),
    -- when the key was last good, to the day
    seen_at timestamptz
);

-- What people did, entry after entry without a gap, each carrying the hash of the one before.
create table act (
    number bigint primary key check (number > 0),
    at timestamptz not null,
    who text not null,
    what text not null,
    subject text not null,
    -- JSON, kept as the very text that was hashed; never a secret
    details text not null,
    previous bytea not null check (length(previous) = 32),
    hash bytea not null check (length(hash) = 32)
);

create index act_subject on act (subject, number);

-- What an entry's hash is over: each field with its length before it, so that no two entries read alike.
create function act_text(the_number bigint, the_at timestamptz, the_who text, the_what text, the_subject text,
    the_details text, the_previous bytea) returns text
language sql immutable as $$
    select string_agg(octet_length(convert_to(f.field, 'UTF8'))::text || ':' || f.field || ',', '' order by f.place)
    from unnest(array[the_number::text, ((extract(epoch from the_at) * 1000000)::bigint)::text, the_who, the_what, the_subject,
        the_details, encode(the_previous, 'hex')]) with ordinality as f (field, place)
$$;

-- Appends an entry. The lock comes last in every transaction that takes it, so it deadlocks with nothing; it is held until the
-- commit: the next entry cannot be numbered before this one is certain.
create function record_act(the_who text, the_what text, the_subject text, the_details text) returns bigint
language plpgsql as $$
declare
    head record;
    now_at timestamptz;
begin
    perform pg_advisory_xact_lock(7310, 0);
    select a.number, a.hash into head from act a order by a.number desc limit 1;
    if not found then
        select 0::bigint as number, decode(repeat('00', 32), 'hex') as hash into head;
    end if;
    now_at := clock_timestamp();
    insert into act (number, at, who, what, subject, details, previous, hash)
    values (head.number + 1, now_at, the_who, the_what, the_subject, the_details, head.hash,
        sha256(convert_to(
            act_text(head.number + 1, now_at, the_who, the_what, the_subject, the_details, head.hash), 'UTF8')));
    return head.number + 1;
end
$$;

create function refuse_change() returns trigger
language plpgsql as $$
begin
    raise exception 'rows of % are added and never changed or removed', tg_table_name using errcode = 'insufficient_privilege';
end
$$;

create trigger act_is_kept before update or delete on act for each row execute function refuse_change();
create trigger act_is_not_emptied before truncate on act for each statement execute function refuse_change();

-- Each closed day carries the record's head of that moment: what was cut off at the end before it is missed.
alter table business_day add column act_number bigint, add column act_hash bytea;

-- What one person proposes and another approves. Money moves only after state approved; done is written with the money.
create table proposal (
    proposal_id bigint generated always as identity primary key,
    -- by which a command that is executed again knows its own first execution
    proposing uuid not null unique,
    kind text not null check (kind in ('payment', 'contradiction', 'top-up', 'credit-limit', 'terminal-limits')),
    -- of a payment the part of the agent, else the agent's first part
    agent_id int not null references agent,
    number bigint,
    edge smallint references transition,
    terminal_id int,
    reference text,
    amount_qepik bigint check (amount_qepik >= 0),
    before_qepik bigint,
    single_limit_qepik bigint check (single_limit_qepik > 0),
    daily_limit_qepik bigint check (daily_limit_qepik > 0),
    provider_transaction text,
    reason text not null check (length(reason) between 1 and 500),
    made_by text not null references person,
    made_at timestamptz not null,
    -- not before: whoever was being asked when asking stopped has answered by then, or never will
    approve_from timestamptz not null,
    expires_at timestamptz not null,
    state text not null default 'open'
        check (state in ('open', 'approved', 'done', 'rejected', 'withdrawn', 'expired', 'void')),
    decided_by text references person,
    decided_at timestamptz,
    ended_at timestamptz,
    step smallint,
    outcome text,
    check ((kind in ('payment', 'contradiction')) = (number is not null)),
    check ((kind = 'payment') = (edge is not null)),
    check ((kind = 'top-up') = (reference is not null)),
    constraint proposal_needs_two_people check (
        state not in ('approved', 'done', 'rejected') or (decided_by is not null and decided_by <> made_by))
);

create unique index proposal_of_payment on proposal (agent_id, number)
    where number is not null and state in ('open', 'approved');
create unique index proposal_of_deposit on proposal (agent_id, reference)
    where kind = 'top-up' and state in ('open', 'approved', 'done');
create unique index proposal_of_limit on proposal (agent_id) where kind = 'credit-limit' and state in ('open', 'approved');
create unique index proposal_of_terminal on proposal (terminal_id)
    where kind = 'terminal-limits' and state in ('open', 'approved');
create index proposal_open on proposal (expires_at) where state in ('open', 'approved');

create function keep_proposal() returns trigger
language plpgsql as $$
begin
    if (new.proposal_id, new.proposing, new.kind, new.agent_id, new.reason, new.made_by, new.made_at, new.approve_from,
            new.expires_at)
        is distinct from (old.proposal_id, old.proposing, old.kind, old.agent_id, old.reason, old.made_by, old.made_at,
            old.approve_from, old.expires_at)
        or (new.number, new.edge, new.terminal_id, new.reference, new.amount_qepik, new.before_qepik, new.single_limit_qepik,
            new.daily_limit_qepik, new.provider_transaction)
        is distinct from (old.number, old.edge, old.terminal_id, old.reference, old.amount_qepik, old.before_qepik,
            old.single_limit_qepik, old.daily_limit_qepik, old.provider_transaction)
        or not (old.state = 'open' or (old.state = 'approved' and new.state in ('done', 'void')))
        or (old.state = 'open' and new.state in ('open', 'done'))
        or (old.state = 'approved' and (new.decided_by, new.decided_at) is distinct from (old.decided_by, old.decided_at))
    then
        raise exception 'a proposal is decided once and never rewritten' using errcode = 'insufficient_privilege';
    end if;
    return new;
end
$$;

create trigger proposal_is_kept before update on proposal for each row execute function keep_proposal();
create trigger proposal_is_not_removed before delete on proposal for each row execute function refuse_change();
create trigger proposal_is_not_emptied before truncate on proposal for each statement execute function refuse_change();

create function record_proposal() returns trigger
language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        perform record_act(new.made_by, 'proposal made', 'proposal ' || new.proposal_id, json_strip_nulls(json_build_object(
            'kind', new.kind, 'agentId', new.agent_id, 'number', new.number, 'edge', new.edge, 'terminalId', new.terminal_id,
            'reference', new.reference, 'amountQepik', new.amount_qepik, 'beforeQepik', new.before_qepik,
            'singleLimitQepik', new.single_limit_qepik, 'dailyLimitQepik', new.daily_limit_qepik,
            'providerTransaction', new.provider_transaction, 'reason', new.reason))::text);
    else
        perform record_act(
            case when new.state in ('approved', 'rejected', 'withdrawn') then new.decided_by else 'engine' end,
            'proposal ' || new.state, 'proposal ' || new.proposal_id, json_strip_nulls(json_build_object(
                'before', old.state, 'kind', new.kind, 'agentId', new.agent_id, 'number', new.number, 'step', new.step,
                'outcome', new.outcome))::text);
    end if;
    return null;
end
$$;

create trigger proposal_is_recorded after insert or update on proposal for each row execute function record_proposal();

-- Not null: a proposal waits for its approval, and nobody asks the provider meanwhile.
alter table unknown_payment add column held_by bigint;

alter table movement add column approved_by text,
    add constraint movement_needs_two_people check (approved_by is null or approved_by <> made_by);

-- A provider said of a final payment what its state denies. Open until two people have decided what is true.
create table contradiction (
    agent_id int not null,
    number bigint not null,
    -- the event of the late truth
    step smallint not null,
    edge smallint not null,
    opened_at timestamptz not null,
    closed_at timestamptz,
    proposal_id bigint references proposal,
    primary key (agent_id, number, step),
    check ((closed_at is null) = (proposal_id is null))
);

create unique index contradiction_open on contradiction (agent_id, number) where closed_at is null;

insert into contradiction (agent_id, number, step, edge, opened_at)
select distinct on (e.agent_id, e.number) e.agent_id, e.number, e.step, e.edge, e.at
from event e
where e.edge between 28 and 31
order by e.agent_id, e.number, e.step;
