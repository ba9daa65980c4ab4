-- why: the engine's tables. Everything that a payment writes is keyed by agent first; nothing that was told is ever rewritten:
--      a payment row never changes, its state is its last event, its money is its transfers.
-- locks: a new database; none that anyone waits for
-- parameters: none

-- The table of states (Processing/StateMachine/Transitions.cs), row by row; a test holds both equal. Events carry the edge's number
-- under a check and not a foreign key: a key would lock these few rows for every event of every payment.
create table transition (
    edge_id smallint primary key,
    from_state text,
    event text not null,
    to_state text not null,
    money text not null,
    two_people boolean not null,
    final boolean not null
);

insert into transition (edge_id, from_state, event, to_state, money, two_people, final) values
    (1, null, 'Accepted', 'Accepted', 'Hold', false, false),
    (2, null, 'AcceptedAndClaimed', 'Dispatched', 'Hold', false, false),
    (3, null, 'TerminalCancelled', 'Cancelled', 'None', false, true),
    (4, 'Accepted', 'Claimed', 'Dispatched', 'Keep', false, false),
    (5, 'Accepted', 'TerminalCancelled', 'Cancelled', 'Release', false, true),
    (6, 'Accepted', 'NeverSent', 'Declined', 'Release', false, true),
    (7, 'Dispatched', 'NotSent', 'Declined', 'Release', false, true),
    (8, 'Dispatched', 'ProviderConfirmed', 'Confirmed', 'Post', false, true),
    (9, 'Unknown', 'ProviderConfirmed', 'Confirmed', 'Post', false, true),
    (10, 'Dispatched', 'ProviderDeclined', 'Declined', 'Release', false, true),
    (11, 'Unknown', 'ProviderDeclined', 'Declined', 'Release', false, true),
    (12, 'Dispatched', 'ProviderSilent', 'Unknown', 'Keep', false, false),
    (13, 'Unknown', 'ProviderSilent', 'Unknown', 'Keep', false, false),
    (14, 'Unknown', 'RegisterShowsDelivered', 'Confirmed', 'Post', false, true),
    (15, 'Unknown', 'RegisterShowsAbsent', 'Declined', 'Release', true, true),
    (16, 'Unknown', 'OperatorDeclined', 'Declined', 'Release', true, true),
    (17, 'Unknown', 'OperatorConfirmed', 'Confirmed', 'Post', true, true),
    (18, 'Confirmed', 'ReversalRequested', 'Reversing', 'Keep', false, false),
    (19, 'Reversing', 'ProviderReversed', 'Reversed', 'Reverse', false, true),
    (20, 'Reversing', 'OperatorReversed', 'Reversed', 'Reverse', true, true),
    (21, 'Reversing', 'ProviderKept', 'Confirmed', 'Keep', false, true),
    (22, 'Reversing', 'OperatorKept', 'Confirmed', 'Keep', true, true),
    (23, 'Reversing', 'ProviderSilent', 'Reversing', 'Keep', false, false),
    (24, 'Declined', 'RegisterShowsDelivered', 'Confirmed', 'SuspenseToPayable', true, true),
    (25, 'Cancelled', 'RegisterShowsDelivered', 'Confirmed', 'SuspenseToPayable', true, true),
    (26, 'Reversed', 'RegisterShowsDelivered', 'Confirmed', 'SuspenseToPayable', true, true),
    (27, 'Confirmed', 'RegisterShowsAbsent', 'Reversed', 'ToRefundDue', true, true),
    (28, 'Confirmed', 'LateTruth', 'Confirmed', 'None', false, true),
    (29, 'Declined', 'LateTruth', 'Declined', 'None', false, true),
    (30, 'Cancelled', 'LateTruth', 'Cancelled', 'None', false, true),
    (31, 'Reversed', 'LateTruth', 'Reversed', 'None', false, true);

-- Who takes the money. A busy agent has parts: rows of its own, agent_id + 1 … + parts - 1, that clients never see;
-- the reference's hash chooses the part. The lane is fixed by the agent's number (Processing/Journal/Lanes.cs).
create table agent (
    agent_id int primary key,
    part_of int references agent,
    parts smallint not null default 1 check (parts between 1 and 16),
    lane smallint not null check (lane between 0 and 15),
    code text not null unique,
    name text not null,
    voen text,
    suspended_at timestamptz,
    allowed_services text[],
    commission_hundredths_percent int not null default 0 check (commission_hundredths_percent between 0 and 10000),
    subscribed boolean not null default false,
    created_at timestamptz not null default now()
);

create table point (
    agent_id int not null references agent,
    point_id int not null,
    code text not null,
    name text not null,
    address text,
    suspended_at timestamptz,
    primary key (agent_id, point_id),
    unique (agent_id, code)
);

create table terminal (
    agent_id int not null,
    terminal_id int not null,
    point_id int not null,
    code text not null unique,
    name text not null,
    -- sha-256 of the bearer key; a key that was rotated away stays good until previous_key_until
    key_hash bytea not null unique check (length(key_hash) = 32),
    previous_key_hash bytea unique check (length(previous_key_hash) = 32),
    previous_key_until timestamptz,
    key_generation int not null default 1,
    signed boolean not null default false,
    public_key bytea,
    suspended_at timestamptz,
    allowed_services text[],
    single_limit_qepik bigint check (single_limit_qepik > 0),
    daily_limit_qepik bigint check (daily_limit_qepik > 0),
    shift_required boolean not null default false,
    created_at timestamptz not null default now(),
    primary key (agent_id, terminal_id),
    foreign key (agent_id, point_id) references point
);

-- Raised by every administrative change; nodes read their directory again when it has grown.
create table directory_version (
    only_row boolean primary key default true check (only_row),
    version bigint not null
);

insert into directory_version (version) values (1);

create sequence agent_number start 16 increment 16;
create sequence terminal_number start 1;

-- The agent's money with us, as sums that only grow. Available = credits + limit - posted - pending, and never below zero.
create table funds (
    agent_id int primary key references agent,
    debits_pending bigint not null default 0 check (debits_pending >= 0),
    debits_posted bigint not null default 0 check (debits_posted >= 0),
    credits_posted bigint not null default 0 check (credits_posted >= 0),
    credit_limit bigint not null default 0 check (credit_limit >= 0),
    constraint funds_never_overdrawn check (debits_pending + debits_posted <= credits_posted + credit_limit)
) with (fillfactor = 10);

-- One payment as it was accepted. Written once, never updated. A reference that was cancelled before it was ever seen has service 0.
create table payment (
    agent_id int not null,
    number bigint not null,
    accepted_at timestamptz not null,
    amount_qepik bigint not null check (amount_qepik >= 0),
    fee_qepik bigint not null check (fee_qepik >= 0),
    commission_qepik bigint not null check (commission_qepik >= 0),
    provider_fee_qepik bigint not null check (provider_fee_qepik >= 0),
    terminal_id int not null,
    service_code int not null,
    provider_id int not null,
    shift_no int,
    tender smallint not null,
    cutoff_group smallint not null,
    notify boolean not null,
    reference text not null,
    account text not null,
    fields text,
    lines text,
    rrn text,
    masked_pan text,
    cashier text,
    contact text,
    payer text,
    inquiry_id uuid,
    budget_level text,
    budget_code text,
    primary key (agent_id, number),
    unique (agent_id, reference)
);

create unique index payment_inquiry on payment (agent_id, inquiry_id) where inquiry_id is not null;
create index payment_shift on payment (agent_id, terminal_id, shift_no, number) where shift_no is not null;

-- What happened to a payment, in order; the primary key is the compare-and-set.
create table event (
    agent_id int not null,
    number bigint not null,
    at timestamptz not null,
    -- with a claim: nothing is sent and no request stays open after it
    send_before timestamptz,
    node_id int not null,
    receipt_counter int,
    business_day date,
    step smallint not null check (step >= 0),
    edge smallint not null check (edge between 1 and 31),
    transient boolean,
    provider_transaction text,
    decline_name text,
    provider_code text,
    card_data text,
    note text,
    made_by text,
    approved_by text,
    primary key (agent_id, number, step)
);

-- The ledger. One debit, one credit, a positive amount. Account numbers: Processing/Ledger/Accounts.cs.
create table transfer (
    agent_id int not null,
    number bigint not null,
    amount_qepik bigint not null check (amount_qepik > 0),
    business_day date not null,
    window_day date,
    debit int not null,
    credit int not null,
    step smallint not null,
    leg smallint not null,
    cutoff_group smallint not null,
    primary key (agent_id, number, step, leg),
    check (debit <> credit),
    -- A payment's money always has a window in which it is handed over; only movements (group 0) have none.
    constraint transfer_has_window check (window_day is not null or cutoff_group = 0)
);

-- Append-only and nearly in order of days: a few pages of summary find a day among hundreds of millions of rows.
create index transfer_day on transfer using brin (business_day, window_day) with (pages_per_range = 32, autosummarize = on);

-- Money that moves without a payment: top-ups, shifts of funds between an agent's parts.
create table movement (
    agent_id int not null,
    number bigint not null,
    kind text not null check (kind in ('top-up', 'rebalance-out', 'rebalance-in')),
    reference text not null,
    amount_qepik bigint not null check (amount_qepik > 0),
    business_day date not null,
    at timestamptz not null,
    made_by text not null,
    note text,
    primary key (agent_id, number),
    unique (agent_id, reference, kind)
);

create index movement_out on movement (at) where kind = 'rebalance-out';

-- Exactly one day is open. Closed days never change; their totals are written after the close.
create table business_day (
    day date primary key,
    opened_at timestamptz not null,
    closed_at timestamptz,
    totalled_at timestamptz
);

create unique index business_day_open on business_day ((closed_at is null)) where closed_at is null;

create table day_total (
    agent_id int not null,
    business_day date not null references business_day,
    account int not null,
    debits_qepik bigint not null,
    credits_qepik bigint not null,
    transfers bigint not null,
    primary key (business_day, agent_id, account)
);

-- When the books of each cut-off group are handed over: the window of a commit is the first that closes after it.
create table settlement_window (
    cutoff_group smallint not null check (cutoff_group between 1 and 4),
    closes_at timestamptz not null,
    bank_day date not null,
    primary key (cutoff_group, closes_at),
    unique (cutoff_group, bank_day)
);

create table holiday (
    day date primary key,
    name text not null
);

-- The last receipt number given out in a series on a day; raised only by the commit that confirms: no gap, no repeat.
create table receipt_series (
    business_day date not null,
    series smallint not null,
    last int not null check (last between 1 and 9999999),
    primary key (business_day, series)
) with (fillfactor = 10);

-- Payment numbers, in blocks of 1 000 a node; the block's time lets a list start at an instant.
create sequence payment_number start 731000000000 increment 1000;

create table number_block (
    first bigint primary key,
    node_id int not null,
    taken_at timestamptz not null
);

create index number_block_taken on number_block (taken_at);

-- Who is alive: leases are compared by database time. Below low_number a node has nothing unfinished.
create table node (
    node_id int generated always as identity primary key,
    name text not null,
    started_at timestamptz not null default now(),
    lease_until timestamptz not null,
    low_number bigint not null,
    recovered_at timestamptz
);

-- Payments whose outcome is not known, until it is: asked about on a growing schedule.
create table unknown_payment (
    agent_id int not null,
    number bigint not null,
    provider_id int not null,
    since timestamptz not null,
    next_ask_at timestamptz not null,
    asks int not null default 0,
    primary key (agent_id, number)
) with (fillfactor = 50);

create index unknown_payment_due on unknown_payment (provider_id, next_ask_at);

-- The raw exchange with the provider where it was not plainly Confirmed.
create table exchange (
    agent_id int not null,
    number bigint not null,
    step smallint not null,
    elapsed_ms int not null,
    request text not null,
    answer text,
    primary key (agent_id, number, step)
);

-- What somebody subscribed to; delivered after the commit.
create table outbox (
    agent_id int not null,
    number bigint not null,
    step smallint not null,
    at timestamptz not null,
    primary key (agent_id, number, step)
);

create table terminal_day (
    agent_id int not null,
    terminal_id int not null,
    business_day date not null,
    taken_qepik bigint not null,
    primary key (agent_id, terminal_id, business_day)
) with (fillfactor = 50);

create table card_written (
    agent_id int not null,
    number bigint not null,
    at timestamptz not null,
    primary key (agent_id, number)
);

create table terminal_status (
    agent_id int not null,
    terminal_id int not null,
    at timestamptz not null,
    status text not null,
    command text,
    primary key (agent_id, terminal_id)
) with (fillfactor = 50);

create table collection (
    agent_id int not null,
    terminal_id int not null,
    collection_no int not null,
    at timestamptz not null,
    bag_number text not null,
    notes text,
    primary key (agent_id, terminal_id, collection_no),
    unique (agent_id, terminal_id, bag_number)
);

-- A signed request's nonce is good once, on every node.
create table used_nonce (
    terminal_id int not null,
    nonce text not null,
    expires_at timestamptz not null,
    primary key (terminal_id, nonce)
);

create index used_nonce_expires on used_nonce (expires_at);

create table receipt_print (
    agent_id int not null,
    number bigint not null,
    prints int not null,
    primary key (agent_id, number)
) with (fillfactor = 50);

create table catalogue_version (
    version int primary key,
    applied_at timestamptz not null default now(),
    sha256 bytea not null,
    body text not null
);

-- Register files handed to providers that only take a file, and what they said of them.
create table register_file (
    provider_id int not null,
    cutoff_group smallint not null,
    bank_day date not null,
    file_name text not null,
    payments int not null,
    total_qepik bigint not null,
    sha256 bytea not null,
    written_at timestamptz not null,
    acknowledged_at timestamptz,
    primary key (provider_id, cutoff_group, bank_day)
);

create table register_rejection (
    provider_id int not null,
    cutoff_group smallint not null,
    bank_day date not null,
    number bigint not null,
    reason text not null,
    primary key (provider_id, cutoff_group, bank_day, number)
);

-- A payment as it stands now: what was accepted, and its events folded.
create view payment_now as
select
    p.agent_id, p.number, p.reference, p.terminal_id, p.service_code, p.account, p.fields, p.lines, p.amount_qepik,
    p.fee_qepik, p.tender, p.rrn, p.masked_pan, p.cashier, p.contact, p.payer, p.provider_id, p.shift_no, p.accepted_at,
    p.budget_level, p.budget_code, p.inquiry_id, p.cutoff_group,
    e.step, e.edge, e.at, e.node_id, e.send_before, e.receipt_counter, e.business_day, e.confirmed_at,
    e.provider_transaction, e.decline_name, e.provider_code, e.transient, e.card_data,
    e.reversal_asked_at, e.reversal_outcome_edge, e.reversal_outcome_at, e.correction_edge, e.correction_at, e.correction_note
from payment p
cross join lateral (
    select
        max(v.step) as step,
        (array_agg(v.edge order by v.step desc))[1] as edge,
        (array_agg(v.at order by v.step desc))[1] as at,
        (array_agg(v.node_id order by v.step desc))[1] as node_id,
        (array_agg(v.send_before order by v.step desc))[1] as send_before,
        max(v.receipt_counter) as receipt_counter,
        max(v.business_day) as business_day,
        max(v.at) filter (where v.receipt_counter is not null) as confirmed_at,
        (array_agg(v.provider_transaction order by v.step desc) filter (where v.provider_transaction is not null))[1]
            as provider_transaction,
        (array_agg(v.decline_name order by v.step desc) filter (where v.decline_name is not null))[1] as decline_name,
        (array_agg(v.provider_code order by v.step desc) filter (where v.decline_name is not null))[1] as provider_code,
        (array_agg(v.transient order by v.step desc) filter (where v.decline_name is not null))[1] as transient,
        (array_agg(v.card_data order by v.step desc) filter (where v.card_data is not null))[1] as card_data,
        max(v.at) filter (where v.edge = 18) as reversal_asked_at,
        (array_agg(v.edge order by v.step desc) filter (where v.edge between 19 and 22))[1] as reversal_outcome_edge,
        max(v.at) filter (where v.edge between 19 and 22) as reversal_outcome_at,
        (array_agg(v.edge order by v.step desc) filter (where v.edge between 24 and 27))[1] as correction_edge,
        max(v.at) filter (where v.edge between 24 and 27) as correction_at,
        (array_agg(v.note order by v.step desc) filter (where v.edge between 24 and 27))[1] as correction_note
    from event v
    where v.agent_id = p.agent_id and v.number = p.number
) e;
