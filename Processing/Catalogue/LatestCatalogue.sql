-- why: what a node puts in force when it starts, and what an applied file must be a successor to
-- locks: none
-- parameters: none
select version, body
from catalogue_version
order by version desc
limit 1
