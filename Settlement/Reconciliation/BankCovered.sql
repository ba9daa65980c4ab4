-- why: the days that statements of our accounts speak of, and how many statements and acquirers' reports there are
-- locks: none
-- parameters: $1 our accounts
select min(s.from_day) filter (where not s.intraday and s.to_day is not null),
    max(s.to_day) filter (where not s.intraday and s.from_day is not null),
    count(*) + (select count(*) from acquirer_in)
from statement s
where s.account = any ($1)
limit 1
