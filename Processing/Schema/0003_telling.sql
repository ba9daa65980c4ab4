-- why: who is told of payments, what is on its way to them and what has been told; the payer's address apart from the payment, so
--      that it can be forgotten while the payment stays as it was written
-- locks: the outbox for a moment: nobody was ever told from it, so what lies in it is forgotten
-- parameters: none

-- Where an agent, or a provider, wants to hear of payments. Its signing secret is in no table: it is derived from the server's secret,
-- this number and the generation; after a rotation both generations sign until previous_until.
create table webhook_endpoint (
    endpoint_id int generated always as identity primary key,
    agent_id int references agent,
    provider_id int check (provider_id > 0),
    url text not null,
    -- null: all
    events text[],
    generation int not null default 1,
    previous_until timestamptz,
    created_at timestamptz not null default now(),
    off_at timestamptz,
    off_note text,
    removed_at timestamptz,
    check (num_nonnulls(agent_id, provider_id) = 1),
    check (removed_at is null or off_at is not null)
);

create unique index webhook_endpoint_url
    on webhook_endpoint (coalesce(agent_id, 0), coalesce(provider_id, 0), url) where removed_at is null;

delete from outbox;

-- Rows come and go: their pages are cleaned early.
alter table outbox set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);

create index outbox_at on outbox (at);

-- One event on its way to one receiver. A row goes when the receiver has it.
create table delivery (
    agent_id int not null,
    number bigint not null,
    event_at timestamptz not null,
    -- since when it is being tried: a day after it is given up
    since timestamptz not null,
    -- when the next attempt is due; while one is under way, when its lease ends
    next_at timestamptz not null,
    dead_at timestamptz,
    -- the number of a webhook_endpoint; -1 e-mail, -2 SMS
    receiver int not null check (receiver <> 0),
    step smallint not null,
    attempts smallint not null default 0,
    -- what came of the last attempt; never an address, never what the receiver wrote
    note text,
    primary key (agent_id, number, step, receiver)
) with (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000);

create index delivery_due on delivery (receiver, next_at) where dead_at is null;
create index delivery_dead on delivery (dead_at) where dead_at is not null;

-- What was told, for a week; receiver 0: when its turn came nobody wanted to hear of it any more.
create table told (
    agent_id int not null,
    number bigint not null,
    at timestamptz not null,
    receiver int not null,
    step smallint not null,
    attempts smallint not null,
    primary key (agent_id, number, step, receiver)
);

create index told_at on told (at);

-- Every event after this instant that somebody subscribed to is in the outbox, in delivery or in told.
create table telling_kept (
    only_row boolean primary key default true check (only_row),
    since timestamptz not null
);

insert into telling_kept (since) values (now());

-- Where the payer wants to hear of a payment: a JSON array of e-mail, phone, language.
create table payer_contact (
    agent_id int not null,
    number bigint not null,
    accepted_at timestamptz not null,
    contact text not null,
    primary key (agent_id, number)
);

create index payer_contact_accepted on payer_contact (accepted_at);
