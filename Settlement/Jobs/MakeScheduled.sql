-- why: jobs propose in a name of their own; only where there are people: the first person makes themselves
-- locks: the new row
-- parameters: $1 login · $2 random bytes, which are the hash of no key
with made as (
    insert into person (login, name, roles, key_hash)
    select $1, 'Cədvəl', array['finance'], $2
    where exists (select from person)
    on conflict do nothing
    returning login
)
select record_act('engine', 'user add', 'user ' || m.login, '{"roles":["finance"]}') from made m
