-- why: a payout whose receiver the terms name no more as it was proposed is not paid to where money went before: until a bank is told of it, it is
--      taken back and proposed anew
-- locks: payout_status, while it is read once; the rest for a moment
-- parameters: none
alter table payout_status drop constraint payout_status_source_check;
alter table payout_status add constraint payout_status_source_check check (source in ('pain.002', 'statement', 'terms'));
-- Terms take back, and say nothing else.
alter table payout_status add constraint payout_status_of_terms check (
    source <> 'terms' or (file_id is null and level = 'transfer' and verdict = 'rejected'));

-- Payouts that no bank was told of and whose receiver is another in the terms of this day, or is in them no more, each with what is to be
-- said of it. Without terms there are none: nobody can say.
create function replaced_payouts(providers int[], codes text[]) returns table (payout_id bigint, why text)
language sql stable as $$
    with terms as materialized (
        select ltrim(s.body, chr(65279))::jsonb as body
        from settlement_terms s
        where s.valid_from <= (clock_timestamp() at time zone 'Asia/Baku')::date
        order by s.version desc
        limit 1
    )
    select o.payout_id, 'the terms in force name ' || coalesce('another receiver: ' || (b.receiver ->> 'iban'), 'no receiver any more')
    from payout o
    join unnest(providers, codes) as c (provider_id, code) on c.provider_id = o.provider_id
    cross join terms t
    left join lateral (
        select p.of -> 'beneficiary' as receiver
        from jsonb_array_elements(t.body -> 'providers') as p (of)
        where p.of ->> 'code' = c.code and coalesce(p.of ->> 'paysOut', 'true') = 'true'
        limit 1
    ) b on true
    where o.dropped_at is null and o.returned_at is null
        and not exists (select from payout_in_file f where f.payout_id = o.payout_id)
        and (o.creditor_name, coalesce(o.creditor_voen, ''), o.creditor_iban, coalesce(o.creditor_bic, ''), coalesce(o.creditor_bank_code, ''))
            is distinct from (b.receiver ->> 'name', coalesce(b.receiver ->> 'voen', ''), b.receiver ->> 'iban',
                coalesce(b.receiver ->> 'bic', ''), coalesce(b.receiver ->> 'bankCode', ''))
$$;

-- A payout is told to a bank or taken back, never both; who does either holds the lane of nobody's agent.
create or replace function payout_in_file_is_approved() returns trigger
language plpgsql as $$
begin
    if not exists (select from proposal p where p.payout_id = new.payout_id and p.state = 'done') then
        raise exception 'payout % is not approved, and no bank is told of it', new.payout_id using errcode = 'check_violation';
    end if;
    if exists (select from payout_status s where s.payout_id = new.payout_id and s.source = 'terms') then
        raise exception 'payout % was taken back, and no bank is told of it', new.payout_id
            using errcode = 'check_violation', constraint = 'payout_taken_back';
    end if;
    return null;
end
$$;

create function payout_of_terms_is_untold() returns trigger
language plpgsql as $$
begin
    if exists (select from payout_in_file f where f.payout_id = new.payout_id) then
        raise exception 'a bank was told of payout %, and nobody takes it back', new.payout_id using errcode = 'check_violation';
    end if;
    return null;
end
$$;

create trigger payout_of_terms_is_untold after insert on payout_status
    for each row when (new.source = 'terms') execute function payout_of_terms_is_untold();
