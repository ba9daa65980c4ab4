-- why: what was sold in a span of business days, cut one way: how many payments, what sum, of how many services; from the postings of
--      payments only, what was taken back taken off on the day on which it was
-- locks: none
-- parameters: $1 first business day · $2 last · $3 the cut: service, provider, group, agent, point, day, month, quarter
--      $4 how many rows at most
with sold as (
    select p.service_code, greatest(t.debit, t.credit) - 1000 as provider_id, t.business_day, t.agent_id, p.terminal_id, t.amount_qepik,
        case when t.credit > 1000 then 1 else -1 end as sign
    from transfer t
    join payment p on p.agent_id = t.agent_id and p.number = t.number
    where t.business_day between $1 and $2 and t.leg = 1
),
cut as (
    select
        case $3
            when 'service' then s.service_code::text
            when 'provider' then s.provider_id::text
            when 'group' then (s.service_code / 10000)::text
            when 'agent' then coalesce(w.code, a.code)
            when 'point' then coalesce(w.code, a.code) || coalesce(' ' || o.code, '')
            when 'day' then to_char(s.business_day, 'YYYY-MM-DD')
            when 'month' then to_char(s.business_day, 'YYYY-MM')
            else to_char(s.business_day, 'YYYY-"Q"Q')
        end as key,
        s.service_code, s.sign, s.amount_qepik
    from sold s
    join agent a on a.agent_id = s.agent_id
    left join agent w on w.agent_id = a.part_of
    left join terminal e on $3 = 'point' and e.agent_id = coalesce(a.part_of, a.agent_id) and e.terminal_id = s.terminal_id
    left join point o on o.agent_id = e.agent_id and o.point_id = e.point_id
)
select c.key, count(distinct c.service_code) as services, sum(c.sign)::bigint as payments, sum(c.sign * c.amount_qepik)::bigint as sum_qepik,
    sum(sum(c.sign * c.amount_qepik)) over ()::bigint as total_qepik,
    rank() over (order by sum(c.sign * c.amount_qepik) desc) as rank
from cut c
group by c.key
order by case when $3 in ('day', 'month', 'quarter') then c.key end, sum(c.sign * c.amount_qepik) desc, c.key
limit $4
