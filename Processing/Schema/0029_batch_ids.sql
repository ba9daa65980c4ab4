-- why: a bank that books a file of ours, or a block of it, as one sum says so by our own message and block ids, which were read and not kept
-- locks: statement_entry and statement_transaction, for a moment
-- parameters: none

alter table statement_entry add column batch_message text, add column batch_block text;
alter table statement_transaction add column message_id text, add column block_id text;

drop trigger statement_entry_is_kept on statement_entry;
create trigger statement_entry_is_kept before delete or update of statement_id, entry_no, line, account, currency, amount_minor, booking_day,
    value_day, status, reversal, bank_reference, own_reference, end_to_end_id, counterparty_name, counterparty_account, remittance, info,
    batch_message, batch_block
    on statement_entry for each row execute function refuse_change();
