-- why: statements of our accounts whose balances do not add up, and those that do not begin where the one before ended; of what a bank wrote
--      again, its last word
-- locks: none
-- parameters: $1 our accounts · $2 from this day · $3 how many at most
with latest as materialized (
    select distinct on (s.account, s.currency, d.day, s.intraday, coalesce(s.sequence, s.identification, ''))
        s.statement_id, s.file_id, s.account, s.currency, d.day, s.intraday, coalesce(s.sequence, s.identification, '') as sequence,
        s.opening_minor, s.closing_minor, s.difference_minor
    from statement s
    join settlement_file f on f.file_id = s.file_id
    cross join lateral (
        select coalesce(s.to_day, s.from_day, (f.imported_at at time zone 'Asia/Baku')::date) as day
    ) d
    where s.account = any ($1) and d.day >= $2
    order by s.account, s.currency, d.day, s.intraday, coalesce(s.sequence, s.identification, ''), s.statement_id desc
)
select false as gap, l.statement_id, l.file_id, l.account, l.currency, l.day, l.intraday, l.sequence, l.opening_minor, l.closing_minor,
    l.difference_minor, null::date as before_day
from latest l
where l.difference_minor <> 0
union all
select true, l.statement_id, l.file_id, l.account, l.currency, l.day, l.intraday, l.sequence, b.closing_minor, l.opening_minor,
    g.difference_minor, g.before_day
from statement_gap g
join latest l on l.statement_id = g.statement_id
join statement b on b.statement_id = g.before_id
order by statement_id, gap
limit $3
