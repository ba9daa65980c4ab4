-- why: the business days that are not sealed although they are closed, or although a run's payments lie in them
-- locks: none
-- parameters: $1 the least number of the run
select d.day
from business_day d
left join day_seal s on s.business_day = d.day
where s.business_day is null
    and (d.closed_at is not null or exists (
        select from transfer t
        join payment p on p.agent_id = t.agent_id and p.number = t.number
        where t.business_day = d.day and p.number >= $1))
order by d.day
limit 1000
