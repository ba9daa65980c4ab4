-- why: the day for which a bank was told to execute a payout stands in its file, and may be later than the one on which it was proposed: what
--      is exported late is told for the next bank day, and is missed and compared by that
-- locks: payout_in_file, for a moment
-- parameters: none

-- null: a file from before it was kept, which told of the payout's own day or of the day on which it was made, whichever is later
alter table payout_in_file add column execution_day date;
