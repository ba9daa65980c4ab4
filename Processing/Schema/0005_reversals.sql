-- why: reversals: who asked for one, under which number its provider is asked, and when it is asked again. A payment has one, for
--      ever: what a provider has kept is kept. While next_ask_at is set the payment is Reversing, and any node asks.
-- locks: event and transition, for a moment; a new table
-- parameters: none

create table reversal (
    agent_id int not null,
    number bigint not null,
    -- the step of the payment at which it was asked for
    step smallint not null,
    -- the provider's number of the reversal, and its date: stored before the first question and the same in every one
    cancel_number bigint not null,
    asked_at timestamptz not null,
    provider_id int not null,
    -- who asked: a terminal, in its shift where it has one; null: an operator, whose name is in the event
    terminal_id int,
    shift_no int,
    -- null: there is an outcome, and nobody asks any more
    next_ask_at timestamptz,
    -- how often it was taken to be asked about; above zero the provider may have heard of it
    asks int not null default 0,
    primary key (agent_id, number)
) with (fillfactor = 70);

create index reversal_due on reversal (provider_id, next_ask_at) where next_ask_at is not null;

-- What a provider says late of the payment itself, while its reversal is under way, is a fact as well.
alter table event drop constraint event_edge_check;
alter table event add constraint event_edge_check check (edge between 1 and 32) not valid;

insert into transition (edge_id, from_state, event, to_state, money, two_people, final)
values (32, 'Reversing', 'LateTruth', 'Reversing', 'None', false, false);
