-- why: a payout may be of more agents than a smallint counts
-- locks: proposal_posting, while it is written once more
-- parameters: none
alter table proposal_posting alter column line type int;
