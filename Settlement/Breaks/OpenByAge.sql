-- why: how many breaks are open, by age and kind, and what is at risk: a table for people, a metric and an alarm
-- locks: none
-- parameters: $1 side · $2 kind · $3 provider · $4 day, each or null for any
select
    case when a.age <= 1 then 0 when a.age <= 7 then 1 when a.age <= 30 then 2 else 3 end as band, b.kind, count(*),
    sum(b.amount_at_risk_qepik)::bigint, max(a.age)
from break_now b
cross join lateral (
    select (now() at time zone 'Asia/Baku')::date - (b.open_since at time zone 'Asia/Baku')::date as age
) a
where b.state <> 'settled'
    and ($1::text is null or b.side = $1)
    and ($2::text is null or b.kind = $2)
    and ($3::int is null or b.provider_id = $3)
    and ($4::date is null or b.day = $4)
group by 1, 2
order by 1, 2
limit 100
