-- why: where two of the three sides (our ledger, a provider's or bank's word, what was paid out) do not agree: one row for each such
--      place, kept for ever, with what each side says; and each comparison that was made
-- locks: payment and event, for as long as it takes to summarise them (two reads); the rest is new
-- parameters: none

-- A day of a provider is found among years of payments by the pages it lies on; a few pages of summary, and nothing to keep up per row.
create index payment_accepted on payment using brin (accepted_at) with (pages_per_range = 32, autosummarize = on);
create index event_at on event using brin (at) with (pages_per_range = 32, autosummarize = on);

-- One comparison that was made, from its beginning to its end; one that was killed in the middle left nothing.
create table reconciliation (
    reconciliation_id bigint generated always as identity primary key,
    kind text not null check (kind in ('register', 'bank')),
    -- azercell/2026-11-21 of a register; an account and a day of a bank
    subject text not null,
    started_at timestamptz not null,
    ended_at timestamptz not null default clock_timestamp(),
    -- of the other side
    lines bigint not null check (lines >= 0),
    matched bigint not null check (matched >= 0),
    -- unknown payments that it settled
    settled bigint not null default 0 check (settled >= 0),
    -- not final yet: judged by a later one
    in_flight bigint not null default 0 check (in_flight >= 0),
    breaks bigint not null check (breaks >= 0),
    -- breaks of earlier ones that it found gone
    closed bigint not null default 0 check (closed >= 0),
    run_by text not null
);

create index reconciliation_of on reconciliation (kind, subject, reconciliation_id);

create table settlement_break (
    break_id bigint generated always as identity primary key,
    side text not null check (side in ('register', 'bank', 'acquirer', 'acknowledgement', 'payout')),
    kind text not null check (kind in (
        'MissingThere', 'MissingHere', 'OverAmount', 'UnderAmount', 'WrongDay', 'WrongAccount', 'Duplicate', 'CurrencyDiffers',
        'Unidentified', 'RejectedLine', 'PayoutRejected', 'BalanceDiffers')),
    -- what it is about, so that who looks again finds this row: azercell/731000000001
    subject text not null check (length(subject) between 1 and 300),
    provider_id int,
    agent_id int,
    number bigint,
    file_id bigint,
    line int,
    statement_id bigint,
    entry_no int,
    payout_id bigint,
    -- whose books differ: the provider day, the entry's value day
    day date not null,
    opened_at timestamptz not null default clock_timestamp(),
    amount_at_risk_qepik bigint not null check (amount_at_risk_qepik >= 0),
    -- what each side says; null: it says nothing of it
    ours jsonb,
    theirs jsonb,
    -- names of texts (Settlement/Breaks/BreakTexts.cs)
    cause text not null,
    step text not null,
    -- a payment, or another thing of ours, that it may be: never more than a suggestion
    suggestion jsonb,
    -- a later look found the contradiction gone; null: none did. What two people settled is settled by their proposal, and said once
    settled_at timestamptz,
    settled_by text,
    reopened int not null default 0 check (reopened >= 0),
    reopened_at timestamptz,
    unique (side, kind, subject),
    check ((settled_at is null) = (settled_by is null)),
    check ((reopened = 0) = (reopened_at is null))
);

create index settlement_break_open on settlement_break (opened_at) where settled_at is null;
create index settlement_break_of_day on settlement_break (side, provider_id, day) where settled_at is null;
create index settlement_break_of_number on settlement_break (number) where number is not null;

create index proposal_about_break on proposal (break_id, proposal_id) where break_id is not null;

-- A break as it stands: what people decided since it was last opened settles it.
create view break_now as
select b.break_id, b.side, b.kind, b.subject, b.provider_id, b.agent_id, b.number, b.file_id, b.line, b.statement_id, b.entry_no,
    b.payout_id, b.day, b.opened_at, b.amount_at_risk_qepik, b.ours, b.theirs, b.cause, b.step, b.suggestion, b.reopened,
    coalesce(b.reopened_at, b.opened_at) as open_since,
    case when b.settled_at is not null or p.state = 'done' then 'settled' when p.state is not null then 'proposed' else 'open' end as state,
    coalesce(b.settled_at, case when p.state = 'done' then p.ended_at end) as settled_at,
    coalesce(b.settled_by, case when p.state = 'done' then p.decided_by end) as settled_by,
    p.proposal_id, p.resolution
from settlement_break b
left join lateral (
    select q.proposal_id, q.state, q.ended_at, q.decided_by, q.resolution
    from proposal q
    where q.break_id = b.break_id and q.state in ('open', 'approved', 'done')
        and (q.state <> 'done' or q.ended_at >= coalesce(b.reopened_at, b.opened_at))
    order by q.proposal_id desc
    limit 1
) p on true;

create function keep_break() returns trigger
language plpgsql as $$
begin
    if (new.break_id, new.side, new.kind, new.subject, new.opened_at) is distinct from
        (old.break_id, old.side, old.kind, old.subject, old.opened_at) or new.reopened < old.reopened
    then
        raise exception 'a break keeps what it is about' using errcode = 'insufficient_privilege';
    end if;
    return new;
end
$$;

create trigger settlement_break_is_kept before update on settlement_break for each row execute function keep_break();
create trigger settlement_break_is_not_removed before delete on settlement_break for each row execute function refuse_change();
create trigger settlement_break_is_not_emptied before truncate on settlement_break for each statement execute function refuse_change();
create trigger reconciliation_is_kept before update or delete on reconciliation for each row execute function refuse_change();
