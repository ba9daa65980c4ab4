-- why: while people decide about a reversal nobody asks its provider, as with unknown payments
-- locks: the table of reversals, for a moment
-- parameters: none
alter table reversal add column held_by bigint;
