-- why: a bank that refuses a payout because it has it already does not refuse the money: it is told apart from what is not carried out
-- locks: payout_status, while it is read once
-- parameters: none
alter table payout_status drop constraint payout_status_verdict_check;
alter table payout_status add constraint payout_status_verdict_check check (
    verdict in ('pending', 'accepted', 'settled', 'rejected', 'repeated'));
