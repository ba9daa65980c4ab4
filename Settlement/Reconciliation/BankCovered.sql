-- why: the days that statements of our accounts speak of
-- locks: none
-- parameters: $1 our accounts
select min(s.from_day), max(s.to_day)
from statement s
where s.account = any ($1) and not s.intraday and s.from_day is not null and s.to_day is not null
limit 1
