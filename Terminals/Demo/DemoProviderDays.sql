-- why: whose registers a run's day is in: the provider days of its payments that were taken, and how many there are
-- locks: none
-- parameters: $1 the least number of the run
select p.provider_id, (p.accepted_at at time zone 'Asia/Baku')::date as day, count(p.number)
from payment p
where p.number >= $1 and p.service_code > 0
group by p.provider_id, (p.accepted_at at time zone 'Asia/Baku')::date
order by count(p.number) desc, p.provider_id, day
limit 1000
