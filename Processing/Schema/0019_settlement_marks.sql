-- why: what a comparison was made of, so that what came since is told from what was only committed since: a file is numbered and dated
--      before it is committed, and times alone would pass by one that was imported while a comparison ran
-- locks: reconciliation, for a moment
-- parameters: none

-- of a register: the file that it was compared with; null: by a program that did not say so
alter table reconciliation add column file_id bigint;
-- of banks: how many statements of our accounts there were when it began
alter table reconciliation add column statements bigint check (statements >= 0);
