-- why: the days that statements of our accounts speak of, by account and without a gap, and how many statements and acquirers' reports there
--      are. None speaks of what is later than the day after it came, whatever it says. Two that go on from each other speak of all days
--      between them: nothing was booked there. They do by their numbers, and by a balance that is not so by habit: an account that is
--      emptied each evening, or brings the same again, shows nothing by it
-- locks: none
-- parameters: $1 our accounts as statements write them · $2 how many at most · $3 the same as the terms do
with said as (
    select s.statement_id, o.account, s.currency, s.opening_minor, s.closing_minor,
        case when s.sequence ~ '^[0-9]{1,9}$' then s.sequence::int end as number,
        -- The opening balance of an MT is dated as the closing one before it, and of that day it may bring nothing.
        s.from_day + case
            when s.message like 'MT%' and s.from_day < s.to_day and not exists (
                select from statement_entry e
                where e.account = s.account and coalesce(e.booking_day, e.value_day) = s.from_day and e.statement_id = s.statement_id)
            then 1 else 0 end as from_day,
        least(s.to_day, (f.imported_at at time zone 'Asia/Baku')::date + 1) as to_day
    from unnest($1::text[], $3::text[]) as o (spelling, account)
    join statement s on s.account = o.spelling
    join settlement_file f on f.file_id = s.file_id
    where not s.intraday and s.from_day is not null and s.to_day is not null
), following as (
    select account, to_day, opening_minor, number, lag(to_day) over before as before_day, lag(closing_minor) over before as before_minor,
        lag(opening_minor) over before as before_opening_minor, lag(number) over before as before_number
    from said
    window before as (partition by account, currency order by to_day, statement_id)
), days as (
    select account, daterange(from_day, to_day, '[]') as said
    from said
    where from_day <= to_day
    union all
    select account, daterange(before_day, to_day, '[]')
    from following
    where before_minor = opening_minor and before_day < to_day
        and (number = before_number + 1 or (opening_minor <> 0 and before_opening_minor <> before_minor))
), ranges as (
    select account, unnest(range_agg(said)) as said
    from days
    group by account
)
select r.account, lower(r.said), upper(r.said) - 1,
    (select count(*) from statement s where s.account = any ($1)) + (select count(*) from acquirer_in)
from ranges r
order by r.account, lower(r.said)
limit $2
