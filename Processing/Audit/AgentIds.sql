-- why: every agent that any row names, by leaping from one to the next in each table's key; those without a row are orphans
-- locks: none
-- parameters: none
with recursive
payments as (
    (select p.agent_id from payment p order by p.agent_id limit 1)
    union all
    select (select p.agent_id from payment p where p.agent_id > a.agent_id order by p.agent_id limit 1)
    from payments a where a.agent_id is not null
),
events as (
    (select p.agent_id from event p order by p.agent_id limit 1)
    union all
    select (select p.agent_id from event p where p.agent_id > a.agent_id order by p.agent_id limit 1)
    from events a where a.agent_id is not null
),
transfers as (
    (select p.agent_id from transfer p order by p.agent_id limit 1)
    union all
    select (select p.agent_id from transfer p where p.agent_id > a.agent_id order by p.agent_id limit 1)
    from transfers a where a.agent_id is not null
),
movements as (
    (select p.agent_id from movement p order by p.agent_id limit 1)
    union all
    select (select p.agent_id from movement p where p.agent_id > a.agent_id order by p.agent_id limit 1)
    from movements a where a.agent_id is not null
),
asked as (
    (select p.agent_id from unknown_payment p order by p.agent_id limit 1)
    union all
    select (select p.agent_id from unknown_payment p where p.agent_id > a.agent_id order by p.agent_id limit 1)
    from asked a where a.agent_id is not null
),
owed as (
    (select p.agent_id from cash_to_return p order by p.agent_id limit 1)
    union all
    select (select p.agent_id from cash_to_return p where p.agent_id > a.agent_id order by p.agent_id limit 1)
    from owed a where a.agent_id is not null
),
taken_back as (
    (select p.agent_id from reversal p order by p.agent_id limit 1)
    union all
    select (select p.agent_id from reversal p where p.agent_id > a.agent_id order by p.agent_id limit 1)
    from taken_back a where a.agent_id is not null
),
denied as (
    (select p.agent_id from contradiction p order by p.agent_id limit 1)
    union all
    select (select p.agent_id from contradiction p where p.agent_id > a.agent_id order by p.agent_id limit 1)
    from denied a where a.agent_id is not null
),
named as (
    select a.agent_id from agent a
    union select f.agent_id from funds f
    union select p.agent_id from payments p
    union select e.agent_id from events e
    union select t.agent_id from transfers t
    union select m.agent_id from movements m
    union select u.agent_id from asked u
    union select o.agent_id from owed o
    union select t.agent_id from taken_back t
    union select d.agent_id from denied d
)
select n.agent_id, a.agent_id is not null as known, coalesce(a.lane, -1::smallint) as lane, a.part_of,
    coalesce(a.parts, 1::smallint) as parts, f.agent_id is not null as funded
from named n
left join agent a on a.agent_id = n.agent_id
left join funds f on f.agent_id = n.agent_id
where n.agent_id is not null
order by n.agent_id
