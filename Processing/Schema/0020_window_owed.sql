-- why: a closed window does not change, so what it owes to whom is reckoned once: whoever pays out or writes registers reads what is open of it,
--      and not the transfers of all years again
-- locks: payout_part, for a moment; the rest is new
-- parameters: none

create table window_reckoned (
    cutoff_group smallint not null check (cutoff_group between 1 and 4),
    bank_day date not null,
    reckoned_at timestamptz not null default clock_timestamp(),
    primary key (cutoff_group, bank_day)
);

-- Who took something in the window, or gave it back: a receiver, and of budget money a line of it.
create table window_line (
    provider_id int not null check (provider_id > 0),
    cutoff_group smallint not null,
    bank_day date not null,
    budget_level text not null default '',
    budget_code text not null default '',
    -- it is in a living payout; kept by the trigger below
    paid boolean not null default false,
    primary key (provider_id, cutoff_group, bank_day, budget_level, budget_code)
);

create index window_line_unpaid on window_line (bank_day) where not paid;
create index window_line_of_day on window_line (bank_day);

-- What is owed for it, by the agents whose payments it is; less where more was taken back.
create table window_owed (
    provider_id int not null,
    cutoff_group smallint not null,
    bank_day date not null,
    budget_level text not null default '',
    budget_code text not null default '',
    agent_id int not null,
    owed_qepik bigint not null check (owed_qepik <> 0),
    primary key (provider_id, cutoff_group, bank_day, budget_level, budget_code, agent_id)
);

create function mark_line_paid() returns trigger
language plpgsql as $$
begin
    update window_line l
    set paid = new.released_at is null
    where l.provider_id = new.provider_id and l.cutoff_group = new.cutoff_group and l.bank_day = new.bank_day
        and l.budget_level = new.budget_level and l.budget_code = new.budget_code;
    return null;
end
$$;

create trigger payout_part_marks_its_line after insert or update of released_at on payout_part
    for each row execute function mark_line_paid();

create trigger window_reckoned_is_kept before update or delete on window_reckoned for each row execute function refuse_change();
create trigger window_reckoned_is_not_emptied before truncate on window_reckoned for each statement execute function refuse_change();
create trigger window_owed_is_kept before update or delete on window_owed for each row execute function refuse_change();
create trigger window_owed_is_not_emptied before truncate on window_owed for each statement execute function refuse_change();
create trigger window_line_is_not_removed before delete on window_line for each row execute function refuse_change();
create trigger window_line_is_not_emptied before truncate on window_line for each statement execute function refuse_change();
