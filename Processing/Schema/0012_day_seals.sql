-- why: a closed day is sealed: a hash over its transfers in order, chained to the day before, so that whoever changes, removes or adds
--      a row of a closed day is found out, even where sums and events were made to fit
-- locks: new tables; none that anyone waits for
-- parameters: none

-- One a closed day, in the order of days. What the hash is over: Processing/Days/SealDigest.cs. No foreign key to the day: a seal that is
-- of no closed day is a finding of the audit.
create table day_seal (
    business_day date primary key,
    -- of the bytes that were hashed
    version smallint not null check (version > 0),
    transfers bigint not null check (transfers >= 0),
    amount_qepik bigint not null check (amount_qepik >= 0),
    -- the hash of the sealed day before this one; of the first, zeros
    previous bytea not null unique check (length(previous) = 32),
    hash bytea not null unique check (length(hash) = 32),
    sealed_at timestamptz not null default clock_timestamp()
);

-- What a seal was made of, piece by piece, so that the audit can say where a day differs: an agent's transfers among a hundred thousand
-- payment numbers.
create table day_seal_piece (
    business_day date not null,
    agent_id int not null,
    -- the number divided by 100 000, without the rest
    stretch bigint not null,
    transfers bigint not null check (transfers > 0),
    amount_qepik bigint not null check (amount_qepik > 0),
    hash bytea not null check (length(hash) = 32),
    primary key (business_day, agent_id, stretch)
);

create trigger day_seal_is_kept before update or delete on day_seal for each row execute function refuse_change();
create trigger day_seal_is_not_emptied before truncate on day_seal for each statement execute function refuse_change();
create trigger day_seal_piece_is_kept before update or delete on day_seal_piece for each row execute function refuse_change();
create trigger day_seal_piece_is_not_emptied before truncate on day_seal_piece for each statement execute function refuse_change();
