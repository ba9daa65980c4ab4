-- why: a clock may be set back, or a promoted standby's be behind. What was closed meanwhile (a day, a settlement window whose register
--      is out) must not be dated into again: nothing of the open day is dated before its opening and the last cut-off that was acted on
-- locks: the table of business days, for a moment
-- parameters: none
alter table business_day add column dated_from timestamptz;
