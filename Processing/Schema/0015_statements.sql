-- why: what banks, providers and acquirers told us, as it was read from their files: statements with their entries, registers, acquirers'
--      lines. Rows are added with their file in one transaction and never changed, except that an entry may turn out to be another's repeat
-- locks: everything is new
-- parameters: none

-- One statement of one account, of a message that may hold several.
create table statement (
    statement_id bigint generated always as identity primary key,
    -- the file's row is written last, when it is known how it ended
    file_id bigint not null references settlement_file deferrable initially deferred,
    -- within the file, from 1
    position int not null check (position > 0),
    -- camt.053.001.08, MT940, csv
    message text not null,
    -- ours as the terms write it; another's as the bank does
    account text not null,
    currency text,
    identification text,
    sequence text,
    from_day date,
    to_day date,
    opening_minor bigint,
    closing_minor bigint,
    entries int not null check (entries >= 0),
    -- the closing balance less what opening and booked entries make; null where a balance is missing or in another currency
    difference_minor bigint,
    -- not the bank's last word on its days: camt.052, camt.054, MT942
    intraday boolean not null,
    notes text[] not null default '{}',
    unique (file_id, position)
);

create index statement_of_account on statement (account, to_day);

-- A movement on an account. It counts where status is booked, it repeats no other (same_as_statement is null), and the account is ours.
-- No foreign key to its statement: a million entries would queue a million checks, and both are written by one transaction.
create table statement_entry (
    statement_id bigint not null,
    -- within the statement, from 1
    entry_no int not null,
    -- of the file, from 1
    line int not null,
    account text not null,
    currency text,
    -- a credit to the account is positive
    amount_minor bigint not null,
    booking_day date,
    value_day date,
    status text not null check (status in ('booked', 'pending', 'info')),
    reversal boolean not null,
    bank_reference text,
    own_reference text,
    end_to_end_id text,
    counterparty_name text,
    counterparty_account text,
    remittance text,
    info text,
    -- the same booking in another message, which counts instead of this one
    same_as_statement bigint,
    same_as_entry int,
    primary key (statement_id, entry_no),
    check ((same_as_statement is null) = (same_as_entry is null))
);

create index statement_entry_of_account on statement_entry (account, coalesce(booking_day, value_day));

-- The transactions of an entry where they say more than it does: several, another amount, a return.
create table statement_transaction (
    statement_id bigint not null,
    entry_no int not null,
    -- within the entry, from 1
    tx_no int not null,
    -- null where the bank gives none: it is not to be taken for the entry's
    amount_minor bigint,
    currency text,
    end_to_end_id text,
    counterparty_name text,
    counterparty_account text,
    remittance text,
    return_code text,
    primary key (statement_id, entry_no, tx_no)
);

-- A provider's register of a day, and its lines as they stand there, unsorted. A million are loaded at once and read whole: no index by
-- number, and no foreign key, which would look up a million rows.
create table register_in (
    file_id bigint primary key references settlement_file deferrable initially deferred,
    provider_id int not null,
    day date not null,
    lines int not null check (lines >= 0),
    total_qepik bigint not null,
    -- what the file itself says that it holds; null where it does not
    said_lines int,
    said_total_qepik bigint
);

create index register_in_of_provider on register_in (provider_id, day);

create table register_in_line (
    file_id bigint not null,
    -- of the file, from 1
    line int not null,
    -- as it stands there
    txn text not null,
    -- the same as a number, where it has the shape of one of ours
    number bigint,
    amount_qepik bigint not null,
    -- null: manat
    currency text,
    account text not null,
    day date not null,
    "time" time,
    provider_transaction text,
    reversal boolean not null
);

-- A file's lines lie together: this finds them among those of all others, and costs a load next to nothing.
create index register_in_line_of_file on register_in_line using brin (file_id) with (pages_per_range = 32, autosummarize = on);

-- A card acquirer's report, and its lines: gross less fee is net, in each and in total. What is taken from us is negative.
create table acquirer_in (
    file_id bigint primary key references settlement_file deferrable initially deferred,
    acquirer text not null,
    lines int not null check (lines >= 0),
    gross_qepik bigint not null,
    fee_qepik bigint not null,
    net_qepik bigint not null,
    check (gross_qepik - fee_qepik = net_qepik)
);

create table acquirer_line (
    file_id bigint not null,
    line int not null,
    kind text not null check (kind in ('sale', 'refund', 'reversal', 'chargeback')),
    rrn text,
    approval text,
    masked_pan text,
    gross_qepik bigint not null,
    fee_qepik bigint not null,
    net_qepik bigint not null,
    day date not null,
    primary key (file_id, line),
    check (gross_qepik - fee_qepik = net_qepik)
);

create index acquirer_line_of_rrn on acquirer_line (rrn);

-- A bank's last word that does not go on where the one before ended: a statement between them is missing. Looked at anew each time, since
-- the missing one may still come.
create view statement_gap as
    select s.statement_id, s.account, s.currency, s.to_day, b.statement_id as before_id, b.to_day as before_day,
        s.opening_minor - b.closing_minor as difference_minor
    from statement s
    cross join lateral (
        select p.statement_id, p.to_day, p.closing_minor
        from statement p
        where p.account = s.account and p.currency = s.currency and p.to_day < s.to_day and not p.intraday
            and p.closing_minor is not null
        order by p.to_day desc, p.statement_id desc
        limit 1
    ) b
    where not s.intraday and s.opening_minor is not null and s.opening_minor <> b.closing_minor
        and not exists (
            select 1 from statement p
            where p.account = s.account and p.currency = s.currency and not p.intraday and p.statement_id <> s.statement_id
                and p.to_day in (b.to_day, s.to_day) and p.closing_minor = s.opening_minor
        );

create trigger statement_is_kept before update or delete on statement for each row execute function refuse_change();
create trigger statement_entry_is_kept before delete or update of statement_id, entry_no, line, account, currency, amount_minor, booking_day,
    value_day, status, reversal, bank_reference, own_reference, end_to_end_id, counterparty_name, counterparty_account, remittance, info
    on statement_entry for each row execute function refuse_change();
create trigger statement_transaction_is_kept before update or delete on statement_transaction for each row execute function refuse_change();
create trigger register_in_is_kept before update or delete on register_in for each row execute function refuse_change();
create trigger register_in_line_is_kept before update or delete on register_in_line for each row execute function refuse_change();
create trigger acquirer_in_is_kept before update or delete on acquirer_in for each row execute function refuse_change();
create trigger acquirer_line_is_kept before update or delete on acquirer_line for each row execute function refuse_change();
