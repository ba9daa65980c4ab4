-- why: payouts: which windows' money each carries, of which agents it is, the files in which banks were told of them, and what banks said;
--      agents' commissions by date, and suspensions of agents who pay late
-- locks: new tables; none that anyone waits for
-- parameters: none

-- An order to a bank. Whether it is approved its proposals say (proposal.payout_id); there is no second copy of that.
create table payout (
    payout_id bigint generated always as identity primary key,
    provider_id int not null check (provider_id > 0),
    amount_qepik bigint not null check (amount_qepik > 0),
    currency text not null default 'AZN' check (currency = 'AZN'),
    -- with random letters: after a restore no other payout has an id that a bank has seen
    end_to_end_id text not null unique check (end_to_end_id ~ '^EGP[0-9]{6}-[0-9A-Z]{12}$'),
    execution_day date not null,
    debtor_name text not null,
    debtor_voen text,
    debtor_iban text not null,
    debtor_bic text,
    debtor_bank_code text,
    creditor_name text not null,
    creditor_voen text,
    creditor_iban text not null,
    creditor_bic text,
    creditor_bank_code text,
    budget_level text,
    budget_code text,
    purpose text not null,
    proposed_at timestamptz not null default clock_timestamp(),
    proposed_by text not null,
    -- every proposal about it ended without an approval: its windows are free
    dropped_at timestamptz,
    -- the bank did not carry it out, and the money stands in the payable again: its windows are free
    returned_at timestamptz,
    return_reason text,
    check ((budget_level is null) = (budget_code is null)),
    check ((returned_at is null) = (return_reason is null)),
    check (dropped_at is null or returned_at is null)
);

create index payout_proposed on payout (proposed_at);

-- The windows (of a budget receiver: the lines of a window) whose money it carries. An amount may be negative: more was taken back in that
-- window than was taken.
create table payout_part (
    payout_id bigint not null references payout,
    provider_id int not null,
    cutoff_group smallint not null check (cutoff_group between 1 and 4),
    bank_day date not null,
    budget_level text not null default '',
    budget_code text not null default '',
    amount_qepik bigint not null,
    released_at timestamptz,
    primary key (payout_id, cutoff_group, bank_day)
);

-- A window's money is in one living payout.
create unique index payout_part_living on payout_part (provider_id, cutoff_group, bank_day, budget_level, budget_code)
    where released_at is null;

-- Of which agents' payments the money is: what an approval takes from each payable (or, where negative, puts back into it).
create table payout_agent (
    payout_id bigint not null references payout,
    agent_id int not null references agent,
    amount_qepik bigint not null check (amount_qepik <> 0),
    primary key (payout_id, agent_id)
);

-- The very bytes that a bank is given. A payout is in one file, for ever.
create table payout_file (
    payout_file_id bigint generated always as identity primary key,
    message_id text not null unique check (message_id ~ '^EGPF[0-9]{6}-[0-9A-Z]{12}$'),
    format text not null check (format in ('pain.001.001.09', 'pain.001.001.03', 'dm-csv')),
    payouts int not null check (payouts > 0),
    total_qepik bigint not null check (total_qepik > 0),
    sha256 bytea not null check (length(sha256) = 32),
    body bytea not null,
    made_at timestamptz not null default clock_timestamp(),
    made_by text not null
);

create table payout_in_file (
    payout_id bigint primary key references payout,
    payout_file_id bigint not null references payout_file,
    -- the payment information block in which it stands; null: the form has none
    block_id text
);

create index payout_in_file_of on payout_in_file (payout_file_id);

-- What a bank said of a payout, fact after fact.
create table payout_status (
    payout_status_id bigint generated always as identity primary key,
    payout_id bigint not null references payout,
    at timestamptz not null default clock_timestamp(),
    source text not null check (source in ('pain.002', 'statement')),
    file_id bigint references settlement_file,
    level text not null check (level in ('group', 'block', 'transfer', 'entry')),
    code text not null,
    verdict text not null check (verdict in ('pending', 'accepted', 'settled', 'rejected')),
    reason text
);

create index payout_status_of on payout_status (payout_id, payout_status_id);

create function keep_payout() returns trigger
language plpgsql as $$
begin
    if to_jsonb(new) - array['dropped_at', 'returned_at', 'return_reason']
            is distinct from to_jsonb(old) - array['dropped_at', 'returned_at', 'return_reason']
        or old.dropped_at is not null or old.returned_at is not null
    then
        raise exception 'a payout is never rewritten' using errcode = 'insufficient_privilege';
    end if;
    return new;
end
$$;

create function record_payout() returns trigger
language plpgsql as $$
begin
    perform record_act('engine', case when new.dropped_at is null then 'payout returned' else 'payout dropped' end,
        'payout ' || new.payout_id, json_strip_nulls(json_build_object('reason', new.return_reason))::text);
    return null;
end
$$;

create function keep_payout_part() returns trigger
language plpgsql as $$
begin
    if to_jsonb(new) - 'released_at' is distinct from to_jsonb(old) - 'released_at' or old.released_at is not null then
        raise exception 'a part of a payout is never rewritten' using errcode = 'insufficient_privilege';
    end if;
    return new;
end
$$;

create function record_payout_file() returns trigger
language plpgsql as $$
begin
    perform record_act(new.made_by, 'payout file made', 'payout file ' || new.message_id, json_build_object(
        'format', new.format, 'payouts', new.payouts, 'totalQepik', new.total_qepik, 'sha256', encode(new.sha256, 'hex'))::text);
    return null;
end
$$;

create trigger payout_is_kept before update on payout for each row execute function keep_payout();
create trigger payout_is_recorded after update on payout for each row execute function record_payout();
create trigger payout_is_not_removed before delete on payout for each row execute function refuse_change();
create trigger payout_is_not_emptied before truncate on payout for each statement execute function refuse_change();
create trigger payout_part_is_kept before update on payout_part for each row execute function keep_payout_part();
create trigger payout_part_is_not_removed before delete on payout_part for each row execute function refuse_change();
create trigger payout_part_is_not_emptied before truncate on payout_part for each statement execute function refuse_change();
create trigger payout_agent_is_kept before update or delete on payout_agent for each row execute function refuse_change();
create trigger payout_agent_is_not_emptied before truncate on payout_agent for each statement execute function refuse_change();
create trigger payout_file_is_kept before update or delete on payout_file for each row execute function refuse_change();
create trigger payout_file_is_not_emptied before truncate on payout_file for each statement execute function refuse_change();
create trigger payout_file_is_recorded after insert on payout_file for each row execute function record_payout_file();
create trigger payout_in_file_is_kept before update or delete on payout_in_file for each row execute function refuse_change();
create trigger payout_in_file_is_not_emptied before truncate on payout_in_file for each statement execute function refuse_change();
create trigger payout_status_is_kept before update or delete on payout_status for each row execute function refuse_change();
create trigger payout_status_is_not_emptied before truncate on payout_status for each statement execute function refuse_change();

-- An agent's share by its contract, from a day on; before the first of these its own column is in force.
create table agent_commission (
    agent_id int not null references agent,
    valid_from date not null,
    hundredths_percent int not null check (hundredths_percent between 0 and 10000),
    set_by text not null,
    -- of several for one day the last is in force
    set_at timestamptz not null default clock_timestamp(),
    primary key (agent_id, valid_from, set_at)
);

create trigger agent_commission_is_kept before update or delete on agent_commission for each row execute function refuse_change();
create trigger agent_commission_is_not_emptied before truncate on agent_commission for each statement execute function refuse_change();

-- Agents that were suspended because they are late, by the engine: it lifts these suspensions and no others.
create table agent_overdue (
    agent_id int not null references agent,
    -- the agent's suspended_at of it: another one is somebody else's
    suspended_at timestamptz not null,
    oldest_due date not null,
    overdue_qepik bigint not null check (overdue_qepik > 0),
    lifted_at timestamptz,
    primary key (agent_id, suspended_at)
);

create unique index agent_overdue_now on agent_overdue (agent_id) where lifted_at is null;
