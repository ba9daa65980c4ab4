-- why: the calendar's versions; a year has a few, and of old ones only those that later ones have not taken over still say something
-- locks: none
-- parameters: none
select c.version, c.valid_from, c.sha256, c.body
from working_calendar c
order by c.version desc
limit 100
