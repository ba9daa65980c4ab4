-- why: a payout is the sum of its windows and of its agents, is told to a bank when two people approved it, and comes back when a bank refused it:
--      what the engine does and the audit finds, the schema holds
-- locks: payout, payout_part, payout_agent and payout_in_file, for a moment
-- parameters: none

create function payout_is_whole() returns trigger
language plpgsql as $$
begin
    if new.amount_qepik is distinct from (select sum(x.amount_qepik) from payout_part x where x.payout_id = new.payout_id)
        or new.amount_qepik is distinct from (select sum(a.amount_qepik) from payout_agent a where a.payout_id = new.payout_id)
    then
        raise exception 'payout % is not the sum of its windows and of its agents', new.payout_id using errcode = 'check_violation';
    end if;
    return null;
end
$$;

create constraint trigger payout_is_whole after insert on payout deferrable initially deferred
    for each row execute function payout_is_whole();

-- What comes later into one that stands would make it another sum. All of a statement at once: an agent's row costs no sum of its own.
create function payout_stays_whole() returns trigger
language plpgsql as $$
begin
    if exists (
        select from (select distinct n.payout_id from new_rows n) n
        join payout o on o.payout_id = n.payout_id
        where o.xmin <> pg_current_xact_id()::xid)
    then
        raise exception 'a payout has its windows and agents from its beginning' using errcode = 'check_violation';
    end if;
    return null;
end
$$;

create trigger payout_part_is_of_its_beginning after insert on payout_part
    referencing new table as new_rows for each statement execute function payout_stays_whole();
create trigger payout_agent_is_of_its_beginning after insert on payout_agent
    referencing new table as new_rows for each statement execute function payout_stays_whole();

create function payout_in_file_is_approved() returns trigger
language plpgsql as $$
begin
    if not exists (select from proposal p where p.payout_id = new.payout_id and p.state = 'done') then
        raise exception 'payout % is not approved, and no bank is told of it', new.payout_id using errcode = 'check_violation';
    end if;
    return null;
end
$$;

create trigger payout_in_file_is_approved after insert on payout_in_file for each row execute function payout_in_file_is_approved();

create function payout_returned_was_refused() returns trigger
language plpgsql as $$
begin
    if not exists (select from payout_status s where s.payout_id = new.payout_id and s.verdict = 'rejected') then
        raise exception 'payout % was refused by no bank', new.payout_id using errcode = 'check_violation';
    end if;
    return null;
end
$$;

create trigger payout_returned_was_refused after update of returned_at on payout
    for each row when (new.returned_at is not null and old.returned_at is null) execute function payout_returned_was_refused();
