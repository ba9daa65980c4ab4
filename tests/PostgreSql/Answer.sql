-- why: an embedded file for the loader's own test
-- locks: none
-- parameters: none
select 42
