-- why: the days that statements of our accounts speak of, and how many statements and acquirers' reports there are. None speaks of what is
--      later than the day after it came, whatever it says
-- locks: none
-- parameters: $1 our accounts
select min(s.from_day) filter (where not s.intraday and s.to_day is not null),
    max(least(s.to_day, (f.imported_at at time zone 'Asia/Baku')::date + 1)) filter (where not s.intraday and s.from_day is not null),
    count(*) + (select count(*) from acquirer_in)
from statement s
join settlement_file f on f.file_id = s.file_id
where s.account = any ($1)
limit 1
